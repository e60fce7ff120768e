"""A read model on AWS: JSON published ahead of time to S3, served by API Gateway.

from readmodel_cfn import ReadModel, Route, build_template, render

print(render(build_template(ReadModel(routes=[Route("products/{id}", "products/{id}.json")]))))

Each name is loaded when it is first used: the command line does not wait for those it has no use
for, and is in charge before any of them takes time.
"""

TYPE_CHECKING = False  # typing's own would be the first that takes time

if TYPE_CHECKING:
    from readmodel_cfn.compose import Handle, add_read_model
    from readmodel_cfn.errors import ReadModelError
    from readmodel_cfn.imports import imported
    from readmodel_cfn.model import ReadModel
    from readmodel_cfn.routes import Route
    from readmodel_cfn.sections.api import Api
    from readmodel_cfn.sections.data_store import DataStore
    from readmodel_cfn.sections.deployment import Deployment
    from readmodel_cfn.sections.gateway_role import GatewayRole
    from readmodel_cfn.sections.writer import Writer
    from readmodel_cfn.shared_api import DeployedApi, deploy_api
    from readmodel_cfn.template import build_template, render
    from readmodel_cfn.version import __version__

__all__ = [
    "Api",
    "DataStore",
    "DeployedApi",
    "Deployment",
    "GatewayRole",
    "Handle",
    "ReadModel",
    "ReadModelError",
    "Route",
    "Writer",
    "__version__",
    "add_read_model",
    "build_template",
    "deploy_api",
    "imported",
    "render",
]

_HOMES = {
    "Api": "sections.api",
    "DataStore": "sections.data_store",
    "DeployedApi": "shared_api",
    "Deployment": "sections.deployment",
    "GatewayRole": "sections.gateway_role",
    "Handle": "compose",
    "ReadModel": "model",
    "ReadModelError": "errors",
    "Route": "routes",
    "Writer": "sections.writer",
    "__version__": "version",
    "add_read_model": "compose",
    "build_template": "template",
    "deploy_api": "shared_api",
    "imported": "imports",
    "render": "template",
}


if not TYPE_CHECKING:  # to a type checker there are the names above, and no others

    def __getattr__(name: str) -> object:
        """The name, from the module that is its home."""
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
