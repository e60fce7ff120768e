"""Hints for failed operations, by the reason that AWS reports.

The reasons are quoted from AWS's documentation and from public threads; (assumed) marks those that
no source confirms. CloudFormation passes on the service's message, and adds a code:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html
"""

import re
from dataclasses import dataclass

from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.deploy.cause import Cause

# What to do after an operation that was rolled back, if nothing is known about its cause.
# DELETE_COMPLETE is the status after a failed create with on-failure deletion.
AFTER_ROLLBACK = {
    "ROLLBACK_COMPLETE": "the stack is empty; fix the cause, then run: readmodel-cfn deploy",
    "UPDATE_ROLLBACK_COMPLETE": (
        "the stack is unchanged; fix the cause, then run: readmodel-cfn deploy"
    ),
    "IMPORT_ROLLBACK_COMPLETE": (
        "the stack is unchanged; fix the cause, then run: readmodel-cfn deploy"
    ),
    "DELETE_COMPLETE": "the stack is deleted; fix the cause, then run: readmodel-cfn deploy",
}
_AFTER_FAILURE = {
    "CREATE_FAILED": "what was created is kept; fix the cause, then run: readmodel-cfn deploy",
    "UPDATE_FAILED": "what was changed is kept; fix the cause, then run: readmodel-cfn deploy",
    "ROLLBACK_FAILED": (
        "the stack is partly deleted; fix the cause, then run: readmodel-cfn deploy"
    ),
    "UPDATE_ROLLBACK_FAILED": (
        "the stack is partly rolled back; fix the cause, then run: readmodel-cfn deploy"
    ),
    "DELETE_FAILED": ("the stack is partly deleted; fix the cause, then run: readmodel-cfn delete"),
    "REVIEW_IN_PROGRESS": "the stack has no resources yet; run: readmodel-cfn deploy",
}
_ON_A_STACK = re.compile(
    r"readmodel-cfn (deploy|delete|diagnose|history|read|status)\b(?! --stack-name)"
)


def next_step(status: str, cause: Cause | None) -> str:
    """What to do about a stack in this status, whose last operation had this cause."""
    general = (AFTER_ROLLBACK | _AFTER_FAILURE).get(status, "run: readmodel-cfn status")
    return (advice(cause) if cause else None) or general


def advice(cause: Cause) -> str | None:
    """What to do about a cause; None if its reason is not known here."""
    for rule in _RULES:
        found = re.search(rule.reason, cause.reason, re.DOTALL)
        if found and re.fullmatch(rule.type or ".*", cause.type):
            return found.expand(rule.text)
    return None


def with_location(text: str, location: StackLocation) -> str:
    """The text with the stack's options added to its commands, such as `readmodel-cfn deploy`."""
    return _ON_A_STACK.sub(lambda command: location.command(command[1]), text)


@dataclass(frozen=True)
class _Rule:
    """Patterns of the reason and the resource type, and the hint, which may use their groups."""

    reason: str
    text: str
    type: str = ""


_AGAIN = "run the failed command again"
_DENIED = r"not authorized to perform:? (?P<action>[\w-]+:\w+)"
_ASK = r"ask for the permission \g<action>, or use another profile with --profile"
_NAME = "set another name in its table of readmodel.toml, or remove it: AWS then generates a name"
_ONE_PATH = (
    "API Gateway creates the new path before it deletes the old one: deploy once without this "
    "route of [[routes]], then with it"
)

