"""The role's actions: without wildcards, and only reads if its methods only read."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words

_WRITE_ACTIONS = ("s3:abort", "s3:bypass", "s3:create", "s3:delete", "s3:put", "s3:replicate")
WIDE_POLICIES = (
    "AdministratorAccess",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
)


def _actions(view: View) -> Iterator[Violation]:
    for role in view.all_s3_roles:
        for statement in role.granted:
            actions = dict.fromkeys(statement.wildcards)
            if "NotAction" in statement.all_but:
                actions["all actions except some"] = None
            if role.only_reads:
                writes = (a for a in statement.actions if a.lower().startswith(_WRITE_ACTIONS))
                actions |= dict.fromkeys(writes)
            if actions:
                yield Violation(
                    statement.resource,
                    statement.place_of("Action"),
                    f"{role.id} is allowed {join_words(actions)}",
                    "allow s3:GetObject only"
                    if role.only_reads
                    else "allow only the actions that the integrations need",
                )


def _managed(view: View) -> Iterator[Violation]:
    for role in view.all_s3_roles:
        for arn in role.identity.elsewhere:
            name = str(arn).rpartition("/")[2]
            if name in WIDE_POLICIES:
                yield Violation(
                    role.id,
                    "Properties/ManagedPolicyArns",
                    f"{name} allows it to use every bucket of the account",
                    "allow only what the integrations do, on their keys, instead",
                )


RULES = (
    Rule(
        "R40",
        "role-action",
        "medium",
        "A role for reads may only read, and no action is a wildcard",
        "A mistake in the API, or anyone who assumes the role, can do more than the API needs.",
        _actions,
    ),
    Rule(
        "R41",
        "role-wide-policy",
        "high",
        "The role has no AWS managed policy for every bucket",
        "One mistake in the API makes any bucket of the account public.",
        _managed,
    ),
)
