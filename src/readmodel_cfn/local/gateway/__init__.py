"""A gateway that evaluates an API Gateway REST API's own definition in front of S3.

It serves any API whose integrations are S3 proxies (type AWS, an `s3:path` URI) or MOCK, and does
no input or output itself:

    gateway = Gateway(Snapshot.from_definition(definition))
    step = gateway.prepare(request)
    if isinstance(step, Call):
        step = gateway.finish(step, send(step.s3))

A request passes these stages, a module each: routing, method (and what is unsupported of it),
integration_request, then S3, integration_response, method_response; or gateway_responses, if it is
refused or fails. `unsupported(definition)` lists the features that are not evaluated. Facts that no
source confirms are marked "(assumed)" beside the code that depends on them.
"""

from readmodel_cfn.local.gateway.definition import DefinitionError
from readmodel_cfn.local.gateway.gateway import Call, Gateway, Snapshot
from readmodel_cfn.local.gateway.types import Request, Response, S3Request, S3Response
from readmodel_cfn.local.gateway.unsupported import UnsupportedFeature, unsupported

__all__ = [
    "Call",
    "DefinitionError",
    "Gateway",
    "Request",
    "Response",
    "S3Request",
    "S3Response",
    "Snapshot",
    "UnsupportedFeature",
    "unsupported",
]
