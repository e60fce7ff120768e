"""What CloudFormation answers on the wire, below a real client with its retries and parsers."""

import io
from typing import Any
from urllib.parse import parse_qs

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from functional_aws import STACK_ID

Answer = Exception | tuple[int, str]


class Wire:
    """The answers one after the other: an exception, or a status and a body.

    TOKEN in a body stands for the token of the last call that had one.
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
        told = Body(body.replace("TOKEN", self.token))
        return AWSResponse(request.url, status, HTTPHeaders(), told)


class Body(io.BytesIO):
    """A body as urllib3 gives it."""

    def __init__(self, text: str) -> None:
        super().__init__(text.encode())

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


def xml(action: str, result: str) -> Answer:
    """An answer of the query protocol."""
    return 200, f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"


def refusal(code: str, message: str) -> Answer:
    """A refusal of it."""
    told = f"<Code>{code}</Code><Message>{message}</Message>"
    return 400, f"<ErrorResponse><Error><Type>Sender</Type>{told}</Error></ErrorResponse>"


THERE = xml(
    "DescribeStacks",
    f"<Stacks><member><StackId>{STACK_ID}</StackId><StackName>read-model</StackName>"
    "<CreationTime>2026-01-01T12:00:00Z</CreationTime>"
    "<StackStatus>CREATE_IN_PROGRESS</StackStatus></member></Stacks>",
)
NOWHERE = refusal("ValidationError", "Stack with id read-model does not exist")


def happened(token: str) -> Answer:
    """One event of an operation that a call with the token began."""
    return xml(
        "DescribeStackEvents",
        "<StackEvents><member><EventId>1</EventId><Timestamp>2026-01-01T12:00:00Z</Timestamp>"
        f"<StackId>{STACK_ID}</StackId><StackName>read-model</StackName>"
        f"<ClientRequestToken>{token}</ClientRequestToken></member></StackEvents>",
    )
