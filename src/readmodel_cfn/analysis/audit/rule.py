"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from readmodel_cfn.analysis.audit.view import View


@dataclass(frozen=True)
class Fault:
    """One breach of a rule: the place, what is wrong there, and what to do.

    `resource` is a logical id, or Outputs; `path` leads from there, such as
    Properties/Integration/Uri.
    """

    resource: str
    path: str
    what: str
    todo: str


@dataclass(frozen=True)
class Rule:
    """An invariant. `meaning` is what a breach of it means for a reader of the API."""

    id: str
    name: str
    title: str
    meaning: str
    check: Callable[[View], Iterator[Fault]]


@dataclass(frozen=True)
class Finding:
    """A fault, with the rule that it breaks."""

    rule: str
    name: str
    resource: str
    path: str
    what: str
    meaning: str
    todo: str
