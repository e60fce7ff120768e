"""Bytes stay bytes, and texts stay texts.

With binary media types API Gateway encodes and decodes base64 by ContentHandling and the request's
Accept; with `*/*` everything counts as binary.
"""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.method import INTEGRATION, Method
from readmodel_cfn.analysis.audit.response import Response
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View

_BINARY, _TEXT = "CONVERT_TO_BINARY", "CONVERT_TO_TEXT"


def _payloads(view: View) -> Iterator[Fault]:
    for method, response in _binary(view):
        payload = 200 <= response.code < 300
        if payload and response.content_handling != _BINARY and method.verb != "HEAD":
            yield _handling(method, response, f"a payload without {_BINARY}", f"set {_BINARY}")
        if not payload and response.content_handling == _BINARY:
            todo = f"leave it out, or set {_TEXT} where a template makes the body"
            yield _handling(method, response, f"{_BINARY} on what is no payload", todo)


def _texts(view: View) -> Iterator[Fault]:
    for method, response in _binary(view):
        if response.code >= 300 and response.templates and not response.content_handling:
            what = f"a body made by a template, without {_TEXT}"
            yield _handling(method, response, what, f"set {_TEXT}")
    for method in view.methods:
        all_binary = method.api in view.apis and view.apis[method.api].all_binary
        if all_binary and method.kind == "MOCK" and method.content_handling != _TEXT:
            yield Fault(
                method.id,
                f"{INTEGRATION}/ContentHandling",
                f"a MOCK integration without {_TEXT}, with */* in BinaryMediaTypes",
                f"set {_TEXT} on the integration",
            )


def _encoding(view: View) -> Iterator[Fault]:
    for method, response in _binary(view):
        binary = response.content_handling == _BINARY and 200 <= response.code < 300
        if binary and response.source("Content-Encoding") is None:
            yield Fault(
                method.id,
                f"{response.path}/ResponseParameters",
                f"Content-Encoding is not mapped for {response.status}, whose body is binary",
                "map method.response.header.Content-Encoding, and declare it",
            )


def _no_types(view: View) -> Iterator[Fault]:
    for method in view.reads:
        if view.apis[method.api].binary_types == ():
            for response in method.responses:
                if response.content_handling == _BINARY:
                    what = f"{_BINARY}, and the API has no BinaryMediaTypes"
                    todo = 'give the API BinaryMediaTypes ["*/*"], or leave ContentHandling out'
                    yield _handling(method, response, what, todo)


def _binary(view: View) -> Iterator[tuple[Method, Response]]:
    """The responses of APIs in which everything is binary."""
    for method in view.reads:
        if view.apis[method.api].all_binary:
            yield from ((method, one) for one in method.responses)


def _handling(method: Method, response: Response, what: str, todo: str) -> Fault:
    place = f"{response.path}/ContentHandling"
    return Fault(method.id, place, f"{response.status} is {what}", todo)


RULES = (
    Rule(
        "R26",
        "binary-payload",
        "With binary media types */*, payloads and nothing else are CONVERT_TO_BINARY",
        "The client gets base64 in place of the payload, or a broken error.",
        _payloads,
    ),
    Rule(
        "R27",
        "text-body",
        "With binary media types */*, what templates make is CONVERT_TO_TEXT",
        "MOCK methods answer 500, so that preflights fail; errors arrive as base64.",
        _texts,
    ),
    Rule(
        "R28",
        "no-content-encoding",
        "A binary payload passes Content-Encoding on",
        "The client shows the bytes of a compressed payload as they are.",
        _encoding,
    ),
    Rule(
        "R29",
        "no-binary-types",
        "CONVERT_TO_BINARY goes with binary media types",
        "The payload is decoded as base64 that it is not: it arrives corrupted, or as a 500.",
        _no_types,
    ),
)
