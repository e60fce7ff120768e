"""Faults of the role, the bucket, the users, and literal places."""

from audit_faults import GET, Case, appending, case, dropping, putting
from audit_templates import Template, allow, find

TRUST = "ReaderRole/Properties/AssumeRolePolicyDocument/Statement"
GRANT = "ReaderPolicy/Properties/PolicyDocument/Statement"
EVERY_OBJECT = {"Fn::Sub": "${Store.Arn}/*"}
ANY_JOB = {
    "Effect": "Allow",
    "Principal": {
        "Federated": {
            "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/"
            "token.actions.githubusercontent.com"
        }
    },
    "Action": "sts:AssumeRoleWithWebIdentity",
}


def secret_output(template: Template) -> None:
    value = {"Fn::Sub": "key: ${PublisherKey.SecretAccessKey}"}
    template["Outputs"]["Key"] = {"Value": value}


def literal_host(template: Template) -> None:
    value = "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/live"
    template["Outputs"]["Url"] = {"Value": {"Fn::Sub": value}}


def public_policy(template: Template) -> None:
    del template["Resources"]["Store"]["Properties"]["PublicAccessBlockConfiguration"]
    statement = {**allow("s3:GetObject", EVERY_OBJECT), "Principal": "*"}
    find(template, "StorePolicy/Properties/PolicyDocument/Statement").append(statement)


CASES = [
    case(
        "no role",
        dropping(f"{GET}/Integration/Credentials"),
        "R36",
        f"{GET}/Integration/Credentials",
        "",
    ),
    case(
        "another service may take the role",
        putting(
            f"{TRUST}/0/Principal/Service", ["apigateway.amazonaws.com", "lambda.amazonaws.com"]
        ),
        "R37",
        f"{TRUST}/0/Principal",
        "lambda.amazonaws.com",
    ),
    case(
        "an account may take the role",
        putting(f"{TRUST}/0/Principal/AWS", "123456789012"),
        "R37",
        f"{TRUST}/0/Principal",
        "123456789012",
    ),
    case(
        "jobs of GitHub may take the role",
        appending(TRUST, ANY_JOB),
        "R37",
        f"{TRUST}/1/Principal",
        "oidc-provider/token.actions.githubusercontent.com",
    ),
    case(
        "API Gateway may not take the role",
        putting(f"{TRUST}/0/Effect", "Deny"),
        "R38",
        "ReaderRole/Properties/AssumeRolePolicyDocument",
        "apigateway.amazonaws.com",
    ),
    case(
        "a condition that never holds",
        putting(
            f"{TRUST}/0/Condition", {"StringEquals": {"aws:SourceAccount": {"Ref": "Account"}}}
        ),
        "R39",
        f"{TRUST}/0/Condition",
        "aws:SourceAccount",
    ),
    case(
        "a wildcard action",
        putting(f"{GRANT}/0/Action", ["s3:Get*"]),
        "R40",
        f"{GRANT}/0/Action",
        "ReaderRole s3:Get*",
    ),
    case(
        "the reader may delete",
        appending(f"{GRANT}/0/Action", "s3:DeleteObject"),
        "R40",
        f"{GRANT}/0/Action",
        "ReaderRole s3:DeleteObject",
    ),
    case(
        "AWS's own policy",
        putting(
            "ReaderRole/Properties/ManagedPolicyArns",
            [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AmazonS3ReadOnlyAccess"}],
        ),
        "R41",
        "ReaderRole/Properties/ManagedPolicyArns",
        "AmazonS3ReadOnlyAccess",
    ),
    case(
        "every key of the bucket",
        appending(f"{GRANT}/0/Resource", EVERY_OBJECT),
        "R42",
        f"{GRANT}/0/Resource",
        "ReaderRole arn:${AWS::Partition}:s3:::${Store}/* payload.json products/*.json",
    ),
    case(
        "every bucket",
        appending(f"{GRANT}/0/Resource", "*"),
        "R42",
        f"{GRANT}/0/Resource",
        "ReaderRole *",
    ),
    case(
        "a bucket by its beginning, whose star crosses the slash",
        appending(f"{GRANT}/0/Resource", {"Fn::Sub": "arn:${AWS::Partition}:s3:::read-*"}),
        "R42",
        f"{GRANT}/0/Resource",
        "s3:::read-*",
    ),
    case(
        "it lists every key",
        dropping(f"{GRANT}/1/Condition"),
        "R43",
        f"{GRANT}/1",
        "ReaderRole s3:ListBucket",
    ),
    case(
        "it lists too many keys",
        appending(f"{GRANT}/1/Condition/StringLike/s3:prefix", "pr*"),
        "R43",
        f"{GRANT}/1",
        "ReaderRole s3:ListBucket",
    ),
    case(
        "a key that the role may not get",
        dropping(f"{GRANT}/0/Resource/1"),
        "R44",
        "ReaderRole/Properties",
        "s3:GetObject ${Store}/products/*.json",
    ),
    case(
        "a region in the URI",
        putting(f"{GET}/Integration/Uri/Fn::Join/1/3", "eu-west-1"),
        "R45",
        f"{GET}/Integration/Uri",
        "eu-west-1",
    ),
    case(
        "a partition in a policy",
        putting("StorePolicy/Properties/PolicyDocument/Statement/0/Sid", "arn:aws-cn:s3:::b/k"),
        "R54",
        "StorePolicy/Properties/PolicyDocument/Statement/0/Sid",
        "",
    ),
    case(
        "a partition's host in an output",
        literal_host,
        "R54",
        "Outputs/Url/Value",
        ".amazonaws.com",
    ),
    case(
        "a bucket that may be made public",
        putting("Store/Properties/PublicAccessBlockConfiguration/BlockPublicPolicy", False),
        "R46",
        "Store/Properties/PublicAccessBlockConfiguration",
        "BlockPublicPolicy",
    ),
    Case(
        "a policy for everybody",
        public_policy,
        (
            ("R56", "StorePolicy/Properties/PolicyDocument/Statement/1/Principal"),
            ("R46", "Store/Properties/PublicAccessBlockConfiguration"),
        ),
        "s3:GetObject Store",
    ),
    case(
        "plain HTTP",
        dropping("StorePolicy"),
        "R47",
        "Store/Properties",
        "Store",
    ),
    case(
        "a refusal that never holds",
        putting(
            "StorePolicy/Properties/PolicyDocument/Statement/0/Condition/NumericLessThan",
            {"s3:TlsVersion": 1.2},
        ),
        "R47",
        "StorePolicy/Properties/PolicyDocument",
        "Store",
    ),
    case(
        "a secret in the outputs",
        secret_output,
        "R48",
        "Outputs/Key/Value",
        "PublisherKey",
    ),
    case(
        "a user that may do everything",
        putting(
            "Publisher/Properties/Policies/0/PolicyDocument/Statement/0/Action", ["s3:*", "logs:*"]
        ),
        "R49",
        "Publisher/Properties/Policies/0/PolicyDocument/Statement/0/Action",
        "s3:*",
    ),
]
