"""What the role may do in S3: read, by actions that are named."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.audit.words import spoken

_WRITING = ("s3:abort", "s3:bypass", "s3:create", "s3:delete", "s3:put", "s3:replicate")
_WIDE = (
    "AdministratorAccess",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
)


def _actions(view: View) -> Iterator[Fault]:
    for reader in view.readers:
        for one in reader.granted:
            found = dict.fromkeys(one.wildcards)
            if "NotAction" in one.all_but:
                found["all but some actions"] = None
            if reader.only_reads:
                found |= dict.fromkeys(n for n in one.actions if n.lower().startswith(_WRITING))
            if found:
                yield Fault(
                    one.resource,
                    f"{one.path}/Action",
                    f"{reader.id} may do {spoken(found)}",
                    "allow s3:GetObject alone",
                )


def _managed(view: View) -> Iterator[Fault]:
    for reader in view.readers:
        for arn in reader.role.elsewhere:
            name = str(arn).rpartition("/")[2]
            if name in _WIDE:
                yield Fault(
                    reader.id,
                    "Properties/ManagedPolicyArns",
                    f"{name} lets it read every bucket of the account",
                    "allow s3:GetObject on the keys of the integrations in its place",
                )


RULES = (
    Rule(
        "R40",
        "role-action",
        "The role may only read, and no action is a wildcard",
        "A mistake in the API, or whoever takes the role, can do more than read.",
        _actions,
    ),
    Rule(
        "R41",
        "role-wide-policy",
        "The role has no policy of AWS's own that opens every bucket",
        "Every bucket of the account is one mistake away from being public.",
        _managed,
    ),
)
