"""Advice: what AWS says when this kind of stack fails, and what to do then."""

import re

import click
import pytest

from readmodel_cfn.cli import main
from readmodel_cfn.config.load import TABLES
from readmodel_cfn.deploy.advice import advice
from readmodel_cfn.deploy.cause import Cause
from readmodel_cfn.template.options import options_of

ROLE, USER, BUCKET = "AWS::IAM::Role", "AWS::IAM::User", "AWS::S3::Bucket"
PATH, METHOD = "AWS::ApiGateway::Resource", "AWS::ApiGateway::Method"
STAGE, API = "AWS::ApiGateway::Stage", "AWS::ApiGateway::RestApi"


def denied(action: str, why: str) -> str:
    return (
        'Resource handler returned message: "User: arn:aws:iam::123456789012:user/ci is not '
        f"authorized to perform: {action} on resource: arn:aws:iam::123456789012:role/x {why} "
        '(Service: Iam, Status Code: 403, Request ID: 1)" (HandlerErrorCode: AccessDenied)'
    )


NO_POLICY = "because no identity-based policy allows the action"
BY_SCP = "with an explicit deny in a service control policy"
# Type, what AWS says, and what the advice must say: the more special ones show their precedence.
SAID = [
    (ROLE, denied("s3:CreateBucket", NO_POLICY), "ask for s3:CreateBucket, or"),
    (ROLE, denied("iam:CreateRole", NO_POLICY), "ask for iam:CreateRole; where it is granted"),
    (ROLE, denied("iam:CreateRole", BY_SCP), "forbids iam:CreateRole"),
    (USER, denied("iam:CreateUser", BY_SCP), 'set kind = "role" under [writer]'),
    (USER, denied("iam:CreateAccessKey", BY_SCP), 'set kind = "role" under [writer]'),
    (
        ROLE,
        denied("s3:PutBucketPolicy", "because no permissions boundary allows the action"),
        "boundary of whoever deploys leaves s3:PutBucketPolicy out",
    ),
    (
        "AWS::S3::BucketPolicy",
        denied(
            "s3:PutBucketPolicy",
            "because public policies are blocked by the BlockPublicPolicy block public access "
            "setting.",
        ),
        "no public grant",
    ),
    (BUCKET, "API: s3:CreateBucket Access Denied", "ask for s3:CreateBucket"),
    (BUCKET, "Access Denied (Service: S3, Status Code: 403)", "CloudTrail"),
    ("", "Role arn:aws:iam::123456789012:role/x is invalid or cannot be assumed", "role_arn under"),
    (
        BUCKET,
        "Resource of type 'AWS::S3::Bucket' with identifier 'shop' already exists.",
        "choose another name under [data_store]",
    ),
    (BUCKET, "shop already exists", "deploy --import-existing"),
    (
        BUCKET,
        "The requested bucket name is not available. The bucket namespace is shared by all users "
        "of the system. Please select a different name and try again. (Service: S3, Status Code: "
        "409)",
        "choose another name under [data_store]",
    ),
    (
        ROLE,
        "Resource of type 'AWS::IAM::Role' with identifier 'stage' already exists. "
        "(HandlerErrorCode: AlreadyExists)",
        "choose another name in its table",
    ),
    (USER, "User with name shop already exists.", "choose another name in its table"),
    (
        BUCKET,
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        "Rename shop and update the stack again.",
        "choose another name in its table",
    ),
    (STAGE, "Stage already exists", "choose another stage under [deployment]"),
    (
        PATH,
        "A sibling ({id}) of this resource already has a variable path part -- only one is allowed",
        "deploy once without this one of [[routes]]",
    ),
    (
        PATH,
        "Another resource with the same parent already has this name: products",
        "deploy once without this one of [[routes]]",
    ),
    (METHOD, "Method already exists for this resource", "deploy once without"),
    (
        API,
        "Too Many Requests (Service: ApiGateway, Status Code: 429, Request ID: 1)",
        "run the same command again",
    ),
    (ROLE, "Rate exceeded", "run the same command again"),
    (
        "AWS::IAM::AccessKey",
        "Cannot exceed quota for AccessKeysPerUser: 2 (Service: Iam, Status Code: 409)",
        "aws iam list-access-keys",
    ),
    (ROLE, "Cannot exceed quota for ACLSizePerRole: 2048", "fewer principals under [writer]"),
    (ROLE, "Cannot exceed quota for RolesPerAccount: 1000", "aws service-quotas"),
    (BUCKET, "You have attempted to create more buckets than allowed", "aws service-quotas"),
    (
        API,
        'Resource handler returned message: "The maximum number of APIs has been reached." '
        "(HandlerErrorCode: ServiceLimitExceeded)",
        "aws service-quotas",
    ),
    (
        USER,
        "NoSuchEntity: Scope ARN: arn:aws:iam::000000000000:policy/none does not exist or is not "
        "attachable.",
        "permissions_boundary in its table",
    ),
    (
        ROLE,
        'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/x" (Service: Iam, '
        "Error Code: MalformedPolicyDocument)",
        "principals under [writer] must exist",
    ),
    (ROLE, "MalformedPolicyDocument: Resource must be in ARN format", "principals and kms_key"),
    (
        BUCKET,
        "The target bucket for logging does not exist (Service: Amazon S3; Status Code: 400; Error "
        "Code: InvalidTargetBucketForLogging)",
        "access_logs under [data_store]",
    ),
    (BUCKET, "KMS.NotFoundException: Key does not exist", "kms_key under [data_store]"),
    (BUCKET, "The KMS key is disabled", "kms_key under [data_store]"),
    (
        STAGE,
        "CloudWatch Logs role ARN must be set in account settings to enable logging",
        "cloudwatchRoleArn",
    ),
    (
        METHOD,
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid "
        "mapping expression specified: method.response.header.ETag]",
        "run: readmodel-cfn audit",
    ),
    (
        BUCKET,
        "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
        "run: readmodel-cfn delete --with-data",
    ),
    (USER, "Cannot delete entity, must delete access keys first.", "attached by hand"),
    (
        "AWS::ApiGateway::Deployment",
        "Active stages pointing to this deployment must be moved or deleted",
        "aws apigateway get-stages",
    ),
    (
        BUCKET,
        "A conflicting conditional operation is currently in progress against this resource. "
        "Please try again.",
        "again in some minutes",
    ),
    (BUCKET, "The following hook(s) failed: [MyCompany::Testing::MyTestHook]", "hook asks for"),
    (
        "",
        "Validation failed with 1 error(s). Call DescribeEvents to retrieve the full list of "
        "issues with resource and property details, resolve each error, then retry the operation.",
        "pip install -U boto3",
    ),
    ("", "User Initiated", "somebody cancelled it"),
    (
        API,
        'Resource handler returned message: "Exceeded attempts to wait" (RequestToken: 1, '
        "HandlerErrorCode: NotStabilized)",
        "took too long: run the same command again",
    ),
    (API, "Internal Failure", "run the same command again"),
    (API, "Internal Server Error (HandlerErrorCode: InternalFailure)", "run the same command"),
]


