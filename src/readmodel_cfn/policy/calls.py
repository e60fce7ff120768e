"""The tool's own calls to AWS, as IAM actions, for each command.

A test on the sandbox runs every command with exactly these actions, and without each of them.
"""

from collections.abc import Mapping
from typing import Literal

Purpose = Literal["deploy", "diff", "publish", "read", "verify", "delete", "service-role"]
"""What a policy is for; `service-role` is the role that CloudFormation assumes (`role_arn`)."""

Place = Literal[
    "account",
    "any",
    "api",
    "api-keys",
    "bucket",
    "distribution",
    "documents",
    "kms-key",
    "metrics",
    "named-bucket",
    "named-log-group",
    "named-role",
    "named-user",
    "objects",
    "reads",
    "releases",
    "secret",
    "stack",
    "stages",
    "template-bucket",
    "templates",
    "writer-role",
]
"""The resource of a call.

`account` is API Gateway's settings of the account, `any` every resource: IAM has no narrower one
for these actions. `metrics` are those of this tool's namespace. `documents` are the objects of the
routes, `objects` all objects of the bucket, `named-...` what the template gives a name, `templates`
the objects of the template bucket, `releases` those of releases, `reads` the stages of an API whose
requests must be signed.
"""

Calls = Mapping[Place, tuple[str, ...]]

_DESCRIBE: Calls = {"stack": ("cloudformation:DescribeStacks",)}
_STATUS: Calls = {
    "stack": (
        "cloudformation:DescribeStacks",
        "cloudformation:DescribeStackEvents",
        "cloudformation:GetTemplate",
        "cloudformation:ListStackResources",
    ),
    "api": ("apigateway:GET",),
}
_CHANGE_SETS = (
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:ListChangeSets",
)
_TEMPLATE_BUCKET: Calls = {
    "template-bucket": (
        "s3:CreateBucket",
        "s3:GetBucketTagging",
        "s3:ListBucket",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
    ),
    "templates": ("s3:PutObject",),
}
_RELEASES: Calls = {
    "stack": (
        "cloudformation:DescribeStacks",
        "cloudformation:GetTemplate",
        "cloudformation:ListStackResources",
    ),
    "bucket": ("s3:ListBucket",),
}
# The value of the API key that `read` sends, or the signed read itself.
_AUTHORIZED: Calls = {"api-keys": ("apigateway:GET",), "reads": ("execute-api:Invoke",)}
_ENCRYPTED = ("kms:Decrypt", "kms:GenerateDataKey")

