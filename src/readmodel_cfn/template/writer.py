"""The writer: the IAM user or role that publishes documents, and the user's access key.

The article: "a specific user for writing to the S3 bucket", and its API keys. Its user is allowed
`s3:*` on every key of the bucket, and the secret key is in the outputs, where everybody who can
describe the stack can read it. Here the writer may only put the keys of the routes unless more is
configured, and Secrets Manager stores its access key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from awacs.aws import PolicyDocument, Statement
from troposphere import AWSObject, GetAtt, Join, Ref, iam, secretsmanager

from readmodel_cfn.template import policies
from readmodel_cfn.template.naming import BOUNDARY, IAM_NAME, IAM_NAME_IN_WORDS, Names
from readmodel_cfn.template.oidc import SUBJECT
from readmodel_cfn.template.options import OptionError, check_options, option, without_none
from readmodel_cfn.template.references import Reference

_IAM_PRINCIPAL = r"\d{12}|arn:[a-z-]+:iam::\d{12}:(root|(user|role)/[A-Za-z0-9_+=,.@/-]{1,128})"


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
        "Principals that may assume the role: account IDs, ARNs of users and roles, or subjects of "
        "GitHub's or GitLab's OIDC tokens (default: none).",
        pattern=f"{_IAM_PRINCIPAL}|{SUBJECT}",
        allowed="an account ID, the ARN of an account's root, a user or a role, or the whole "
        "subject of a job, without *: repo:OWNER/REPOSITORY:environment:NAME",
        example=("repo:acme/shop:environment:production",),
    )
    allow: tuple[Literal["put", "compare", "list", "delete"], ...] = option(
        ("put",),
        "Allowed operations on the keys of the routes: put (default); compare, for conditional "
        "puts that replace only the version that was read; list; delete. With [releases] they are "
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
            raise OptionError("writer.allow", [], "at least one of put, compare, list, delete")
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


@dataclass(frozen=True)
class WriterResources:
    """The user and its access key, or the role; every field is empty if there is no writer.

    `policies` are managed policies for keys that do not fit into the inline policy; `previous_key`
    is the access key that is still valid during a rotation; `secret` is None if the access key is
    in the outputs.
    """

    identity: iam.User | iam.Role | None = None
    policies: tuple[iam.ManagedPolicy, ...] = ()
    previous_key: iam.AccessKey | None = None
    access_key: iam.AccessKey | None = None
    secret: secretsmanager.Secret | None = None

    def __iter__(self) -> Iterator[AWSObject]:
        """Each resource, in the article's order."""
        keys = (self.previous_key, self.access_key)
        resources = (self.identity, *self.policies, *keys, self.secret)
        yield from (resource for resource in resources if resource is not None)


def build_writer(
    options: Writer, names: Names, *, bucket: Reference, keys: Sequence[str], kms_key: str | None
) -> WriterResources:
    """The writer of the key patterns `keys` in a bucket, which `kms_key` may encrypt."""
    if options.kind == "none":
        return WriterResources()
    kind = iam.Role if options.kind == "role" else iam.User
    first, *others = (
        policies.document(_statements(options, bucket.arn, batch, kms_key)) if batch else None
        for batch in policies.batches(keys, kind)
    )
    identity = _identity(options, first, names)
    attached = {"Roles" if options.kind == "role" else "Users": [Ref(identity)]}
    beyond = [document for document in others if document]
    title = names("DataStoreWriterPolicy")
    managed = tuple(policies.beyond_inline(title, beyond, **attached))
    if options.kind == "role":
        return WriterResources(identity, managed)
    key = _access_key(options.serial, identity, names)
    previous = (
        _access_key(options.serial - 1, identity, names) if options.keep_previous_key else None
    )
    secret = _secret(key, names) if options.key_in == "secret" else None
    return WriterResources(identity, managed, previous, key, secret)


def _access_key(serial: int, identity: iam.User | iam.Role, names: Names) -> iam.AccessKey:
    """The access key with this serial number.

    Each number has its own logical ID, so that a new key can be created beside the previous one
    and the previous one deleted later.
    """
    return iam.AccessKey(
        names(f"DataStoreWriterAccessKey{serial if serial > 1 else ''}"),
        Serial=serial,
        Status="Active",
        UserName=Ref(identity),
    )


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


def _identity(
    options: Writer, document: PolicyDocument | None, names: Names
) -> iam.User | iam.Role:
    """The user or the role, with inline permissions, which are deleted with it."""
    title, boundary = names("DataStoreWriter"), options.permissions_boundary
    name = "data-store-writer"
    inline = [iam.Policy(PolicyName=name, PolicyDocument=document)] if document else None
    if options.kind == "user":
        return iam.User(
            title,
            **without_none(UserName=options.name, PermissionsBoundary=boundary, Policies=inline),
        )
    return iam.Role(
        title,
        **without_none(RoleName=options.name, PermissionsBoundary=boundary),
        AssumeRolePolicyDocument=policies.document(policies.assumed_by(options.principals)),
        **without_none(Policies=inline),
    )


def _secret(key: iam.AccessKey, names: Names) -> secretsmanager.Secret:
    """The key as a secret, `{"access_key_id": ..., "secret_access_key": ...}`.

    CloudFormation generates its name: the name of a deleted secret cannot be reused for days.
    """
    key_id, secret_key = Ref(key), GetAtt(key, "SecretAccessKey")
    body = ['{"access_key_id":"', key_id, '","secret_access_key":"', secret_key]
    return secretsmanager.Secret(
        names("DataStoreWriterSecret"),
        Description="Key of the user that publishes to the data store",
        SecretString=Join("", [*body, '"}']),
    )
