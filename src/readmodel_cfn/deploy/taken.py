"""Taken: which of a template's names somebody has already, as far as AWS tells."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.aws.errors import aws_errors, error_code, readable_answers
from readmodel_cfn.deploy.names import Named
from readmodel_cfn.deploy.wanted import MANAGED_TAG
from readmodel_cfn.errors import ReadModelError

BUCKET = "AWS::S3::Bucket"
# How IAM is asked for a name: the call and its argument.
_IAM = {
    "AWS::IAM::Role": ("get_role", "RoleName"),
    "AWS::IAM::User": ("get_user", "UserName"),
    "AWS::IAM::Group": ("get_group", "GroupName"),
    "AWS::IAM::InstanceProfile": ("get_instance_profile", "InstanceProfileName"),
}
_STACK_TAG, _ID_TAG = "aws:cloudformation:stack-name", "aws:cloudformation:logical-id"

Clients = Callable[[str], Any]  # makes a boto3 client of a service


@dataclass(frozen=True)
class Taken:
    """A name that somebody has.

    `visible` is False for a bucket that S3 does not let us look at; `region` is a bucket's, where
    that is another than the client's. Of a bucket that CloudFormation made its tags tell the
    `stack` and the logical id, and whether the stack was this tool's.
    """

    named: Named
    visible: bool = True
    region: str = ""
    stack: str = ""
    logical_id: str = ""
    managed: bool = False


def taken(named: Sequence[Named], clients: Clients) -> tuple[list[Taken], list[str]]:
    """Those of the names that somebody has, and a line for each service that did not tell.

    Buckets and IAM's entities are asked for; a managed policy cannot be, without its account's id.
    """
    found: list[Taken] = []
    notes = []
    for service, label, types, look in (
        ("s3", "Bucket", {BUCKET}, _bucket),
        ("iam", "IAM", _IAM.keys(), _entity),
    ):
        asked = [one for one in named if one.type in types]
        client = clients(service) if asked else None
        try:
            for one in asked:
                found += look(client, one)
        except aws_errors() as error:
            notes.append(f"{label} names not checked: {_code(error)}")
    return found, notes


def _bucket(s3: Any, named: Named) -> Iterator[Taken]:
    try:
        region = _elsewhere(s3, named.name)
    except aws_errors() as error:
        if _code(error) == "403":
            yield Taken(named, visible=False)
        elif _code(error) != "404":
            raise
    else:
        tags = _tags(s3, named.name)
        managed = MANAGED_TAG.items() <= tags.items()
        yield Taken(named, True, region, tags.get(_STACK_TAG, ""), tags.get(_ID_TAG, ""), managed)


def _elsewhere(s3: Any, bucket: str) -> str:
    """The bucket's region, where that is another than the client's."""
    here = s3.meta.region_name
    region = str(_call(s3, "head_bucket", Bucket=bucket).get("BucketRegion", here))
    return "" if region == here else region


def _tags(s3: Any, bucket: str) -> dict[str, str]:
    """The bucket's tags; none where S3 does not tell them."""
    try:
        found = _call(s3, "get_bucket_tagging", Bucket=bucket)["TagSet"]
    except aws_errors():
        return {}
    return {one["Key"]: one["Value"] for one in found}


def _entity(iam: Any, named: Named) -> Iterator[Taken]:
    operation, argument = _IAM[named.type]
    try:
        _call(iam, operation, **{argument: named.name})
    except aws_errors() as error:
        if _code(error) != "NoSuchEntity":
            raise
    else:
        yield Taken(named)


def check_template_bucket(s3: Any, bucket: str) -> list[str]:
    """Check the bucket that hands a template over; a line where it could not be.

    Raises:
        ReadModelError: it is not there, or in another region, where CloudFormation does not look.
    """
    where = f"--template-bucket {bucket}"
    try:
        region = _elsewhere(s3, bucket)
    except aws_errors() as error:
        if _code(error) != "404":  # whoever may put there need not be allowed to look
            return [f"Bucket {bucket} not checked: {_code(error)}"]
        hint = "make it, or give another one"
        raise ReadModelError("there is no such bucket", where=where, hint=hint) from error
    if region:
        hint = f"give one in {s3.meta.region_name}"
        raise ReadModelError(f"it is in {region}", where=where, hint=hint)
    return []


def _call(client: Any, operation: str, **arguments: Any) -> Mapping[str, Any]:
    with readable_answers(operation):
        answer: Mapping[str, Any] = getattr(client, operation)(**arguments)
        return answer


def _code(error: Exception) -> str:
    return error_code(error) if getattr(error, "response", None) else type(error).__name__
