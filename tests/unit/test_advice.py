"""Advice for the failure reasons that AWS gives."""

import re

import click
import pytest

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.cli import main
from readmodel_cfn.config.values import TABLES
from readmodel_cfn.deploy.advice import advice, with_location
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
# Type, reason that AWS gives, and an option, permission or command in the advice.
REASONS = [
    (ROLE, denied("s3:CreateBucket", NO_POLICY), "s3:CreateBucket"),
    (ROLE, denied("iam:CreateRole", NO_POLICY), "iam:CreateRole"),
    (ROLE, denied("iam:CreateRole", BY_SCP), "iam:CreateRole"),
    (USER, denied("iam:CreateUser", BY_SCP), 'kind = "role"'),
    (USER, denied("iam:CreateAccessKey", BY_SCP), 'kind = "role"'),
    (
        ROLE,
        denied("s3:PutBucketPolicy", "because no permissions boundary allows the action"),
        "s3:PutBucketPolicy",
    ),
    (
        "AWS::S3::BucketPolicy",
        denied(
            "s3:PutBucketPolicy",
            "because public policies are blocked by the BlockPublicPolicy block public access "
            "setting.",
        ),
        "",
    ),
    (BUCKET, "API: s3:CreateBucket Access Denied", "s3:CreateBucket"),
    (BUCKET, "Access Denied (Service: S3, Status Code: 403)", "CloudTrail"),
    ("", "Role arn:aws:iam::123456789012:role/x is invalid or cannot be assumed", "role_arn"),
    (
        BUCKET,
        "Resource of type 'AWS::S3::Bucket' with identifier 'shop' already exists.",
        "[data_store]",
    ),
    (BUCKET, "shop already exists", "--import-existing"),
    (
        BUCKET,
        "The requested bucket name is not available. The bucket namespace is shared by all users "
        "of the system. Please select a different name and try again. (Service: S3, Status Code: "
        "409)",
        "[data_store]",
    ),
    (
        ROLE,
        "Resource of type 'AWS::IAM::Role' with identifier 'stage' already exists. "
        "(HandlerErrorCode: AlreadyExists)",
        "",
    ),
    (USER, "User with name shop already exists.", ""),
    (
        BUCKET,
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        "Rename shop and update the stack again.",
        "",
    ),
    (STAGE, "Stage already exists", "[deployment]"),
    (
        PATH,
        "A sibling ({id}) of this resource already has a variable path part -- only one is allowed",
        "[[routes]]",
    ),
    (
        PATH,
        "Another resource with the same parent already has this name: products",
        "[[routes]]",
    ),
    (METHOD, "Method already exists for this resource", ""),
    (
        API,
        "Too Many Requests (Service: ApiGateway, Status Code: 429, Request ID: 1)",
        "",
    ),
    (ROLE, "Rate exceeded", ""),
    (
        "AWS::IAM::AccessKey",
        "Cannot exceed quota for AccessKeysPerUser: 2 (Service: Iam, Status Code: 409)",
        "list-access-keys",
    ),
    (ROLE, "Cannot exceed quota for ACLSizePerRole: 2048", "principals"),
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
        "permissions_boundary",
    ),
    (
        ROLE,
        'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/x" (Service: Iam, '
        "Error Code: MalformedPolicyDocument)",
        "principals",
    ),
    (ROLE, "MalformedPolicyDocument: Resource must be in ARN format", "kms_key"),
    (
        BUCKET,
        "The target bucket for logging does not exist (Service: Amazon S3; Status Code: 400; Error "
        "Code: InvalidTargetBucketForLogging)",
        "access_logs",
    ),
    (BUCKET, "KMS.NotFoundException: Key does not exist", "kms_key"),
    (BUCKET, "The KMS key is disabled", "kms_key"),
    (
        STAGE,
        "CloudWatch Logs role ARN must be set in account settings to enable logging",
        "cloudwatchRoleArn",
    ),
    (
        METHOD,
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid "
        "mapping expression specified: method.response.header.ETag]",
        "readmodel-cfn audit",
    ),
    (
        BUCKET,
        "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
        "--with-data",
    ),
    (USER, "Cannot delete entity, must delete access keys first.", ""),
    (
        "AWS::ApiGateway::Deployment",
        "Active stages pointing to this deployment must be moved or deleted",
        "get-stages",
    ),
    (
        BUCKET,
        "A conflicting conditional operation is currently in progress against this resource. "
        "Please try again.",
        "",
    ),
    (BUCKET, "The following hook(s) failed: [MyCompany::Testing::MyTestHook]", ""),
    (
        "",
        "Validation failed with 1 error(s). Call DescribeEvents to retrieve the full list of "
        "issues with resource and property details, resolve each error, then retry the operation.",
        "boto3",
    ),
    ("", "User Initiated", ""),
    (
        API,
        'Resource handler returned message: "Exceeded attempts to wait" (RequestToken: 1, '
        "HandlerErrorCode: NotStabilized)",
        "",
    ),
    (API, "Internal Failure", ""),
    (API, "Internal Server Error (HandlerErrorCode: InternalFailure)", ""),
]


def advised(kind: str, reason: str) -> str:
    found = advice(Cause("Resource", kind, reason))
    assert found, reason
    return found


@pytest.mark.parametrize(("kind", "reason", "fact"), REASONS)
def test_known_failure_reasons_have_advice(kind: str, reason: str, fact: str) -> None:
    assert fact in advised(kind, reason)


def test_unknown_failure_reason_has_no_advice() -> None:
    assert advice(Cause("A", BUCKET, "The moon is full")) is None
    assert advice(Cause("A", "AWS::SQS::Queue", "jobs already exists")) is None


def test_failure_reason_may_contain_line_breaks() -> None:
    reason = denied("iam:CreateRole", BY_SCP).replace(" on resource", "\non resource")
    assert "iam:CreateRole" in advised(ROLE, reason)


ADVICE = sorted({advised(kind, reason) for kind, reason, _ in REASONS})


@pytest.mark.parametrize("text", ADVICE)
def test_keys_and_commands_named_in_advice_exist(text: str) -> None:
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
        assert not option or any(option in parameter.opts for parameter in found.params), text


@pytest.mark.parametrize("text", ADVICE)
def test_advice_is_part_of_one_line(text: str) -> None:
    assert "\n" not in text
    assert not text.endswith(".")


def test_commands_get_the_options_of_the_stack_once() -> None:
    location = StackLocation("shop", Connection("eu-west-1"))
    text = "run: readmodel-cfn history a.json, then readmodel-cfn deploy --adopt shop"
    complete = with_location(text, location)
    assert complete.count("--stack-name shop --region eu-west-1") == 2
    assert complete.endswith(" --adopt shop")
    assert with_location(complete, location) == complete
