"""Writer. The article: "a specific user for writing to the S3 bucket", and its API keys.

The article's user may do anything to any key of the bucket (`s3:*`), and its secret key stands in
the outputs, readable by all who may describe the stack. Here the writer may put the keys of the
routes and nothing else until told, and its key is kept in Secrets Manager.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from awacs.aws import PolicyDocument, Statement
from troposphere import GetAtt, Join, Ref, iam, secretsmanager

from readmodel_cfn import policies
from readmodel_cfn.naming import BOUNDARY, IAM_NAME, IAM_NAME_IN_WORDS, Names, stack_named
from readmodel_cfn.options import OptionError, check_options, given, option
from readmodel_cfn.references import Reference

_PRINCIPAL = r"\d{12}|arn:[a-z-]+:iam::\d{12}:(root|(user|role)/[A-Za-z0-9_+=,.@/-]{1,128})"


@dataclass(frozen=True)
class Writer:
    """Who may publish payloads, what else it may do, and where its key is kept.

    Raises:
        OptionError: a value that IAM would refuse, or options that do not belong together.
    """

    kind: Literal["user", "role", "none"] = option(
        "user",
        "A user with a key, a role that the given principals assume, or nobody of its own.",
    )
    principals: tuple[str, ...] = option(
        (),
        "Who may assume the writer's role: account ids, or ARNs of users and roles.",
        pattern=_PRINCIPAL,
        allowed="an account id, or the ARN of an account's root, a user or a role",
    )
    allow: tuple[Literal["put", "compare", "list", "delete"], ...] = option(
        ("put",),
        "What it may do with the routes' keys: put; compare (put only over the version it read); "
        "list (see what is published); delete.",
    )
    key_in: Literal["secret", "outputs"] = option(
        "secret",
        "Where the user's key is kept: a Secrets Manager secret, or, as in the article, the "
        "outputs, where all who may describe the stack can read it.",
    )
    serial: int = option(1, "Raise it to replace the user's key by a new one.", minimum=1)
    name: str | None = option(
        None,
        "Name of the user or role; without one CloudFormation makes a unique name.",
        pattern=IAM_NAME,
        allowed=IAM_NAME_IN_WORDS,
        example="shop-writer",
    )
    permissions_boundary: str | None = option(
        None,
        "ARN of a policy that bounds what the writer may ever do.",
        pattern=BOUNDARY,
        allowed="the ARN of an IAM policy",
        example="arn:aws:iam::123456789012:policy/boundary",
    )
    as_printed: bool = option(False, "The user as the article prints it.", config=False)

    def __post_init__(self) -> None:
        check_options(self, "writer")
        if self.kind == "role" and not self.principals:
            raise OptionError("writer.principals", [], "who may assume the role")
        if self.kind != "role" and self.principals:
            raise OptionError("writer.principals", list(self.principals), "none, or kind = 'role'")
        if not self.allow:
            raise OptionError("writer.allow", [], "at least one of put, compare, list, delete")


def grants(
    options: Writer, store: Reference, keys: Sequence[str], kms_key: str | None
) -> tuple[PolicyDocument | None, list[PolicyDocument]]:
    """What the writer may do with the key patterns of the routes: inline, and where IAM asks more.

    Nothing goes inline where no key fits there.
    """
    bucket = store.arn
    if options.as_printed:
        return policies.document([policies.article_grant(bucket, "*")]), []
    inline = policies.INLINE_OF_ROLE if options.kind == "role" else policies.INLINE_OF_USER
    first, *more = (
        policies.document(_statements(options, bucket, batch, kms_key)) if batch else None
        for batch in policies.batches(keys, inline)
    )
    return first, [one for one in more if one]


_ACTIONS = {"put": policies.PUT, "compare": policies.GET, "delete": policies.DELETE}


def _statements(
    options: Writer, bucket: policies.Arn, keys: Sequence[str], kms_key: str | None
) -> list[Statement]:
    statements = []
    if actions := [action for word, action in _ACTIONS.items() if word in options.allow]:
        statements.append(policies.use(actions, policies.object_arns(bucket, keys)))
    if "list" in options.allow:
        statements.append(policies.list_keys(bucket, keys))
    if kms_key and "put" in options.allow:
        statements.append(policies.encrypt(kms_key))
    if kms_key and "compare" in options.allow:
        statements.append(policies.decrypt(kms_key))
    return statements


def user(options: Writer, document: PolicyDocument | None, names: Names) -> iam.User:
    """The user, with its permissions inline: they live and die with it."""
    inline = _inline(options, document)
    return iam.User(names("DataStoreWriter"), **_identity(options, "UserName"), **inline)


def role(options: Writer, document: PolicyDocument | None, names: Names) -> iam.Role:
    """The role for those who have an identity of their own, so that no key need exist."""
    return iam.Role(
        names("DataStoreWriter"),
        **_identity(options, "RoleName"),
        AssumeRolePolicyDocument=policies.document([policies.assumed_by(options.principals)]),
        **_inline(options, document),
    )


def more_policies(
    writer: iam.User | iam.Role, documents: Sequence[PolicyDocument], names: Names
) -> list[iam.ManagedPolicy]:
    """What did not fit inline."""
    to = "Roles" if isinstance(writer, iam.Role) else "Users"
    return policies.beyond_inline(names("DataStoreWriterPolicy"), documents, **{to: [Ref(writer)]})


def access_key(options: Writer, writer: iam.User, names: Names) -> iam.AccessKey:
    """The user's key; a raised serial makes CloudFormation replace it."""
    if options.as_printed:
        return iam.AccessKey(
            names("DataStoreWriterAccessKey"),
            DependsOn=writer,
            Serial=options.serial,
            Status="Active",
            UserName=stack_named("-data-store-writer"),
        )
    return iam.AccessKey(
        names("DataStoreWriterAccessKey"),
        Serial=options.serial,
        Status="Active",
        UserName=Ref(writer),
    )


def secret(key: iam.AccessKey, names: Names) -> secretsmanager.Secret:
    """The key as a secret, `{"access_key_id": ..., "secret_access_key": ...}`.

    It has no name of its own: a deleted secret holds its name for days.
    """
    key_id, secret_key = Ref(key), GetAtt(key, "SecretAccessKey")
    body = ['{"access_key_id":"', key_id, '","secret_access_key":"', secret_key]
    return secretsmanager.Secret(
        names("DataStoreWriterSecret"),
        Description="Key of the user that publishes to the data store",
        SecretString=Join("", [*body, '"}']),
    )


def _inline(options: Writer, document: PolicyDocument | None) -> dict[str, list[iam.Policy]]:
    if document is None:
        return {}
    name = stack_named("-data-store-writer") if options.as_printed else "data-store-writer"
    return {"Policies": [iam.Policy(PolicyName=name, PolicyDocument=document)]}


def _identity(options: Writer, name_property: str) -> dict[str, Any]:
    if options.as_printed:
        return {name_property: stack_named("-data-store-writer")}
    return given(**{name_property: options.name}, PermissionsBoundary=options.permissions_boundary)
