"""Consent to a change before it is made, on the command line and in Python."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.target import Target

ConsentKind = Literal[
    "create",
    "update",
    "protect",
    "unprotect",
    "template-bucket",
    "import",
    "revert-drift",
    "adopt",
    "replace",
    "remove-all-routes",
    "disable-endpoint",
    "recreate",
    "continue-rollback",
    "delete",
    "erase-documents",
    "delete-missing",
    "unpublish",
    "unpublish-version",
    "prune-unpublished",
    "erase-versions",
    "release",
    "prune",
    "restore",
    "verify",
    "race",
]
REQUIRED: frozenset[ConsentKind] = frozenset(
    (
        "adopt",
        "replace",
        "remove-all-routes",
        "disable-endpoint",
        "recreate",
        "continue-rollback",
        "delete",
        "erase-documents",
        "unpublish",
        "erase-versions",
    )
)
"""Kinds that are refused without `confirm`; for all others the call itself is consent."""


@dataclass(frozen=True)
class Consent:
    """A change that requires consent.

    `name` is the stack, or the bucket if documents are deleted or restored. `text` describes the
    change in one line, such as "update stack shop in 123456789012/eu-west-1". `lost` lists what is
    deleted, replaced or removed from the stack: resources, or paths. `target` is the account,
    region and stack.
    """

    kind: ConsentKind
    name: str
    text: str
    lost: tuple[str, ...] = ()
    target: Target = field(default_factory=Target)


Confirm = Callable[[Consent], bool]
"""A callback that is called before a change; it returns True to agree."""


class ConsentRequired(ReadModelError):
    """`confirm` did not agree to `consent`, or is missing; the change was not made."""

    def __init__(self, consent: Consent) -> None:
        unnamed = [item for item in consent.lost if item not in consent.text]
        lost = f" ({', '.join(unnamed)})" if unnamed else ""
        hint = f"pass confirm= to agree to {consent.kind!r}"
        super().__init__(f"{consent.text}{lost}", where=consent.name, hint=hint)
        self.consent: Consent = consent


def require_consent(consent: Consent, confirm: Confirm | None) -> None:
    """Call `confirm`; without it only the kinds in REQUIRED are refused.

    Raises:
        ConsentRequired: `confirm` did not agree, or is missing.
    """
    agreed = consent.kind not in REQUIRED if confirm is None else confirm(consent)
    if not agreed:
        raise ConsentRequired(consent)
