"""What to do next, by what went wrong: the failures that this kind of stack meets on AWS. Pure.

The wording is AWS's, as its documents and public threads show it; (assumed) marks what none of them
confirmed. CloudFormation passes on what the service said, and adds a code of its own:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html
"""

import re
from dataclasses import dataclass

from readmodel_cfn.deploy.cause import Cause


@dataclass(frozen=True)
class _Rule:
    """What to do where a cause's reason, and its type, are like this; groups go into the text."""

    reason: str
    text: str
    type: str = ""


_AGAIN = "run the same command again"
_DENIED = r"not authorized to perform:? (?P<action>[\w-]+:\w+)"
_NAME = "choose another name in its table of readmodel.toml, or leave it out and it gets its own"
_ONE_PATH = (
    "API Gateway makes the new path before the old one is gone: deploy once without this one of "
    "[[routes]], then with it"
)

# The first that fits is taken: the more special stand above the more general.
_RULES = (
    # Permissions. What a denial says of its policies:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    _Rule(
        r"blocked by the BlockPublicPolicy|BlockPublicAccess",
        "give no public grant to the bucket: readers come through the API",
    ),
    _Rule(
        r"not authorized to perform:? iam:Create(User|AccessKey).*(explicit deny|service control)",
        'this account forbids IAM users with keys: set kind = "role" under [writer]',
    ),
    _Rule(
        _DENIED + r".*service control policy",
        r"the organization forbids \g<action> here: ask who manages its service control policies, "
        "or choose another account with --profile",
    ),
    _Rule(
        _DENIED + r".*permissions boundary",
        r"the permissions boundary of whoever deploys leaves \g<action> out: ask for it",
    ),
    _Rule(
        r"not authorized to perform:? (?P<action>iam:(Create|Put)(Role|User)\w*)",
        r"ask for \g<action>; where it is granted with a boundary only, set permissions_boundary "
        "in its table of readmodel.toml",
    ),
    _Rule(_DENIED, r"ask for \g<action>, or choose another profile with --profile"),
    # What CloudFormation itself writes of older resource types, as in "API: s3:CreateBucket".
    _Rule(
        r"API: (?P<action>[\w-]+:\w+) .*Access ?Denied",
        r"ask for \g<action>, or choose another profile with --profile",
    ),
    _Rule(
        r"is invalid or cannot be assumed",
        "role_arn under [stack] must exist and trust cloudformation.amazonaws.com",
    ),
    _Rule(
        r"Access ?Denied",
        "ask for the permission that was missing (CloudTrail names it), or choose another profile "
        "with --profile",
    ),
    # Names. A bucket's is unique in the world:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    _Rule(
        r"already exists|BucketAlready|bucket name is not available|already own it",
        "choose another name under [data_store], as they are global; a bucket that a deleted stack "
        "has kept is taken over by: readmodel-cfn deploy --import-existing",
        type="AWS::S3::Bucket",
    ),
    _Rule(r"already exists", _NAME, type=r"AWS::IAM::\w+"),
    _Rule(r"custom-named resource requires replacing", _NAME),
    _Rule(
        r"(?i)stage.*already exists",
        "the API has that stage already: choose another stage under [deployment]",
        type=r"AWS::ApiGateway::\w+",
    ),
    # API Gateway's tree of paths, which an update adds to before it takes away.
    _Rule(r"already has a variable path part|same parent already has this name", _ONE_PATH),
    _Rule(r"Method already exists", _ONE_PATH),
    # Limits: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html and
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
    _Rule(
        r"AccessKeysPerUser",
        "a user has two keys at most: delete the one that is not the stack's "
        f"(aws iam list-access-keys), then {_AGAIN}",
    ),
    _Rule(
        r"ACLSizePerRole",
        "a role's trust policy holds 2,048 characters: name fewer principals under [writer]",
    ),
    _Rule(
        r"Too ?Many ?Requests|Rate exceeded|Throttling",
        f"AWS was asked too fast (API Gateway makes one API in 3 seconds): {_AGAIN}",
    ),
    _Rule(
        r"(?i)exceed quota|limit ?exceeded|more buckets than allowed|maximum number of",
        "delete what is no longer used, or ask for more: aws service-quotas "
        "request-service-quota-increase",
    ),
    # Values that only AWS can check.
    _Rule(
        r"Scope ARN: \S+ does not exist or is not attachable",
        "permissions_boundary in its table of readmodel.toml must name a policy that exists",
    ),
    _Rule(
        r"Invalid principal",
        "each user and role in principals under [writer] must exist",
    ),
    _Rule(
        r"MalformedPolicy",
        "check the ARNs given in readmodel.toml: principals and kms_key",
    ),
    _Rule(
        r"InvalidTargetBucketForLogging|target bucket for logging",
        "access_logs under [data_store] must name a bucket of this account and region that S3's "
        "log delivery may write to",
    ),
    # (assumed): S3's codes for an object's key, here of a bucket's.
    _Rule(
        r"KMS\.\w+|(?i:kms key|kms:key).*(not exist|disabled|pending deletion|not found)",
        "kms_key under [data_store] must be an enabled key of the stack's region",
    ),
    _Rule(
        r"CloudWatch Logs role ARN must be set",
        "give API Gateway a role for logs, once an account and region: aws apigateway "
        "update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value=ROLE_ARN",
    ),
    _Rule(
        r"Invalid mapping expression",
        "run: readmodel-cfn audit, which names what is mapped and not declared",
    ),
    # Deletes.
    _Rule(r"BucketNotEmpty|delete is not empty", "run: readmodel-cfn delete --with-data"),
    _Rule(
        r"Cannot delete entity, must|DeleteConflict",
        f"something was attached by hand: detach it as IAM says, then {_AGAIN}",
    ),
    _Rule(
        r"Active stages pointing to this deployment",
        f"a stage made by hand uses it: delete that (aws apigateway get-stages), then {_AGAIN}",
    ),
    # What passes by itself, or must be asked for elsewhere.
    _Rule(
        r"conflicting conditional operation",
        f"S3 still settles a bucket of that name: {_AGAIN} in some minutes",
    ),
    _Rule(
        r"hook\(s\) failed",
        "mend what the hook asks for, or ask who manages the hooks of this account",
    ),
    _Rule(
        r"Call DescribeEvents",
        "ask for cloudformation:DescribeEvents or upgrade boto3 (pip install -U boto3), then run: "
        "readmodel-cfn diagnose",
    ),
    _Rule(r"\AUser Initiated\Z", "somebody cancelled it: run: readmodel-cfn deploy"),
    _Rule(
        r"NotStabilized|Exceeded attempts to wait|did not stabilize|timed out",
        f"AWS took too long: {_AGAIN}",
    ),
    _Rule(
        r"Internal ?Failure|Internal (Server )?Error|InternalError|Service ?Unavailable",
        f"a fault within AWS: {_AGAIN}",
    ),
)


def advice(cause: Cause) -> str | None:
    """What to do next about a cause; None where nothing special is known."""
    for rule in _RULES:
        found = re.search(rule.reason, cause.reason, re.DOTALL)
        if found and re.fullmatch(rule.type or ".*", cause.type):
            return found.expand(rule.text)
    return None
