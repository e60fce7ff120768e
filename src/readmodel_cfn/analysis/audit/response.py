"""Integration responses and method responses, as far as they are known."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from readmodel_cfn.cloudformation.evaluate import Evaluator, Json

_HEADER = "method.response.header."


@dataclass(frozen=True)
class Response:
    """An integration response; without a pattern it is the default.

    `headers` are the mapped ones: the client's header and where its value comes from.
    """

    path: str
    status: str
    pattern: str | None
    headers: Mapping[str, str]
    templates: Mapping[str, str]
    content_handling: str

    def source(self, header: str) -> str | None:
        """Where a header's value comes from, whatever the case of its name."""
        names = {name.lower(): source for name, source in self.headers.items()}
        return names.get(header.lower())

    @property
    def code(self) -> int:
        """The status as a number; 0 where it is none."""
        return int(self.status) if re.fullmatch("[1-9][0-9]{2}", self.status) else 0


@dataclass(frozen=True)
class Declared:
    """A method response: the status and headers that clients may get."""

    path: str
    status: str
    headers: frozenset[str]


def integration_response(path: str, value: Json, evaluator: Evaluator) -> Response:
    """The integration response at `path`.

    Raises:
        Unreadable: a part of it is not known.
    """
    headers = evaluator.texts(value.get("ResponseParameters"))
    return Response(
        path=path,
        status=evaluator.literal(value.get("StatusCode")),
        pattern=evaluator.literal(value.get("SelectionPattern")) or None,
        headers={
            name.removeprefix(_HEADER): str(source)
            for name, source in headers.items()
            if name.startswith(_HEADER)
        },
        templates={
            name: str(body)
            for name, body in evaluator.texts(value.get("ResponseTemplates")).items()
        },
        content_handling=str(evaluator.text(value.get("ContentHandling"))),
    )


def method_response(path: str, value: Json, evaluator: Evaluator) -> Declared:
    """The method response at `path`.

    Raises:
        Unreadable: a part of it is not known.
    """
    names = evaluator.fields(value.get("ResponseParameters"))
    return Declared(
        path=path,
        status=evaluator.literal(value.get("StatusCode")),
        headers=frozenset(name.removeprefix(_HEADER) for name in names),
    )
