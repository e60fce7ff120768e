"""The text of mapping templates: literal text with references to `$context`, `$input` and others.

On AWS the templates of integrations are written in Velocity (VTL). The gateway evaluates only plain
references: `$context.stage`, `$stageVariables.name`, `$stageVariables['name']`, `$input.body`,
`$input.json('$')` and `$input.params('name')`, each also as `${...}` and as `$!...`. A method whose
template uses more answers 501; only `not_supported` decides this, and lists what is used.

Gateway responses are "a non-VTL mapping template" (developer guide, "Gateway responses"): a `#`
has no meaning in them. They have no `$input`, but `$method.request.header.name`, and the same with
`querystring` and `path`.
"""

import re
from dataclasses import dataclass
from typing import Literal

from readmodel_cfn.cloudformation.rest_api.expressions import CONTEXT_VARIABLES, is_added_header

Source = Literal[
    "context", "stageVariables", "body", "json", "parameter", "header", "querystring", "path"
]

# A reference with its properties, calls and indexes.
_REFERENCE = re.compile(
    r"\$!?(?:\{(?P<formal>[^}]*)\}"
    r"|(?P<name>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\([^)]*\)|\[[^\]]*\])*))"
)
_DIRECTIVE = re.compile(
    r"#\{?(?:set|if|elseif|foreach|break|stop|include|parse|macro|define|evaluate|return)\b\}?"
    r"|#\{?(?:else|end)\}?"  # also in front of letters: Velocity reads `#ending` as `#end` and text
    r"|##|#\*|#\[\[|#@?[A-Za-z_]\w*\(|\\[$#]"
)
_USED = re.compile(f"{_DIRECTIVE.pattern}|{_REFERENCE.pattern}")
_CONTEXT = r"context\.(?P<context>.+)"
_VARIABLE = r"stageVariables\.(?P<stageVariables>\w+)"
_PLAIN = re.compile(
    rf"{_CONTEXT}|{_VARIABLE}"
    r"""|stageVariables\[(?P<mark>['"])(?P<stageVariable>\w+)(?P=mark)\]"""
    r"|input\.(?P<body>body)"
    r"|input\.(?P<json>json)\((?:'\$'|\"\$\")\)"
    r"""|input\.params\((?P<quote>['"])(?P<parameter>[^'"$#]+)(?P=quote)\)"""
)
_PLAIN_WITHOUT_VELOCITY = re.compile(
    rf"{_CONTEXT}|{_VARIABLE}"
    r"|method\.request\.header\.(?P<header>[\w-]+)"
    r"|method\.request\.querystring\.(?P<querystring>[\w-]+)"
    r"|method\.request\.path\.(?P<path>[\w-]+)"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A plain reference: the source of its value, and the name in this source."""

    source: Source
    name: str


Parts = tuple[str | Reference, ...]
"""A template: fixed text and references, in order."""


def parse(text: str, *, velocity: bool = True) -> Parts:
    """Parse a template; references that are not supported are kept as text.

    `velocity` is False for a gateway response.
    """
    parts: list[str | Reference] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        if reference := _plain(match, velocity):
            parts += [text[end : match.start()], reference]
            end = match.end()
    return (*parts, text[end:])


def not_supported(text: str, *, velocity: bool = True) -> list[str]:
    """Each directive, variable and call in `text` that is not supported, without duplicates.

    `velocity` is False for a gateway response.
    """
    used = (_USED if velocity else _REFERENCE).finditer(text)
    return list(dict.fromkeys(match[0] for match in used if not _plain(match, velocity)))


def _plain(match: re.Match[str], velocity: bool) -> Reference | None:
    grammar = _PLAIN if velocity else _PLAIN_WITHOUT_VELOCITY
    plain = grammar.fullmatch(match["formal"] or match["name"] or "")
    if plain is None:
        return None
    found = {name: value for name, value in plain.groupdict().items() if value is not None}
    if "stageVariable" in found:
        return Reference("stageVariables", found["stageVariable"])
    if "context" in found and not _is_known(found["context"], velocity):
        return None
    if is_added_header(found.get("parameter") or found.get("header") or ""):
        return None
    source: Source = plain.lastgroup  # type: ignore[assignment]  # the groups have these names
    return Reference(source, found[source])


def _is_known(variable: str, velocity: bool) -> bool:
    """Whether the gateway has the variable; only gateway responses have those of an error."""
    return variable in CONTEXT_VARIABLES and not (velocity and variable.startswith("error."))
