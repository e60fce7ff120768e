"""A gateway that evaluates the definition of an API Gateway REST API in front of S3.

It serves any API whose integrations are S3 proxies (type AWS, an `s3:path` URI) or MOCK, and does
no input or output itself:

    gateway = Gateway(Snapshot.from_definition(definition))
    step = gateway.prepare(request)
    if isinstance(step, Call):
        step = gateway.finish(step, send(step.s3))

A request passes these stages, a module each: requests, routing, method (with its unsupported
features), access (with usage_plans), integration_request, S3, integration_response,
method_response. If API Gateway would reject it, or a stage fails, gateway_responses makes the
response. `unsupported(definition)` lists the features that are not evaluated. `cloudformation`,
with the modules that begin with `template_`, reads the definition from a template. Facts without a
source are marked "(assumed)" beside the code that depends on them; the others are in
tests/conformance.
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
