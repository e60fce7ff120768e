"""readmodel.toml: load it, its JSON Schema, and the starter file.

from readmodel_cfn.config import load

config = load("readmodel.toml")

Each name is imported when it is first used: most of them load troposphere.
"""

TYPE_CHECKING = False  # importing typing takes time

if TYPE_CHECKING:
    from readmodel_cfn.config.file import load, load_environments, parse, read_model
    from readmodel_cfn.config.starter import Starter, write_starter
    from readmodel_cfn.config.values import DEFAULT_FILE, Config, Publish, StackSettings

__all__ = [
    "DEFAULT_FILE",
    "Config",
    "Publish",
    "StackSettings",
    "Starter",
    "load",
    "load_environments",
    "parse",
    "read_model",
    "write_starter",
]

_MODULES = {
    **dict.fromkeys(("DEFAULT_FILE", "Config", "Publish", "StackSettings"), "values"),
    **dict.fromkeys(("Starter", "write_starter"), "starter"),
    **dict.fromkeys(("load", "load_environments", "parse", "read_model"), "file"),
}

if not TYPE_CHECKING:  # a type checker sees only the names above

    def __getattr__(name: str) -> object:
        """Import the name from its module."""
        from importlib import import_module

        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
