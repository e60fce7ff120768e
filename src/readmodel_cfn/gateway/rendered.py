"""What a body template gives: the new body, and what it overrides of the mapped parameters.

From the developer guide, "Override your API's request and response parameters and status codes".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Overrides:
    """The `$context.requestOverride` and `$context.responseOverride` that a template set.

    A `status` of None is none, or one that AWS ignores: no whole number from 100 to 599 (as in
    LocalStack's code).
    """

    header: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    querystring: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None
    response_header: Mapping[str, str] = field(default_factory=dict)


NO_OVERRIDES = Overrides()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A body after its template."""

    body: bytes
    overrides: Overrides = NO_OVERRIDES


def override(mapped: dict[str, str], overrides: Mapping[str, str]) -> dict[str, str]:
    """The mapped headers with the overrides in their place; the names have no case."""
    if not overrides:
        return mapped
    replaced = {name.lower() for name in overrides}
    return {n: value for n, value in mapped.items() if n.lower() not in replaced} | dict(overrides)
