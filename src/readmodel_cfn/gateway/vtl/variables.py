"""The variables of a template: $input, $util and $context.

From the developer guide, "Variables for data transformations for API Gateway".
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from ..expressions import Scope
from ..failures import GatewayResponseError, ResponseType
from . import jsonpath
from .values import json_text, text


class Headers(dict[str, str]):
    """The request's headers; names have no case here (assumed: AWS keeps the client's spelling)."""

    def __getitem__(self, key: Any) -> str:
        return super().__getitem__(text(key).lower())

    def get(self, key: Any, default: Any = None) -> Any:
        """The header's value, or `default`."""
        return super().get(text(key).lower(), default)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(text(key).lower())


@dataclass(frozen=True, slots=True)
class Input:
    """`$input`: the body that the template replaces, and the request's parameters."""

    text: str
    parameters: Mapping[str, Mapping[str, str]]
    unreadable: ResponseType
    """What the client gets where the template asks for JSON and the body is none."""

    @property
    def body(self) -> str:
        """The body as it is; an empty one is `{}` (recorded on AWS by LocalStack)."""
        return self.text or "{}"

    def json(self, path: Any) -> str:
        """What the path leads to, as JSON; `""` where it leads nowhere (assumed)."""
        try:
            return json_text(self._find(path))
        except LookupError:
            return '""'

    def path(self, path: Any) -> Any:
        """What the path leads to, for the template to go on with."""
        try:
            return self._find(path)
        except LookupError:
            return None

    def params(self, name: Any = None) -> Any:
        """The request's parameters by place, or one of them: path, query or header, in order."""
        if name is None:
            return dict(self.parameters)
        for place in ("path", "querystring", "header"):
            if found := self.parameters[place].get(text(name)):
                return found
        return None

    def _find(self, path: Any) -> Any:
        if not self.text:
            raise LookupError
        try:
            document = json.loads(self.text)
        except ValueError:
            raise GatewayResponseError(self.unreadable) from None
        return jsonpath.find(document, jsonpath.parse(text(path)))


class Util:
    """`$util`."""

    def base64Decode(self, value: Any) -> str:  # noqa: N802 (AWS's names)
        """The text that a Base64 text stands for."""
        return base64.b64decode(text(value)).decode(errors="replace")

    def base64Encode(self, value: Any) -> str:  # noqa: N802
        """A text in Base64."""
        return base64.b64encode(text(value).encode()).decode()

    def escapeJavaScript(self, value: Any) -> str:  # noqa: N802
        r"""A text by JavaScript's rules for strings, with `\'`; a slash stays one (assumed)."""
        return json.dumps(text(value))[1:-1].replace("'", r"\'")

    def parseJson(self, value: Any) -> Any:  # noqa: N802
        """The value of a JSON text."""
        return json.loads(text(value))

    def urlDecode(self, value: Any) -> str:  # noqa: N802
        """A text from a form's encoding."""
        return unquote_plus(text(value))

    def urlEncode(self, value: Any) -> str:  # noqa: N802
        """A text in a form's encoding, as Java's URLEncoder writes it."""
        return quote_plus(text(value), safe="*").replace("~", "%7E")


class Once(dict[str, Any]):
    """Overrides: "Trying to override the same parameter multiple times will result in 5XX"."""

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self:
            raise ValueError(f"{key} is overridden twice")
        super().__setitem__(key, value)


OWN: Mapping[str, tuple[type, frozenset[str]]] = {
    "input": (Input, frozenset({"body", "json", "params", "path"})),
    "util": (Util, frozenset(name for name in vars(Util) if not name.startswith("_"))),
}
"""What $input and $util are, and the names they have."""


def namespace(body: str, scope: Scope) -> dict[str, Any]:
    """The variables for one rendering; the scope of a response has the place `response`."""
    parameters = {
        "path": dict(scope["path"]),
        "querystring": dict(scope["querystring"]),
        "header": Headers(scope["header"]),
    }
    unreadable: ResponseType = (
        "API_CONFIGURATION_ERROR" if "response" in scope else "BAD_REQUEST_BODY"
    )
    overrides = {
        "requestOverride": {"header": Once(), "path": Once(), "querystring": Once()},
        "responseOverride": Once(header=Once()),
    }
    return {
        "input": Input(body, parameters, unreadable),
        "util": Util(),
        "context": {**scope["context"], **overrides},
    }
