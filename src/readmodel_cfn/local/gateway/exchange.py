"""A client's request on its way through the gateway."""

from dataclasses import dataclass

from .expressions import Scope
from .types import Request


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and the values that mappings may read."""

    request: Request
    scope: Scope
