"""Consent: what a person agrees to before it is done, on the command line and in Python."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from readmodel_cfn.errors import ReadModelError

ConsentKind = Literal[
    "create",
    "update",
    "protect",
    "unprotect",
    "import",
    "revert-drift",
    "adopt",
    "recreate",
    "continue-rollback",
    "delete",
    "erase-documents",
    "delete-missing",
    "restore",
    "verify",
    "race",
]
REQUIRED: frozenset[ConsentKind] = frozenset(
    ("adopt", "recreate", "continue-rollback", "delete", "erase-documents")
)
"""The kinds that a call without `confirm` refuses; to all others the call itself is consent."""


@dataclass(frozen=True)
class Consent:
    """One thing to agree to.

    `name` is the stack, or the bucket if documents are deleted or restored. `text` says in one line
    what is done to it, such as "update stack shop in eu-west-1", and `lost` lists what is lost by
    it, if anything is.
    """

    kind: ConsentKind
    name: str
    text: str
    lost: tuple[str, ...] = ()


Confirm = Callable[[Consent], bool]
"""Called before each such thing; True agrees."""


class ConsentRequired(ReadModelError):
    """Nobody agreed to `consent`, so nothing was changed."""

    def __init__(self, consent: Consent) -> None:
        unnamed = [item for item in consent.lost if item not in consent.text]
        lost = f" ({', '.join(unnamed)})" if unnamed else ""
        hint = f"pass confirm= to agree to {consent.kind!r}"
        super().__init__(f"{consent.text}{lost}", where=consent.name, hint=hint)
        self.consent: Consent = consent


def require_consent(consent: Consent, confirm: Confirm | None) -> None:
    """Ask for consent; without `confirm` only the kinds in REQUIRED are refused.

    Raises:
        ConsentRequired: nobody agreed.
    """
    agreed = consent.kind not in REQUIRED if confirm is None else confirm(consent)
    if not agreed:
        raise ConsentRequired(consent)
