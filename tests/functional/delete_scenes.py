"""Stacks and buckets in the states that `delete` meets, as stubbed responses."""

from typing import Any

from functional_aws import STACK_ID, THEN, Aws, event, run, stack

BUCKET = ("DataStore", "AWS::S3::Bucket", "data-bucket")
POLICY = ("DataStorePolicy", "AWS::S3::BucketPolicy", "data-bucket")
ROLE = ("ApiGatewayRole", "AWS::IAM::Role", "role")
RETAINED = {
    "Resources": {
        "DataStore": {"DeletionPolicy": "RetainExceptOnCreate"},
        "DataStorePolicy": {"DeletionPolicy": "Retain"},
    }
}
DELETED = {"Resources": {"DataStore": {"DeletionPolicy": "Delete"}, "ApiGatewayRole": {}}}
MADE = event(1, "DataStore", "CREATE_COMPLETE")
STARTED = event(2, "read-model", "DELETE_IN_PROGRESS", physical_id=STACK_ID)
SKIPPED = event(3, "DataStore", "DELETE_SKIPPED", physical_id="data-bucket")
ROLE_FAILED = event(4, "ApiGatewayRole", "DELETE_FAILED", "it is in use")
FAILED = event(5, "read-model", "DELETE_FAILED", "The following failed", physical_id=STACK_ID)
AGAIN = "readmodel-cfn delete --stack-name read-model --region eu-west-1"


def delete(*arguments: str) -> Any:
    return run("delete", "--region", "eu-west-1", "--yes", *arguments)


def versions(*ids: str, markers: tuple[str, ...] = (), more: bool = False) -> dict[str, Any]:
    return {
        "Versions": [{"Key": "k", "VersionId": version, "Size": 1500} for version in ids],
        "DeleteMarkers": [{"Key": "k", "VersionId": version} for version in markers],
        "IsTruncated": more,
        **({"NextKeyMarker": "k", "NextVersionIdMarker": ids[-1]} if more else {}),
    }


def found(
    aws: Aws, template: dict[str, Any], status: str = "CREATE_COMPLETE", each: str = ""
) -> None:
    """The stack exists, with its bucket; `each` is the status of its resources."""
    aws.stack(status)
    aws.resources(BUCKET, POLICY, ROLE, status=each or "CREATE_COMPLETE")
    aws.template(template)


def holds(aws: Aws, *ids: str, **more: Any) -> None:
    """The next page of the bucket's listing."""
    aws.answers("s3", "list_object_versions", versions(*ids, **more))


def goes(aws: Aws, ends: str = "DELETE_COMPLETE", *events: dict[str, Any]) -> None:
    """CloudFormation deletes the stack."""
    aws.stack()
    aws.events(MADE)
    aws.answers("cloudformation", "delete_stack", {})
    aws.stack(ends)
    aws.events(*events, MADE)


def empties(aws: Aws, *ids: str) -> None:
    objects = [{"Key": "k", "VersionId": version} for version in ids]
    expected = {"Bucket": "data-bucket", "Delete": {"Objects": objects, "Quiet": True}}
    aws.answers("s3", "delete_objects", {}, **expected)


def deleted(aws: Aws, *events: dict[str, Any], **more: Any) -> None:
    """The stack is deleted; CloudFormation lists it, and an older stack of the same name."""
    aws.no_stack()
    stacks = [summary(STACK_ID, 3), summary(f"{STACK_ID}-old", 1), summary("other", 9, "other")]
    page = {"StackSummaries": stacks[:1], "NextToken": "more"}
    aws.answers("cloudformation", "list_stacks", page, StackStatusFilter=["DELETE_COMPLETE"])
    aws.answers("cloudformation", "list_stacks", {"StackSummaries": stacks[1:]})
    gone = {"Stacks": [stack("DELETE_COMPLETE", **more)]}
    aws.answers("cloudformation", "describe_stacks", gone, StackName=STACK_ID)
    if not more:
        aws.resources(BUCKET, status="DELETE_SKIPPED")
        aws.events(*events, STARTED, MADE)


def summary(stack_id: str, day: int, name: str = "read-model") -> dict[str, Any]:
    return {
        "StackId": stack_id,
        "StackName": name,
        "CreationTime": THEN,
        "DeletionTime": THEN.replace(day=day),
        "StackStatus": "DELETE_COMPLETE",
    }


def others(aws: Aws, **outputs: str) -> None:
    """The existing stacks: this stack, and another with these outputs."""
    values = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    other = {"StackId": "other", "StackName": "shop", "CreationTime": THEN}
    other |= {"StackStatus": "CREATE_COMPLETE", "Outputs": values}
    aws.answers("cloudformation", "describe_stacks", {"Stacks": [stack(), other]})
