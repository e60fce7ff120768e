"""Integration responses and method responses, as far as they are plainly written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from readmodel_cfn.audit.reading import Json, Text, fields, literal, texts

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


def integration_response(path: str, value: Json, text: Text) -> Response:
    """The integration response at `path`.

    Raises:
        Unreadable: a part of it is not written out.
    """
    headers = texts(value.get("ResponseParameters"), text)
    return Response(
        path=path,
        status=literal(value.get("StatusCode"), text),
        pattern=literal(value.get("SelectionPattern"), text) or None,
        headers={
            name.removeprefix(_HEADER): source
            for name, source in headers.items()
            if name.startswith(_HEADER)
        },
        templates=texts(value.get("ResponseTemplates"), text),
        content_handling=text(value.get("ContentHandling")),
    )


def method_response(path: str, value: Json, text: Text) -> Declared:
    """The method response at `path`.

    Raises:
        Unreadable: a part of it is not written out.
    """
    names = fields(value.get("ResponseParameters"))
    return Declared(
        path=path,
        status=literal(value.get("StatusCode"), text),
        headers=frozenset(name.removeprefix(_HEADER) for name in names),
    )
