"""CloudFormation's HTTP responses, below a real client with its retries and parsers."""

import io
from typing import Any
from urllib.parse import parse_qs

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from functional_aws import STACK_ID

Answer = Exception | tuple[int, str]


class Wire:
    """The responses in order: each an exception, or a status and a body.

    TOKEN in a body stands for the last ClientRequestToken that was sent.
    """

    def __init__(self, client: Any, *answers: Answer) -> None:
        self.left, self.sent, self.token = list(answers), list[str](), ""
        client.meta.events.register("before-send.cloudformation.*", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        body = request.body
        fields = parse_qs(body.decode() if isinstance(body, bytes) else body)
        self.sent.append(fields["Action"][0])
        self.token = fields.get("ClientRequestToken", [self.token])[0]
        answer = self.left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        response = Body(body.replace("TOKEN", self.token))
        return AWSResponse(request.url, status, HTTPHeaders(), response)


class Body(io.BytesIO):
    """A body as urllib3 provides it."""

    def __init__(self, text: str) -> None:
        super().__init__(text.encode())

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


def xml(action: str, result: str) -> Answer:
    """A response of the query protocol."""
    return 200, f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"


def refusal(code: str, message: str) -> Answer:
    """An error response of the query protocol."""
    error = f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>"
    return 400, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"


THERE = xml(
    "DescribeStacks",
    f"<Stacks><member><StackId>{STACK_ID}</StackId><StackName>read-model</StackName>"
    "<CreationTime>2026-01-01T12:00:00Z</CreationTime>"
    "<StackStatus>CREATE_IN_PROGRESS</StackStatus></member></Stacks>",
)
NOWHERE = refusal("ValidationError", "Stack with id read-model does not exist")


def happened(token: str) -> Answer:
    """An event of an operation that a call with the token started."""
    return xml(
        "DescribeStackEvents",
        "<StackEvents><member><EventId>1</EventId><Timestamp>2026-01-01T12:00:00Z</Timestamp>"
        f"<StackId>{STACK_ID}</StackId><StackName>read-model</StackName>"
        f"<ClientRequestToken>{token}</ClientRequestToken></member></StackEvents>",
    )
