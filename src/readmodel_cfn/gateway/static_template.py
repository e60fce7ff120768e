"""Templates of static text with simple `$context` variables: all that a gateway response has.

"A non-VTL mapping template", says the developer guide ("Gateway responses"), so a `#` means nothing
here. Integrations' templates are of this kind too wherever they use no more.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .expressions import CONTEXT_VARIABLES, Scope
from .rendered import Rendered

_REFERENCE = re.compile(r"\$(!?\{[^}]*\}|!?[A-Za-z][\w-]*(?:\.[A-Za-z_][\w-]*)*)")


@dataclass(frozen=True, slots=True)
class StaticTemplate:
    """A parsed template: texts and variable names in turn, a text first and last."""

    parts: tuple[str, ...]

    @property
    def passes_on(self) -> bool:
        """Whether the body stays as it is: an empty template is a passthrough."""
        return self.parts == ("",)

    def render(self, body: bytes, scope: Scope) -> Rendered:
        """The text; a variable without a value is empty (assumed)."""
        return Rendered(body if self.passes_on else self.text(scope["context"]).encode())

    def text(self, context: Mapping[str, str]) -> str:
        """The text with the variables filled in."""
        pieces = list(self.parts)
        pieces[1::2] = [context.get(name, "") for name in self.parts[1::2]]
        return "".join(pieces)


def parse_static(text: str) -> StaticTemplate:
    """`text` as a static template; references to variables not known stay as written."""
    parts, end = [""], 0
    for match in _REFERENCE.finditer(text):
        if name := _variable(match[1]):
            parts[-1] += text[end : match.start()]
            parts += [name, ""]
            end = match.end()
    parts[-1] += text[end:]
    return StaticTemplate(tuple(parts))


def unknown_variables(text: str) -> Iterator[str]:
    """The references in `text` that a static template has no value for."""
    for match in _REFERENCE.finditer(text):
        if not _variable(match[1]):
            yield match[0]


def _variable(reference: str) -> str | None:
    before, _, name = reference.strip("{}").partition("context.")
    return name if not before and name in CONTEXT_VARIABLES else None
