"""A read model on AWS: JSON published ahead of time to S3, served by API Gateway.

from readmodel_cfn import ReadModel, Route, build_template, render

print(render(build_template(ReadModel(routes=[Route("products/{id}", "products/{id}.json")]))))

Each name is imported when it is first used, so that a program loads only what it needs.
"""

TYPE_CHECKING = False  # importing typing takes time

if TYPE_CHECKING:
    from readmodel_cfn.errors import ReadModelError
    from readmodel_cfn.publish.partitions import commit, partition_of, publish_partition
    from readmodel_cfn.stack import ReadModelStack
    from readmodel_cfn.template.article import build_article
    from readmodel_cfn.template.compose import DeployedApi, Handle, add_read_model, deploy_api
    from readmodel_cfn.template.model import ReadModel
    from readmodel_cfn.template.outputs import imported
    from readmodel_cfn.template.releases import Releases
    from readmodel_cfn.template.render import build_template, render
    from readmodel_cfn.template.routes import Route
    from readmodel_cfn.template.sections.access import Access
    from readmodel_cfn.template.sections.alarms import Alarms
    from readmodel_cfn.template.sections.api import Api
    from readmodel_cfn.template.sections.cdn import Cdn
    from readmodel_cfn.template.sections.data_store import DataStore
    from readmodel_cfn.template.sections.deployment import Deployment
    from readmodel_cfn.template.sections.domain import Domain
    from readmodel_cfn.template.sections.gateway_role import GatewayRole
    from readmodel_cfn.template.sections.logs import Logs
    from readmodel_cfn.template.sections.waf import Waf
    from readmodel_cfn.template.sections.writer import Writer
    from readmodel_cfn.version import __version__

__all__ = [
    "Access",
    "Alarms",
    "Api",
    "Cdn",
    "DataStore",
    "DeployedApi",
    "Deployment",
    "Domain",
    "GatewayRole",
    "Handle",
    "Logs",
    "ReadModel",
    "ReadModelError",
    "ReadModelStack",
    "Releases",
    "Route",
    "Waf",
    "Writer",
    "__version__",
    "add_read_model",
    "build_article",
    "build_template",
    "commit",
    "deploy_api",
    "imported",
    "partition_of",
    "publish_partition",
    "render",
]

_MODULES = {
    "Access": "template.sections.access",
    "Alarms": "template.sections.alarms",
    "Api": "template.sections.api",
    "Cdn": "template.sections.cdn",
    "DataStore": "template.sections.data_store",
    "DeployedApi": "template.compose",
    "Deployment": "template.sections.deployment",
    "Domain": "template.sections.domain",
    "GatewayRole": "template.sections.gateway_role",
    "Handle": "template.compose",
    "Logs": "template.sections.logs",
    "ReadModel": "template.model",
    "ReadModelError": "errors",
    "ReadModelStack": "stack",
    "Releases": "template.releases",
    "Route": "template.routes",
    "Waf": "template.sections.waf",
    "Writer": "template.sections.writer",
    "__version__": "version",
    "add_read_model": "template.compose",
    "build_article": "template.article",
    "build_template": "template.render",
    "commit": "publish.partitions",
    "deploy_api": "template.compose",
    "imported": "template.outputs",
    "partition_of": "publish.partitions",
    "publish_partition": "publish.partitions",
    "render": "template.render",
}


if not TYPE_CHECKING:  # a type checker sees only the names above

    def __getattr__(name: str) -> object:
        """Import the name from its module."""
        from importlib import import_module

        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
