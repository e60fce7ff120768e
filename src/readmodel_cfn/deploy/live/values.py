"""What a stage should serve, what it serves, and where they differ, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from readmodel_cfn.cloudformation.values import PartialText

Facets = Mapping[str, PartialText]
"""What matters of a method or a setting, by name; what is not set is left out.

On the template's side a text has unknown parts, such as `${Function.Arn}`, where only
CloudFormation knows the value.
"""

Route = tuple[str, str]
"""A path and an HTTP method."""


@dataclass(frozen=True)
class Method:
    """One method: who may call it, and its integration; None is what could not be known."""

    access: Facets | None
    integration: Facets | None


@dataclass(frozen=True)
class Expected:
    """A stage as the template says it should be; ids are physical.

    `separate` says that the stage is a resource, not a part of its deployment; `complete` that
    `methods` are all that the API has. `deployment` and `settings` are None where they cannot be
    known, and `unknown` says in words what of the template cannot be read.
    """

    api: str
    stage: str
    deployment: str | None
    separate: bool
    canary: bool
    settings: Mapping[str, Facets] | None
    methods: Mapping[Route, Method]
    complete: bool
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """A stage as it is; None is what could not be asked, and `unknown` says why.

    `canary` is the percentage of requests that go to a canary deployment.
    """

    deployment: str | None = None
    canary: float | None = None
    settings: Mapping[str, Facets] | None = None
    methods: Mapping[Route, Method] | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gone:
    """There is no such stage, or no such API at all."""

    what: Literal["stage", "api"]


Kind = Literal["gone", "deployment", "canary", "settings", "extra", "missing", "differs"]


@dataclass(frozen=True)
class Finding:
    """One thing that is live and is not what the template says; `todo` leads out of it.

    `stage` is written as API/STAGE. `route` and `method` are empty where the finding is about the
    whole stage.
    """

    kind: Kind
    stage: str
    route: str
    method: str
    detail: str
    todo: str


@dataclass(frozen=True)
class Comparison:
    """What differs at a stage (API/STAGE), what was compared, and what could not be, in words."""

    stage: str
    findings: tuple[Finding, ...]
    compared: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Live:
    """The same for all stages of a stack; `compared` is by stage, `unknown` are whole lines."""

    findings: tuple[Finding, ...] = ()
    compared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
