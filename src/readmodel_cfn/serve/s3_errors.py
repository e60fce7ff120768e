"""S3's errors, as it answers them: XML, and no body to HEAD.

Codes and messages: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from dataclasses import dataclass
from html import escape

from readmodel_cfn.gateway import S3Request, S3Response

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class S3Error:
    """One kind of error."""

    status: int
    code: str
    message: str


ACCESS_DENIED = S3Error(403, "AccessDenied", "Access Denied")
NO_SUCH_KEY = S3Error(404, "NoSuchKey", "The specified key does not exist.")
NOT_ALLOWED = S3Error(
    405, "MethodNotAllowed", "The specified method is not allowed against this resource."
)
PRECONDITION_FAILED = S3Error(
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
)
INVALID_RANGE = S3Error(416, "InvalidRange", "The requested range is not satisfiable")


def answer(error: S3Error, request: S3Request) -> S3Response:
    """S3's response with the error."""
    headers = {"content-type": "application/xml"}
    if request.method == "HEAD":
        return S3Response(error.status, headers, b"")
    key = f"<Key>{escape(request.key)}</Key>" if error is NO_SUCH_KEY else ""
    text = f"<Code>{error.code}</Code><Message>{error.message}</Message>{key}"
    return S3Response(error.status, headers, f"{_XML}<Error>{text}</Error>".encode())
