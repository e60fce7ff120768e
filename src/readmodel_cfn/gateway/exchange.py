"""A client's request on its way through the gateway."""

from dataclasses import dataclass

from .expressions import Scope
from .rendered import NO_OVERRIDES, Overrides
from .types import Request


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, the values that mappings may read, and what its template has overridden."""

    request: Request
    scope: Scope
    overrides: Overrides = NO_OVERRIDES
