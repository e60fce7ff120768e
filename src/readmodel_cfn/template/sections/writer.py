"""The options of the writer."""

import re
from dataclasses import dataclass
from typing import Literal

from readmodel_cfn.template.naming import BOUNDARY, IAM_NAME, IAM_NAME_IN_WORDS, IAM_PRINCIPAL
from readmodel_cfn.template.oidc import SUBJECT
from readmodel_cfn.template.options import OptionError, check_options, option

LAMBDA = "lambda.amazonaws.com"
"""The principal of functions, which get the role as their execution role."""


@dataclass(frozen=True)
class Writer:
    """The IAM identity that publishes documents, its permissions, and where its key is stored.

    Raises:
        OptionError: a value that IAM would refuse, or options that contradict each other.
    """

    kind: Literal["user", "role", "none"] = option(
        "user",
        "user: an IAM user with an access key (default). role: an IAM role that the principals "
        "assume. none: no identity is created.",
    )
    principals: tuple[str, ...] = option(
        (),
        "Principals that may assume the role: account IDs, ARNs of users and roles, subjects of "
        "GitHub's or GitLab's OIDC tokens, or lambda.amazonaws.com for functions of the account, "
        "which may then also write their logs (default: none).",
        pattern=f"{IAM_PRINCIPAL}|{re.escape(LAMBDA)}|{SUBJECT}",
        allowed="an account ID, the ARN of an account's root, a user or a role, "
        f"{LAMBDA}, or the whole subject of a job, without *: "
        "repo:OWNER/REPOSITORY:environment:NAME",
        example=("repo:acme/shop:environment:production",),
    )
    allow: tuple[Literal["put", "compare", "list", "delete", "invalidate"], ...] = option(
        ("put",),
        "Allowed operations on the keys of the routes: put (default); compare, for conditional "
        "puts that replace only the version that was read; list; delete; invalidate, for "
        "`publish --invalidate` with [cdn]. With [releases] they are "
        "on the objects of releases: compare is also for copies, and delete for `release prune`.",
    )
    key_in: Literal["secret", "outputs"] = option(
        "secret",
        "Where the user's access key is stored. secret: in Secrets Manager (default). outputs: in "
        "the stack's outputs, as in the article; everybody who can describe the stack can read it.",
    )
    serial: int = option(
        1,
        "Serial number of the access key; raise it by 1 to create a new key (default 1).",
        minimum=1,
    )
    keep_previous_key: bool = option(
        False,
        "Keep the access key of the previous serial number valid, until all publishers have the "
        "new one (default false).",
    )
    name: str | None = option(
        None,
        "Name of the user or role. By default CloudFormation generates a unique name.",
        pattern=IAM_NAME,
        allowed=IAM_NAME_IN_WORDS,
        example="shop-writer",
    )
    permissions_boundary: str | None = option(
        None,
        "ARN of the permissions boundary of the user or role. By default there is none.",
        pattern=BOUNDARY,
        allowed="the ARN of an IAM policy",
        example="arn:aws:iam::123456789012:policy/boundary",
    )

    def __post_init__(self) -> None:
        check_options(self, "writer")
        if self.kind == "role" and not self.principals:
            raise OptionError("writer.principals", [], "at least one account ID, ARN or subject")
        if self.kind != "role" and self.principals:
            raise OptionError(
                "writer.principals", list(self.principals), "an empty list, or kind = 'role'"
            )
        if not self.allow:
            raise OptionError(
                "writer.allow", [], "at least one of put, compare, list, delete, invalidate"
            )
        self._check_effect()

    def _check_effect(self) -> None:
        """Refuse what this kind of writer does not have: an access key, a name, a boundary."""
        of_key = ("key_in", "serial", "keep_previous_key")
        without_effect = list(of_key) if self.kind != "user" else []
        without_effect += ["name", "permissions_boundary"] if self.kind == "none" else []
        for name in without_effect:
            value, default = getattr(self, name), getattr(Writer, name)
            if value != default:
                kinds = "kind = 'user'" if name in of_key else "a kind of writer"
                raise OptionError(f"writer.{name}", value, f"it with {kinds} only")
        if self.keep_previous_key and self.serial == 1:
            raise OptionError("writer.keep_previous_key", True, "it with a serial of 2 or more")
