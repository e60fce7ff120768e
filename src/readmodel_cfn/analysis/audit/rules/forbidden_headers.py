"""The headers that API Gateway keeps to itself."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.method import INTEGRATION
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
_NOT_ANSWERED = {
    "connection",
    "content-length",
    "content-md5",
    "date",
    "server",
    "transfer-encoding",
}
_NOT_ASKED = {
    "authorization",
    "connection",
    "content-length",
    "expect",
    "proxy-authenticate",
    "te",
    "transfer-encoding",
}


def _forbidden_answer(view: View) -> Iterator[Fault]:
    for method in view.reads:
        for response in method.responses:
            for name in response.headers:
                if name.lower() in _NOT_ANSWERED:
                    yield Fault(
                        method.id,
                        f"{response.path}/ResponseParameters/method.response.header.{name}",
                        f"{name} is mapped for {response.status}",
                        "leave it out: API Gateway sets it itself",
                    )


def _forbidden_request(view: View) -> Iterator[Fault]:
    for method in view.reads:
        for target in method.mapped:
            name = target.removeprefix("integration.request.header.")
            if name != target and name.lower() in _NOT_ASKED:
                yield Fault(
                    method.id,
                    f"{INTEGRATION}/RequestParameters/{target}",
                    f"{name} is mapped to the request to S3",
                    "leave it out: the Credentials sign the request",
                )


RULES = (
    Rule(
        "R12",
        "forbidden-response-header",
        "No header is mapped that API Gateway keeps to itself",
        "It arrives as x-amzn-Remapped-*, or not at all.",
        _forbidden_answer,
    ),
    Rule(
        "R13",
        "forbidden-request-header",
        "No header is sent to S3 that API Gateway refuses to send",
        "Every read fails with 500.",
        _forbidden_request,
    ),
)
