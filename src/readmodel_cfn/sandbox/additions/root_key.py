"""One key is the account's root, and its signature is checked like any other.

ministack takes `test`, every twelve-digit number and the configured key for root, and checks the
signature of none of them: any secret would do. AWS refuses a wrong secret, whoever's it is.
"""

import os

from ministack.core import iam_evaluator
from ministack.services import sts


def register() -> None:
    """Let root be the configured key only; requests without a key stay ministack's own calls."""
    root = os.environ["AWS_ACCESS_KEY_ID"]

    def is_root(access_key_id: str) -> bool:
        return access_key_id in ("", root)

    # Asked by what skips the signature check for root.
    iam_evaluator._is_root_key = _never
    iam_evaluator.is_root_access_key = sts.is_root_access_key = is_root


def _never(_: str) -> bool:
    return False
