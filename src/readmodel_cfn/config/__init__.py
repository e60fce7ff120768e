"""readmodel.toml: load it, its JSON Schema, and the starter file.

from readmodel_cfn.config import load

config = load("readmodel.toml")

Each name is imported when it is first used: most of them load troposphere.
"""

TYPE_CHECKING = False  # importing typing takes time

if TYPE_CHECKING:
    from readmodel_cfn.config.file import (
        DEFAULT_FILE,
        Config,
        Publish,
        StackSettings,
        load,
        load_environments,
        parse,
        read_model,
    )
    from readmodel_cfn.config.starter import Starter, write_starter

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

if not TYPE_CHECKING:  # a type checker sees only the names above

    def __getattr__(name: str) -> object:
        """Import the name from its module."""
        from importlib import import_module

        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = "starter" if name in ("Starter", "write_starter") else "file"
        return getattr(import_module(f"{__name__}.{module}"), name)
