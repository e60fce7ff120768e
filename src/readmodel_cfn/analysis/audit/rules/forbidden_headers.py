"""Headers that API Gateway does not allow to be mapped."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import INTEGRATION
from readmodel_cfn.analysis.view import View
from readmodel_cfn.limits import RESERVED_REQUEST_HEADERS

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
_RESPONSE_HEADERS = {
    "connection",
    "content-length",
    "content-md5",
    "date",
    "server",
    "transfer-encoding",
}


def _forbidden_response(view: View) -> Iterator[Violation]:
    for method in view.requests:
        for response in method.responses:
            for name in response.headers:
                if name.lower() in _RESPONSE_HEADERS:
                    yield Violation(
                        method.id,
                        f"{response.path}/ResponseParameters/method.response.header.{name}",
                        f"{name} is mapped for {response.status}",
                        "remove it: API Gateway sets it",
                    )


def _forbidden_request(view: View) -> Iterator[Violation]:
    for method in view.requests:
        for target in method.mapped:
            name = target.removeprefix("integration.request.header.")
            if name != target and name.lower() in RESERVED_REQUEST_HEADERS:
                yield Violation(
                    method.id,
                    f"{INTEGRATION}/RequestParameters/{target}",
                    f"{name} is mapped to the request to S3",
                    "remove it: API Gateway signs the request with the Credentials",
                )


RULES = (
    Rule(
        "R12",
        "forbidden-response-header",
        "medium",
        "No header is mapped that API Gateway sets itself",
        "The client gets the header as x-amzn-Remapped-*, or not at all.",
        _forbidden_response,
    ),
    Rule(
        "R13",
        "forbidden-request-header",
        "high",
        "No header is mapped to the request that API Gateway does not send",
        "Every read fails with 500.",
        _forbidden_request,
    ),
)
