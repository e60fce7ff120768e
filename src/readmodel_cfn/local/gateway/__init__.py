"""A gateway that evaluates an API Gateway REST API's own definition in front of S3.

It serves any API whose integrations are S3 proxies (type AWS, an `s3:path` URI) or MOCK, and does
no input or output itself:

    gateway = Gateway(Snapshot.from_definition(definition))
    step = gateway.prepare(request)
    if isinstance(step, Call):
        step = gateway.finish(step, carry_out(step.s3))

`unsupported(definition)` lists what it does not evaluate. Facts that no source confirmed are marked
"(assumed)" beside the code that stands on them.
"""

from .definition import DefinitionError
from .evaluate import Call, Gateway
from .snapshot import Snapshot
from .types import Request, Response, S3Request, S3Response
from .unsupported import unsupported

__all__ = [
    "Call",
    "DefinitionError",
    "Gateway",
    "Request",
    "Response",
    "S3Request",
    "S3Response",
    "Snapshot",
    "unsupported",
]