def advised(kind: str, reason: str) -> str:
    found = advice(Cause("Resource", kind, reason))
    assert found, reason
    return found


@pytest.mark.parametrize(("kind", "reason", "said"), SAID)
def test_what_aws_says_has_its_advice(kind: str, reason: str, said: str) -> None:
    assert said in advised(kind, reason)


def test_what_nobody_foresaw_has_none() -> None:
    assert advice(Cause("A", BUCKET, "The moon is full")) is None
    assert advice(Cause("A", "AWS::SQS::Queue", "jobs already exists")) is None


def test_line_breaks_do_not_hide_what_is_wrong() -> None:
    reason = denied("iam:CreateRole", BY_SCP).replace(" on resource", "\non resource")
    assert "forbids iam:CreateRole" in advised(ROLE, reason)


ADVICE = sorted({advised(kind, reason) for kind, reason, _ in SAID})


@pytest.mark.parametrize("text", ADVICE)
def test_the_keys_and_commands_that_advice_names_exist(text: str) -> None:
    keys = {
        table: {declared.name for declared, _ in options_of(cls)} for table, cls in TABLES.items()
    }
    for key, table in re.findall(r"(\w+)(?: = \"\w+\")? under \[(\w+)\]", text):
        assert key in keys[table], text
    for table in re.findall(r"\[(\w+)\]", text):
        assert table in keys, text
    for command, option in re.findall(r"readmodel-cfn (\w+)(?: (--[\w-]+))?", text):
        found = main.get_command(click.Context(main), command)
        assert found is not None, text
        assert not option or any(option in one.opts for one in found.params), text


@pytest.mark.parametrize("text", ADVICE)
def test_advice_is_part_of_one_line(text: str) -> None:
    assert "\n" not in text
    assert not text.endswith(".")
