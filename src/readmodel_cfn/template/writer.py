"""The writer: the IAM user or role that publishes documents, and the user's access key.

The article: "a specific user for writing to the S3 bucket", and its API keys. Its user is allowed
`s3:*` on every key of the bucket, and the secret key is in the outputs, where everybody who can
describe the stack can read it. Here the writer may only put the keys of the routes unless more is
configured, and Secrets Manager stores its access key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from awacs.aws import PolicyDocument, Statement
from troposphere import AWSObject, GetAtt, Join, Ref, iam, secretsmanager

from readmodel_cfn.template import policies
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.options import without_none
from readmodel_cfn.template.references import Reference
from readmodel_cfn.template.sections.writer import LAMBDA, Writer


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
    options: Writer,
    names: Names,
    *,
    bucket: Reference,
    keys: Sequence[str],
    kms_key: str | None,
    allow: Sequence[str],
    metric: bool = False,
    distribution: policies.Arn = None,
) -> WriterResources:
    """The writer of the key patterns `keys` in a bucket, which `kms_key` may encrypt.

    With `metric` it may write the metric of `publish`; `distribution` is the ARN of the one that it
    may invalidate.
    """
    if options.kind == "none":
        return WriterResources()
    kind = iam.Role if options.kind == "role" else iam.User
    reserved = policies.LOGS_LENGTH if LAMBDA in options.principals else 0
    reserved += policies.METRIC_LENGTH if metric else 0
    invalidates = "invalidate" in options.allow and distribution is not None
    reserved += policies.INVALIDATE_LENGTH if invalidates else 0
    first, *others = (
        _statements(allow, bucket.arn, batch, kms_key) if batch else []
        for batch in policies.batches(keys, kind, reserved)
    )
    if metric:
        first.append(policies.put_metric())
    if invalidates:
        first.append(policies.invalidate(distribution))
    identity = _identity(options, policies.document(first) if first else None, names)
    attached = {"Roles" if options.kind == "role" else "Users": [Ref(identity)]}
    beyond = [policies.document(statements) for statements in others]
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
    allow: Sequence[str], bucket: policies.Arn, keys: Sequence[str], kms_key: str | None
) -> list[Statement]:
    statements = []
    if actions := [action for word, action in _ACTIONS.items() if word in allow]:
        statements.append(policies.use(actions, policies.object_arns(bucket, keys)))
    if "list" in allow:
        statements.append(policies.list_keys(bucket, keys))
    if kms_key and "put" in allow:
        statements.append(policies.encrypt(kms_key))
    if kms_key and "compare" in allow:
        statements.append(policies.decrypt(kms_key))
    return statements


def _identity(
    options: Writer, document: PolicyDocument | None, names: Names
) -> iam.User | iam.Role:
    """The user or the role, with inline permissions, which are deleted with it.

    Each has its own logical ID: CloudFormation refuses another type for an existing one ("Update of
    resource type is not permitted", https://github.com/aws/aws-sam-cli/issues/6786).
    """
    boundary, name = options.permissions_boundary, "data-store-writer"
    documents = {name: document} if document else {}
    if LAMBDA in options.principals:
        documents["function-logs"] = policies.document([policies.write_logs()])
    inline = [
        iam.Policy(PolicyName=name, PolicyDocument=document) for name, document in documents.items()
    ] or None
    if options.kind == "user":
        return iam.User(
            names("DataStoreWriter"),
            **without_none(UserName=options.name, PermissionsBoundary=boundary, Policies=inline),
        )
    return iam.Role(
        names("DataStoreWriterRole"),
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
