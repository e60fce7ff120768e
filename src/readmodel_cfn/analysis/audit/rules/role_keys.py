"""The role's objects: it may read and list exactly those that its integrations request."""

from collections.abc import Iterator, Sequence

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.roles import S3Role
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words
from readmodel_cfn.cloudformation.patterns import before_star, covers, has_star
from readmodel_cfn.cloudformation.policies import Statement, is_s3
from readmodel_cfn.cloudformation.s3_uri import Objects
from readmodel_cfn.cloudformation.values import PartialText, join_texts

_BUCKET_ACTIONS = ("s3:getbucket", "s3:list")
_LIST_ACTIONS = ("s3:ListBucket", "s3:ListBucketVersions")
_OPERATORS = ("stringequals", "stringlike", "stringequalsignorecase")


def _other_keys(view: View) -> Iterator[Violation]:
    for role in view.all_s3_roles:
        use = join_words(filter(None, role.keys)) or "no object"
        for statement in filter(_is_about_objects, role.granted):
            if "NotResource" in statement.all_but:
                yield Violation(
                    statement.resource,
                    statement.place_of("Resource"),
                    f"{role.id} may use everything except some; its integrations use {use}",
                    "use Resource with the keys of the integrations instead",
                )
            for arn, objects in statement.objects:
                needed = any(view.may_contain(wide, objects) for wide in role.objects)
                if objects.key is not None and not needed:
                    yield Violation(
                        statement.resource,
                        f"{statement.path}/Resource",
                        f"{role.id} may use {arn}; its integrations use {use}",
                        "use the keys of the integrations, with * for each {parameter}",
                    )


def _is_about_objects(statement: Statement) -> bool:
    return "NotAction" in statement.all_but or any(
        is_s3(action) and not action.lower().startswith(_BUCKET_ACTIONS)
        for action in statement.actions
    )


def _other_listings(view: View) -> Iterator[Violation]:
    for role in view.s3_roles:
        for statement in role.granted:
            actions = _listing(statement)
            # An integration without a key lists the bucket.
            if actions and all(role.keys) and not _is_limited(statement, role.keys):
                yield Violation(
                    statement.resource,
                    statement.path,
                    f"{role.id} is allowed {join_words(actions)} for more than the integrations' "
                    "keys",
                    "add a condition StringLike on s3:prefix with the prefixes of those keys",
                )


def _listing(statement: Statement) -> list[str]:
    """The statement's actions, also patterns such as s3:List*, that list a bucket."""
    on_buckets = any(objects.names_bucket for _, objects in statement.objects)
    return [
        pattern
        for pattern in statement.actions
        if on_buckets and any(covers(pattern.lower(), name.lower()) for name in _LIST_ACTIONS)
    ]


def _is_limited(statement: Statement, keys: Sequence[PartialText]) -> bool:
    """Whether listing is limited to the keys' prefixes, up to their first parameter."""
    prefixes = [join_texts([before_star(key), "*"]) for key in keys]
    if "*" in prefixes:
        return True
    return any(
        operator.lower() in _OPERATORS
        and key.lower() == "s3:prefix"
        and all(any(covers(prefix, value) for prefix in prefixes) for value in values)
        for operator, key, values in statement.conditions
    )


def _cannot_read(view: View) -> Iterator[Violation]:
    for role in view.s3_roles:
        for objects in role.objects if role.identity.complete else ():
            known = objects.key and not has_star(objects.bucket)
            if known and not _may_get(view, role, objects):
                yield Violation(
                    role.id,
                    "Properties",
                    f"s3:GetObject is not allowed on {objects.bucket}/{objects.key}",
                    "allow s3:GetObject on that key, with * for each {parameter}",
                )


def _may_get(view: View, role: S3Role, objects: Objects) -> bool:
    """Whether the role's policies or the bucket policy allow s3:GetObject on the objects."""
    of_buckets = (
        statement
        for bucket in view.buckets
        for document in view.bucket_policies(bucket)
        for statement in document.statements
        if statement.allows
    )
    return any(
        "NotResource" in statement.all_but
        or any(view.may_contain(wide, objects) for _, wide in statement.objects)
        for statement in (*role.granted, *of_buckets)
        if statement.may("s3:GetObject") or "NotAction" in statement.all_but
    )


RULES = (
    Rule(
        "R42",
        "role-beyond-keys",
        "medium",
        "The role may use only the keys that its integrations request",
        "One mistake in the API makes other objects of the bucket public.",
        _other_keys,
    ),
    Rule(
        "R43",
        "role-lists",
        "low",
        "The role may list only the keys that its integrations request",
        "Clients can find out which keys exist in the bucket.",
        _other_listings,
    ),
    Rule(
        "R44",
        "role-cannot-read",
        "high",
        "The role may get every object that its integrations request",
        "S3 denies every read of the object with 403.",
        _cannot_read,
    ),
)
