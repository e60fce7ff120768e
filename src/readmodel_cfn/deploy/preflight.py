"""Preflight: checks that refuse a deploy which is known to fail, before anything is changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.aws.errors import aws_errors, error_code, readable_responses
from readmodel_cfn.cloudformation.reader import read_template
from readmodel_cfn.deploy.edge import check_account_role, check_regions, new_topics
from readmodel_cfn.deploy.obstacles import Obstacle, cloudfront_obstacles, obstacles
from readmodel_cfn.deploy.physical_names import (
    NAMINGS,
    NamedResource,
    named_resources,
    properties_of,
)
from readmodel_cfn.deploy.spec import MANAGED_TAG, StackSpec, check_quotas
from readmodel_cfn.errors import ConfigError, ReadModelError

BUCKET, _LOG_GROUP = "AWS::S3::Bucket", "AWS::Logs::LogGroup"
_RETAIN = ("Retain", "RetainExceptOnCreate")
# The IAM call that finds a name, and its argument.
_IAM = {
    "AWS::IAM::Role": ("get_role", "RoleName"),
    "AWS::IAM::User": ("get_user", "UserName"),
    "AWS::IAM::Group": ("get_group", "GroupName"),
    "AWS::IAM::InstanceProfile": ("get_instance_profile", "InstanceProfileName"),
}
_STACK_TAG, _ID_TAG = "aws:cloudformation:stack-name", "aws:cloudformation:logical-id"

Template = Mapping[str, Any]
Clients = Callable[[str], Any]
"""Returns a boto3 client for the name of a service."""


def preflight(
    spec: StackSpec,
    before: Template | str | None,
    clients: Clients,
    *,
    region: str | None = None,
    deployed_parameters: Mapping[str, str] | None = None,
    import_existing: bool = False,
) -> list[str]:
    """Refuse what is known to fail; return notes, such as checks that were not possible.

    `before` is the deployed template: None without a stack, text if it is YAML.
    `deployed_parameters` are the deployed stack's; by default those of `spec`. AWS is called only
    if the template has new physical names.

    Raises:
        ConfigError: a quota is exceeded, or a parameter is missing or unknown.
        ReadModelError: the update would fail; the error has the first obstacle.
    """
    check_quotas(spec)
    if isinstance(before, str):
        try:
            before = read_template(before, f"the template of stack {spec.name}")
        except ConfigError as error:
            return [f"The deployed template is not compared: {error}"]
    _refuse([*obstacles(before, spec.content), *cloudfront_obstacles(spec.content, region)])
    check_regions(spec.content, region)
    of_account = check_account_role(before, spec.content, clients, region)
    taken, notes = find_taken(_new_names(spec, before, region, deployed_parameters), clients)
    imported = [name for name in taken if import_existing and _is_importable(name, spec, before)]
    _refuse(
        [
            _taken_obstacle(name, spec, before, import_existing)
            for name in taken
            if name not in imported
        ]
    )
    of_imports = [f"{name.resource.name} exists and is imported." for name in imported]
    return [*of_account, *new_topics(before, spec.content), *notes, *of_imports]


def _refuse(found: Sequence[Obstacle]) -> None:
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise ReadModelError(found[0].what + more, where=found[0].where, hint=found[0].hint)


def _new_names(
    spec: StackSpec,
    before: Template | None,
    region: str | None,
    deployed_parameters: Mapping[str, str] | None,
) -> list[NamedResource]:
    """The physical names that the deploy would create.

    A name is not included if the deployed template may have the same one.
    """
    stack = {"AWS::StackName": spec.name} | ({"AWS::Region": region} if region else {})
    names = named_resources(spec.content, {**stack, **spec.parameters})
    if before is None:
        return names
    parameters = spec.parameters if deployed_parameters is None else deployed_parameters
    old = named_resources(before, {**stack, **parameters})
    existing, known = {(name.type, name.name) for name in old}, {name.logical_id for name in old}
    return [
        name
        for name in names
        if (name.type, name.name) not in existing
        and (name.logical_id in known or not _was_named(name, before))
    ]


def _was_named(name: NamedResource, before: Template) -> bool:
    resource = before["Resources"].get(name.logical_id, {})
    return NAMINGS[name.type].names[0][-1] in properties_of(resource)


@dataclass(frozen=True)
class TakenName:
    """A physical name that already exists.

    `visible` is False for a bucket that the caller may not read. `region` is that
    of a bucket in another region than the client's. `stack`, `logical_id` and `managed` come from
    the tags of a bucket that CloudFormation created; `managed` is whether this tool deployed it.
    """

    resource: NamedResource
    visible: bool = True
    region: str = ""
    stack: str = ""
    logical_id: str = ""
    managed: bool = False


def find_taken(
    names: Sequence[NamedResource], clients: Clients
) -> tuple[list[TakenName], list[str]]:
    """The names that already exist, and a note for each service that refused the check.

    Only buckets, log groups and IAM names are checked, except managed policies: their ARN has the
    account ID, which is unknown here.
    """
    found: list[TakenName] = []
    notes = []
    for service, label, types, find in (
        ("s3", "Bucket", {BUCKET}, _find_bucket),
        ("iam", "IAM", _IAM.keys(), _find_iam_name),
        ("logs", "Log group", {_LOG_GROUP}, _find_log_group),
    ):
        checked = [name for name in names if name.type in types]
        client = clients(service) if checked else None
        try:
            for name in checked:
                found += find(client, name)
        except aws_errors() as error:
            notes.append(f"{label} names not checked: {short_code(error)}")
    return found, notes


def _find_bucket(s3: Any, resource: NamedResource) -> Iterator[TakenName]:
    try:
        region = bucket_region(s3, resource.name)
    except aws_errors() as error:
        if short_code(error) == "403":
            yield TakenName(resource, visible=False)
        elif short_code(error) != "404":
            raise
    else:
        other_region = "" if region == s3.meta.region_name else region
        tags = _bucket_tags(s3, resource.name)
        stack, logical_id = tags.get(_STACK_TAG, ""), tags.get(_ID_TAG, "")
        managed = MANAGED_TAG.items() <= tags.items()
        yield TakenName(resource, True, other_region, stack, logical_id, managed)


def bucket_region(s3: Any, bucket: str, owner: str | None = None) -> str:
    """The bucket's region; the client's, if the response does not have it.

    `owner` is the account that must own the bucket; otherwise S3 denies access.
    """
    expected = {"ExpectedBucketOwner": owner} if owner else {}
    found = _call(s3, "head_bucket", Bucket=bucket, **expected)
    return str(found.get("BucketRegion", s3.meta.region_name))


def _bucket_tags(s3: Any, bucket: str) -> dict[str, str]:
    """The bucket's tags; empty if they cannot be read."""
    try:
        found = _call(s3, "get_bucket_tagging", Bucket=bucket)["TagSet"]
    except aws_errors():
        return {}
    return {tag["Key"]: tag["Value"] for tag in found}


