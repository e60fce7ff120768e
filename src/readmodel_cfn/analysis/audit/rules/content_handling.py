"""ContentHandling: documents are sent unchanged as bytes, and texts as text.

With binary media types API Gateway converts to and from base64, depending on ContentHandling and
the client's Accept; with `*/*` every response is binary, and passes unchanged without it:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
"""

from collections.abc import Iterator
from mimetypes import MimeTypes

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import INTEGRATION, IntegrationResponse, Method
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words

_BINARY, _TEXT = "CONVERT_TO_BINARY", "CONVERT_TO_TEXT"


def _documents(view: View) -> Iterator[Violation]:
    for method, response in _binary(view):
        is_document = 200 <= response.code < 300
        if is_document and response.content_handling == _TEXT and method.verb != "HEAD":
            yield _handling(method, response, f"a document with {_TEXT}", f"set {_BINARY}")
        if not is_document and response.content_handling == _BINARY:
            todo = f"remove it, or set {_TEXT} if a template makes the body"
            yield _handling(method, response, f"no document, but has {_BINARY}", todo)
    yield from _base64(view)


def _base64(view: View) -> Iterator[Violation]:
    """Documents of binary types that depend on the client's Accept.

    A browser's Accept begins with text/html, or with `*/*` for a script.
    """
    for method in view.reads:
        api = view.apis[method.api]
        if api.all_binary or not api.binary_types or method.verb == "HEAD":
            continue
        types = [media_type for media_type in api.binary_types if _may_have(method, media_type)]
        for response in method.responses if types else ():
            if 200 <= response.code < 300 and response.content_handling != _BINARY:
                what = f"a document without {_BINARY}, and BinaryMediaTypes has {join_words(types)}"
                yield _handling(method, response, what, f"set {_BINARY}")


def _may_have(method: Method, media_type: str) -> bool:
    """Whether the document may have the binary type; it is unknown without a suffix."""
    guessed, _ = MimeTypes().guess_type(str(method.uri.key) if method.uri else "")
    kind = media_type.lower().replace("~1", "/")
    return guessed is None or kind in (guessed, f"{guessed.partition('/')[0]}/*")


def _texts(view: View) -> Iterator[Violation]:
    for method, response in _binary(view):
        if response.code >= 300 and response.templates and not response.content_handling:
            what = f"a body from a template, without {_TEXT}"
            yield _handling(method, response, what, f"set {_TEXT}")
    for method in view.methods:
        all_binary = method.api in view.apis and view.apis[method.api].all_binary
        if all_binary and method.integration_type == "MOCK" and method.content_handling != _TEXT:
            yield Violation(
                method.id,
                f"{INTEGRATION}/ContentHandling",
                f"a MOCK integration without {_TEXT}, and BinaryMediaTypes has */*",
                f"set {_TEXT} on the integration",
            )


def _encoding(view: View) -> Iterator[Violation]:
    for method, response in _binary(view):
        binary = response.content_handling != _TEXT and 200 <= response.code < 300
        if binary and response.source("Content-Encoding") is None:
            yield Violation(
                method.id,
                f"{response.path}/ResponseParameters",
                f"Content-Encoding is not mapped for {response.status}, which has a binary body",
                "map method.response.header.Content-Encoding, and declare it",
            )


def _no_types(view: View) -> Iterator[Violation]:
    for method in view.reads:
        if view.apis[method.api].binary_types == ():
            for response in method.responses:
                if response.content_handling == _BINARY:
                    what = f"{_BINARY}, but the API has no BinaryMediaTypes"
                    todo = 'set BinaryMediaTypes ["*/*"] on the API, or remove ContentHandling'
                    yield _handling(method, response, what, todo)


def _binary(view: View) -> Iterator[tuple[Method, IntegrationResponse]]:
    """The responses of APIs in which every response is binary."""
    for method in view.reads:
        if view.apis[method.api].all_binary:
            yield from ((method, response) for response in method.responses)


def _handling(method: Method, response: IntegrationResponse, what: str, todo: str) -> Violation:
    place = f"{response.path}/ContentHandling"
    return Violation(method.id, place, f"{response.status} is {what}", todo)


RULES = (
    Rule(
        "R26",
        "binary-payload",
        "high",
        "Documents of binary media types are sent as bytes, and only documents",
        "The client gets base64 instead of the document, such as every browser, whose Accept does "
        "not begin with the binary type; or it gets a broken error.",
        _documents,
    ),
    Rule(
        "R27",
        "text-body",
        "high",
        "With binary media types */*, bodies from templates have CONVERT_TO_TEXT",
        "MOCK methods return 500, so that CORS preflights fail; errors arrive as base64.",
        _texts,
    ),
    Rule(
        "R28",
        "no-content-encoding",
        "medium",
        "Binary documents have S3's Content-Encoding",
        "The client does not decompress a compressed document.",
        _encoding,
    ),
    Rule(
        "R29",
        "no-binary-types",
        "high",
        "CONVERT_TO_BINARY is used with binary media types only",
        "The document is decoded as if it were base64: it arrives corrupted, or as a 500.",
        _no_types,
    ),
)
