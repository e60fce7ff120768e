"""The request names the bucket, and the role may use every bucket.

The most severe fault: whoever can reach the API reads, lists or writes whatever is in the account.
"""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.audit.rules.role_actions import WIDE_POLICIES
from readmodel_cfn.analysis.methods import INTEGRATION, Method
from readmodel_cfn.analysis.roles import S3Role
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words
from readmodel_cfn.cloudformation.policies import Statement


def _every_bucket(view: View) -> Iterator[Violation]:
    roles = {role.id: role for role in view.all_s3_roles}
    wide: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for method in view.methods:
        if not method.signed or not method.bucket_sources:
            continue
        assumed = view.role_of(method)
        role = roles.get(assumed.id) if assumed else None
        places = list(_wide_places(role, method)) if role else []
        if places:
            yield Violation(
                method.id,
                f"{INTEGRATION}/Uri",
                f"the request names the bucket ({join_words(method.bucket_sources)}), and the role "
                "may use every bucket of the account",
                "write the bucket's name in the URI",
            )
        for place in places:
            wide.setdefault(place, (role.id if role else "", []))[1].append(method.id)
    for (resource, path), (name, methods) in wide.items():
        yield Violation(
            resource,
            path,
            f"{name} may use every bucket, and the request names the bucket in "
            f"{join_words(dict.fromkeys(methods))}",
            "allow only the bucket and the keys that the API is for",
        )


def _wide_places(role: S3Role, method: Method) -> Iterator[tuple[str, str]]:
    """Where the role is allowed the method's requests for every bucket."""
    if role.is_limited(_actions(method)):
        return
    for statement in role.granted:
        if _is_wide(statement) and any(map(statement.grants, _actions(method))):
            yield statement.resource, statement.place_of("Resource")
    for arn in role.identity.elsewhere:
        if str(arn).rpartition("/")[2] in WIDE_POLICIES:
            yield role.id, "Properties/ManagedPolicyArns"


def _is_wide(statement: Statement) -> bool:
    everywhere = any(str(objects.bucket) == "*" for _, objects in statement.objects)
    return everywhere or "NotResource" in statement.all_but


def _actions(method: Method) -> Iterator[str]:
    if method.reads:
        yield "s3:GetObject"
    if method.lists:
        yield "s3:ListBucket"
    if method.writes:
        yield from ("s3:PutObject", "s3:DeleteObject")


RULES = (
    Rule(
        "R50",
        "any-bucket",
        "high",
        "The request does not name the bucket of a role that may use every bucket",
        "Whoever reaches the API may do in any bucket of the account what the role may do.",
        _every_bucket,
    ),
)
