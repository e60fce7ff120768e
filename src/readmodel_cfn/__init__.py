"""A read model on AWS: JSON published ahead of time to S3, served by API Gateway.

from readmodel_cfn import ReadModel, Route, build_template, render

print(render(build_template(ReadModel(routes=[Route("products/{id}", "products/{id}.json")]))))
"""

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