def _find_iam_name(iam: Any, resource: NamedResource) -> Iterator[TakenName]:
    operation, argument = _IAM[resource.type]
    try:
        _call(iam, operation, **{argument: resource.name})
    except aws_errors() as error:
        if short_code(error) != "NoSuchEntity":
            raise
    else:
        yield TakenName(resource)


def _find_log_group(logs: Any, resource: NamedResource) -> Iterator[TakenName]:
    found = _call(logs, "describe_log_groups", logGroupNamePrefix=resource.name)
    if any(group["logGroupName"] == resource.name for group in found["logGroups"]):
        yield TakenName(resource)


def _call(client: Any, operation: str, **arguments: Any) -> Mapping[str, Any]:
    with readable_responses(operation):
        response: Mapping[str, Any] = getattr(client, operation)(**arguments)
        return response


def short_code(error: Exception) -> str:
    """The service's code of an error; the name of its class if it has none."""
    return error_code(error) if getattr(error, "response", None) else type(error).__name__


def _is_importable(taken: TakenName, spec: StackSpec, before: Template | None) -> bool:
    """Whether CloudFormation would import the resource.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
    """
    logical_id = taken.resource.logical_id
    retained = spec.content["Resources"][logical_id].get("DeletionPolicy") in _RETAIN
    added = before is None or logical_id not in before["Resources"]
    return taken.resource.literal and retained and added and not taken.region


def _taken_obstacle(
    taken: TakenName, spec: StackSpec, before: Template | None, import_existing: bool
) -> Obstacle:
    hint = _another_name(taken.resource)
    if import_existing:
        rule = "an imported resource must be new in the template, in this region, retained on "
        hint = f"{rule}deletion, and named by a plain string: {hint}"
    elif taken.managed and _is_importable(taken, spec, before):
        other = taken.stack not in ("", spec.name)
        imported = "import it with its documents into this stack: --import-existing"
        hint = f"{hint}, or, once stack {taken.stack} is deleted, {imported}" if other else imported
    return Obstacle(taken.resource.logical_id, _taken_by(taken), hint)


def _taken_by(taken: TakenName) -> str:
    name = taken.resource.name
    if taken.resource.type != BUCKET:
        return f"the name {name} already exists in this account"
    if not taken.visible:
        why = "it belongs to another account, or s3:ListBucket is missing"
        return f"bucket {name} exists, and S3 denies access to it: {why}"
    creator = f", created as {taken.logical_id} by stack {taken.stack}" if taken.stack else ""
    place = f" in {taken.region}" if taken.region else ""
    return f"bucket {name} exists{place}{creator}"


def _another_name(resource: NamedResource) -> str:
    if not resource.literal:
        return "choose another stack name, or other values of the parameters in its name"
    return "choose another name" + (" under [data_store]" if resource.type == BUCKET else "")
