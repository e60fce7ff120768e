"""Body templates: static text with the simple `$context` variables.

This is the one place where a full evaluator of the Velocity Template Language fits in: `parse`
and `render` are all that the rest of the gateway uses, and `not_static` says what they cannot do.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .definition import Json
from .expressions import CONTEXT_VARIABLES

_REFERENCE = re.compile(r"\$(!?\{[^}]*\}|!?[A-Za-z][\w-]*(?:\.[A-Za-z_][\w-]*)*)")
_DIRECTIVE = re.compile(
    r"#\{?(?:set|if|elseif|else|end|foreach|break|stop|include|parse|macro|define|evaluate)\b"
    r"|##|#\*|#\[\[|#@|\\[$#]"
)


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template: texts and variable names in turn, a text first and last."""

    parts: tuple[str, ...]

    def render(self, body: bytes, context: Mapping[str, str]) -> bytes:
        """The text in UTF-8 that replaces `body`; an empty template passes `body` on.

        A variable without a value is empty (assumed).
        """
        if self.parts == ("",):
            return body
        pieces = list(self.parts)
        pieces[1::2] = [context.get(name, "") for name in self.parts[1::2]]
        return "".join(pieces).encode()


Templates = Mapping[str, Template]
"""Templates by content type, in the definition's order."""


def parse(text: str) -> Template:
    """`text` as a template; references to variables that are not known stay as written."""
    parts, end = [""], 0
    for match in _REFERENCE.finditer(text):
        if name := _variable(match[1]):
            parts[-1] += text[end : match.start()]
            parts += [name, ""]
            end = match.end()
    parts[-1] += text[end:]
    return Template(tuple(parts))


def parse_all(texts: Json) -> Templates:
    """The templates of a `requestTemplates` or `responseTemplates` object."""
    return {content_type: parse(text or "") for content_type, text in texts.items()}


def unknown_variables(text: str) -> Iterator[str]:
    """The references in `text` that `render` has no value for."""
    for match in _REFERENCE.finditer(text):
        if not _variable(match[1]):
            yield match[0]


def not_static(text: str) -> Iterator[str]:
    """What an integration's template uses beyond static text and simple variables.

    Not for gateway responses: their templates are no Velocity ("a non-VTL mapping template",
    developer guide, Gateway responses), so a `#` means nothing there.
    """
    yield from unknown_variables(text)
    for match in _DIRECTIVE.finditer(text):
        yield match[0]


def by_content_type(templates: Templates, content_type: str) -> Template | None:
    """The request template for a request's Content-Type, else the one named `$default`.

    A request without Content-Type counts as `application/json` (as in LocalStack's code); what
    follows a `;` is left out (assumed).
    """
    media_type = content_type.partition(";")[0].strip().lower() or "application/json"
    return templates.get(media_type) or templates.get("$default")


def by_accept(templates: Templates, accept: str) -> tuple[str, Template]:
    """The response template for the client's Accept, with its content type.

    `templates` has at least one. Accept is compared as a whole; the next choice is
    `application/json`, then the first template (developer guide, "Data transformations in API
    Gateway", and LocalStack's code).
    """
    for content_type in (accept, "application/json"):
        if template := templates.get(content_type):
            return content_type, template
    return next(iter(templates.items()))


def _variable(reference: str) -> str | None:
    before, _, name = reference.strip("{}").partition("context.")
    return name if not before and name in CONTEXT_VARIABLES else None