# The first match counts, so specific rules are before general ones.
_RULES = (
    # Permissions. The messages name the kind of policy that denies:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    _Rule(
        r"blocked by the BlockPublicPolicy|BlockPublicAccess",
        "remove the public grant from the bucket policy: clients read through the API",
    ),
    _Rule(
        r"not authorized to perform:? iam:Create(User|AccessKey).*(explicit deny|service control)",
        'this account does not allow IAM users with keys: set kind = "role" under [writer]',
    ),
    _Rule(
        _DENIED + r".*service control policy",
        r"a service control policy denies \g<action>: ask the organization's administrator, or use "
        "another account with --profile",
    ),
    _Rule(
        _DENIED + r".*permissions boundary",
        r"your permissions boundary does not allow \g<action>: ask the administrator to add it",
    ),
    _Rule(
        r"not authorized to perform:? (?P<action>iam:(Create|Put)(Role|User)\w*)",
        r"ask for the permission \g<action>; if it requires a permissions boundary, set "
        "permissions_boundary in its table of readmodel.toml",
    ),
    _Rule(_DENIED, _ASK),
    # The messages of older resource types begin with "API: s3:CreateBucket".
    _Rule(
        r"API: (?P<action>[\w-]+:\w+) .*Access ?Denied",
        _ASK,
    ),
    _Rule(
        r"is invalid or cannot be assumed",
        "set role_arn under [stack] to an existing role that trusts cloudformation.amazonaws.com",
    ),
    _Rule(
        r"Access ?Denied",
        "ask for the missing permission, which CloudTrail names, or use another profile with "
        "--profile",
    ),
    # Names. A bucket's name is unique in its partition:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    _Rule(
        r"already exists|BucketAlready|bucket name is not available|already own it",
        "bucket names are global: set another name under [data_store], or import a bucket that a "
        "deleted stack kept, run: readmodel-cfn deploy --import-existing",
        type="AWS::S3::Bucket",
    ),
    _Rule(r"already exists", _NAME, type=r"AWS::IAM::\w+"),
    _Rule(r"custom-named resource requires replacing", _NAME),
    _Rule(
        r"(?i)stage.*already exists",
        "the API already has this stage: set another stage under [deployment]",
        type=r"AWS::ApiGateway::\w+",
    ),
    # API Gateway's tree of paths: an update creates resources before it deletes others.
    _Rule(r"already has a variable path part|same parent already has this name", _ONE_PATH),
    _Rule(r"Method already exists", _ONE_PATH),
    # Limits: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html and
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
    _Rule(
        r"AccessKeysPerUser",
        "a user can have two access keys: deploy without keep_previous_key under [writer] first, "
        f"or delete a key that is not the stack's (aws iam list-access-keys), then {_AGAIN}",
    ),
    _Rule(
        r"ACLSizePerRole",
        "a role's trust policy can have 2,048 characters: list fewer principals under [writer]",
    ),
    _Rule(
        r"Too ?Many ?Requests|Rate exceeded|Throttling",
        f"AWS throttled the requests (API Gateway allows one new API per 3 seconds): {_AGAIN}",
    ),
    _Rule(
        r"(?i)exceed quota|limit ?exceeded|more buckets than allowed|maximum number of",
        "delete resources that are no longer used, or request a higher quota: aws service-quotas "
        "request-service-quota-increase",
    ),
    # Values that only AWS can check.
    _Rule(
        r"Scope ARN: \S+ does not exist or is not attachable",
        "set permissions_boundary in its table of readmodel.toml to a policy that exists",
    ),
    _Rule(
        r"Invalid principal",
        "remove users and roles that do not exist from principals under [writer]",
    ),
    _Rule(
        r"MalformedPolicy",
        "check the ARNs in readmodel.toml: principals and kms_key",
    ),
    _Rule(
        r"InvalidTargetBucketForLogging|target bucket for logging",
        "set access_logs under [data_store] to a bucket of this account and region that S3's log "
        "delivery may write to",
    ),
    # (assumed): S3's error codes for the key of an object, here for the key of a bucket.
    _Rule(
        r"KMS\.\w+|(?i:kms key|kms:key).*(not exist|disabled|pending deletion|not found)",
        "set kms_key under [data_store] to an enabled key of the stack's region",
    ),
    _Rule(
        r"CloudWatch Logs role ARN must be set",
        "set API Gateway's role for logs, once per account and region: aws apigateway "
        "update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value=ROLE_ARN",
    ),
    _Rule(
        r"Invalid mapping expression",
        "declare the parameter that the expression maps; to find it, run: readmodel-cfn audit",
    ),
    # Deletes.
    _Rule(r"BucketNotEmpty|delete is not empty", "run: readmodel-cfn delete --with-data"),
    _Rule(
        r"Cannot delete entity, must|DeleteConflict",
        f"something was attached to it outside the stack: detach that, then {_AGAIN}",
    ),
    _Rule(
        r"Active stages pointing to this deployment",
        "a stage that was created outside the stack uses it: delete that stage "
        f"(aws apigateway get-stages), then {_AGAIN}",
    ),
    # Transient errors, hooks and cancelled operations.
    _Rule(
        r"conflicting conditional operation",
        f"S3 is still deleting a bucket of this name: wait some minutes, then {_AGAIN}",
    ),
    _Rule(
        r"hook\(s\) failed",
        "fix what the hook requires, or ask the administrator of the account's hooks",
    ),
    _Rule(
        r"Call DescribeEvents",
        "ask for the permission cloudformation:DescribeEvents or upgrade boto3 "
        "(pip install -U boto3), then run: readmodel-cfn diagnose",
    ),
    _Rule(
        r"\AUser Initiated\Z",
        "it was cancelled; to repeat it, run: readmodel-cfn deploy",
    ),
    _Rule(
        r"NotStabilized|Exceeded attempts to wait|did not stabilize|timed out",
        f"AWS took too long: {_AGAIN}",
    ),
    _Rule(
        r"Internal ?Failure|Internal (Server )?Error|InternalError|Service ?Unavailable",
        f"AWS had an internal error: {_AGAIN}",
    ),
)