# GetCallerIdentity is in no row: it needs no permission, and IAM cannot deny it.
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
COMMANDS: Mapping[str, Calls] = {
    "diff": {
        "stack": ("cloudformation:DescribeStacks", "cloudformation:GetTemplate", *_CHANGE_SETS),
        **_TEMPLATE_BUCKET,
    },
    "deploy": {
        "stack": (
            "cloudformation:CreateStack",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStacks",
            "cloudformation:GetTemplate",
            "cloudformation:UpdateStack",
            "cloudformation:UpdateTerminationProtection",
            *_CHANGE_SETS,
            "cloudformation:CancelUpdateStack",  # Ctrl-C
            "cloudformation:ContinueUpdateRollback",
            "cloudformation:DeleteStack",  # --recreate
            "cloudformation:ExecuteChangeSet",  # --import-existing, --revert-drift
            "cloudformation:ListStackResources",  # --adopt
        ),
        "any": ("cloudformation:DescribeEvents",),
        "named-bucket": ("s3:GetBucketTagging", "s3:ListBucket"),
        "named-role": ("iam:GetRole",),
        "named-user": ("iam:GetUser",),
        **_TEMPLATE_BUCKET,
    },
    "deploy with access logs": {
        "account": ("apigateway:GET",),
        "named-log-group": ("logs:DescribeLogGroups",),
    },
    "deploy with releases": {
        "stages": ("apigateway:GET", "apigateway:PATCH"),
        # The documents of a stack without releases become the first release: they are copied.
        "bucket": ("s3:ListBucket",),
        "documents": ("s3:GetObject",),
        "releases": ("s3:GetObject", "s3:PutObject"),
        "kms-key": _ENCRYPTED,
    },
    # Whether an alarm fires before the update; CloudFormation describes the triggers of the
    # RollbackConfiguration with the caller's permissions, too *(assumed)*. One call is for several
    # alarms, so it is for no single one *(assumed)*.
    "deploy with alarms": {
        "stack": ("cloudformation:ListStackResources",),
        "any": ("cloudwatch:DescribeAlarms",),
    },
    "follow": {
        "stack": ("cloudformation:DescribeStackEvents", "cloudformation:DescribeStacks"),
        "any": ("cloudformation:DescribeEvents",),
    },
    "outputs": {"stack": ("cloudformation:DescribeStacks", "cloudformation:GetTemplate")},
    "status": _STATUS,
    "status --drift": {
        **_STATUS,
        "stack": (
            *_STATUS["stack"],
            "cloudformation:DescribeStackResourceDrifts",
            "cloudformation:DetectStackDrift",
        ),
        "any": ("cloudformation:DescribeStackDriftDetectionStatus",),
    },
    "status with releases": {"stages": ("apigateway:GET",), "releases": ("s3:GetObject",)},
    "status with alarms": {"any": ("cloudwatch:DescribeAlarms",)},
    "diagnose": {
        "stack": ("cloudformation:DescribeStackEvents", "cloudformation:DescribeStacks"),
        "any": ("cloudformation:DescribeEvents",),
    },
    "publish": {
        **_DESCRIBE,
        "bucket": ("s3:ListBucket",),
        "documents": ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
        "kms-key": _ENCRYPTED,
    },
    "publish with a version": {  # and on a route with a version_field
        **_DESCRIBE,
        # GetObject: the stored version is metadata, which HeadObject reads, and If-Match needs it.
        "documents": ("s3:GetObject", "s3:PutObject"),
        "kms-key": _ENCRYPTED,
    },
    "publish --invalidate": {
        **_DESCRIBE,
        "documents": ("s3:PutObject",),
        "distribution": ("cloudfront:CreateInvalidation",),
    },
    "publish --as-writer": {**_DESCRIBE, "secret": ("secretsmanager:GetSecretValue",)},
    "publish as a role": {"writer-role": ("sts:AssumeRole",)},  # of a profile with role_arn
    "publish --release": {
        **_RELEASES,
        # GetObject: for copies, and for the pointer, which is put with If-Match.
        "releases": ("s3:GetObject", "s3:PutObject"),
        "stages": ("apigateway:GET", "apigateway:PATCH"),
        "kms-key": _ENCRYPTED,
    },
    "publish with alarms": {"metrics": ("cloudwatch:PutMetricData",)},
    "release activate with alarms": {"any": ("cloudwatch:DescribeAlarms",)},
    "release list": {
        **_RELEASES,
        "releases": ("s3:GetObject",),
        "stages": ("apigateway:GET",),
    },
    "release activate": {  # rollback, too
        "stack": _RELEASES["stack"],
        "releases": ("s3:GetObject", "s3:PutObject"),
        "stages": ("apigateway:GET", "apigateway:PATCH"),
    },
    "release prune": {
        **_RELEASES,
        "releases": ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
        "stages": ("apigateway:GET",),
    },
    "ls": {**_DESCRIBE, "bucket": ("s3:ListBucket",)},
    "history": {**_DESCRIBE, "bucket": ("s3:ListBucketVersions",)},
    "restore": {
        **_DESCRIBE,
        "bucket": ("s3:ListBucketVersions",),
        # S3 compares the ETag of the current version with If-Match only for who may read it.
        "documents": ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"),
        "kms-key": _ENCRYPTED,
    },
    "unpublish": {
        **_DESCRIBE,
        "bucket": ("s3:ListBucketVersions",),
        "documents": ("s3:DeleteObject",),
    },
    "unpublish with a version": {
        **_DESCRIBE,
        "documents": ("s3:GetObject", "s3:PutObject"),  # as publish
        "kms-key": _ENCRYPTED,
    },
    "unpublish by age": {
        **_DESCRIBE,
        "bucket": ("s3:ListBucket",),
        # GetObject: the headers say what was unpublished, and DeleteObjects with an ETag needs it.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
        "documents": ("s3:DeleteObject", "s3:GetObject"),
    },
    "unpublish --all-versions": {
        **_DESCRIBE,
        "bucket": ("s3:ListBucketVersions",),
        # DeleteObjects needs both for versions:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
        "objects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    },
    "openapi --deployed": {
        "stack": ("cloudformation:DescribeStacks", "cloudformation:GetTemplate"),
    },
    "read": _DESCRIBE,
    "read with access": _AUTHORIZED,
    "verify": {
        **_STATUS,
        # Without s3:ListBucket S3 answers 403 for a document that does not exist.
        "bucket": ("s3:ListBucket", "s3:ListBucketVersions"),
        "documents": (
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:PutObject",
        ),
        "kms-key": _ENCRYPTED,
    },
    "verify with access": _AUTHORIZED,
    "verify with releases": {
        "releases": (  # the probe is a document of the live release
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:PutObject",
        ),
        "stages": ("apigateway:GET", "apigateway:PATCH"),  # PATCH: --releases
    },
    "delete": {
        "stack": (
            "cloudformation:DeleteStack",
            "cloudformation:DescribeStackEvents",
            "cloudformation:GetTemplate",
            "cloudformation:ListStackResources",
        ),
        # DescribeStacks of all stacks: whether another stack has imported a bucket to erase.
        "any": ("cloudformation:DescribeStacks", "cloudformation:ListStacks"),
        "bucket": ("s3:DeleteBucket", "s3:ListBucketVersions"),
        "objects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    },
}
"""What each command calls itself; what CloudFormation does for it is in `handlers.py`."""

ALSO: Mapping[str, Calls] = {
    # AWS checks this besides the call *(assumed)*: tags of the stack, and that the caller may read
    # the template of TemplateURL.
    "diff": {
        "stack": ("cloudformation:TagResource",),
        "templates": ("s3:GetObject", "s3:GetObjectVersion"),
    },
    "deploy": {
        "stack": ("cloudformation:TagResource", "cloudformation:UntagResource"),
        "templates": ("s3:GetObject", "s3:GetObjectVersion"),
    },
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
    "status --drift": {
        "stack": ("cloudformation:DetectStackResourceDrift",),
        "any": ("cloudformation:BatchDescribeTypeConfigurations",),
    },
}
"""What AWS checks besides, which the sandbox does not."""

PURPOSES: Mapping[Purpose, tuple[str, ...]] = {
    "deploy": (
        *("diff", "deploy", "deploy with access logs", "deploy with releases"),
        *("deploy with alarms", "follow", "outputs"),
        *("status", "status with releases", "status with alarms", "diagnose"),
    ),
    "diff": ("diff",),
    "publish": (
        *("publish", "publish with a version", "publish --invalidate"),
        *("publish --as-writer", "publish as a role"),
        *("publish --release", "release list", "release activate", "release prune"),
        *("publish with alarms", "release activate with alarms"),
        *("ls", "history", "restore"),
        *("unpublish", "unpublish with a version", "unpublish by age"),
    ),
    "read": (
        *("outputs", "status", "status --drift", "status with releases", "status with alarms"),
        *("follow", "diagnose"),
        *("ls", "history", "release list", "openapi --deployed", "read", "read with access"),
    ),
    "verify": ("verify", "verify with releases", "verify with access"),
    "delete": ("delete", "unpublish --all-versions"),
    "service-role": (),
}
"""The commands that a policy allows."""

WITH_RELEASES = frozenset(
    {
        *("deploy with releases", "status with releases", "verify with releases"),
        *("publish --release", "release list", "release activate", "release prune"),
        "release activate with alarms",
    }
)
"""The commands that only a template with releases needs."""

WITH_LOGS = frozenset({"deploy with access logs"})
"""The commands that only a template with access logs needs."""

WITH_ALARMS = frozenset(
    {
        *("deploy with alarms", "status with alarms", "publish with alarms"),
        "release activate with alarms",
    }
)
"""The commands that only a template with alarms needs."""

EVERYTHING: tuple[Purpose, ...] = ("deploy", "publish", "read", "verify", "delete")
"""The default: all commands; `deploy` includes `diff`."""
