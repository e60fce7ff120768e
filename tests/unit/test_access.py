"""Which changes widen access, and which do not."""

from typing import Any

import pytest

from change_sets import difference
from readmodel_cfn import Access as Readers
from readmodel_cfn import Api, ReadModel, Route, Writer
from readmodel_cfn.deploy.access import Access
from rendered import template

METHOD, REST, STAGE, RESOURCE = (
    f"AWS::ApiGateway::{name}" for name in ("Method", "RestApi", "Stage", "Resource")
)
BUCKET, BUCKET_POLICY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy"
ROLE, POLICY = "AWS::IAM::Role", "AWS::IAM::Policy"
ORIGIN = "method.response.header.Access-Control-Allow-Origin"


def widens(type_: str, before: Any, after: Any) -> bool:
    """Whether a change of the resource, in one direction, widens access; None is no resource."""

    def template(properties: Any) -> dict[str, Any]:
        resource = {"It": {"Type": type_, "Properties": properties}}
        return {"Resources": {"Bucket": {"Type": BUCKET}, **(resource if properties else {})}}

    return bool(Access(template(before), template(after)).widened("It"))


def origin(value: str | None) -> dict[str, Any]:
    sent = {} if value is None else {ORIGIN: f"'{value}'"}
    return {"Integration": {"IntegrationResponses": [{"ResponseParameters": sent}]}}


def throttled(**limits: Any) -> dict[str, Any]:
    return {"MethodSettings": [{"ResourcePath": "/*", "HttpMethod": "*", **limits}]}


def allow(**more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:a"], **more}
    return {"PolicyDocument": {"Statement": [statement]}}


def deny(**more: Any) -> dict[str, Any]:
    return allow(Effect="Deny", Principal="*", **more)


def encrypted(algorithm: str) -> dict[str, Any]:
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
    return {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}


def trusted(*subjects: str) -> Any:
    """A role that jobs of GitHub may assume: those with these subjects, or all."""
    conditions = {"StringEquals": {"token.actions.githubusercontent.com:sub": list(subjects)}}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "arn:provider"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        **({"Condition": conditions} if subjects else {}),
    }
    return {"AssumeRolePolicyDocument": {"Statement": [statement]}}


# The first properties are the narrower ones: from them to the second access widens, and from the
# second to the first it does not.
WIDER: list[tuple[str, Any, Any]] = [
    (METHOD, origin("https://a.example"), origin("*")),
    (METHOD, origin(None), origin("https://a.example")),
    (METHOD, {"AuthorizationType": "AWS_IAM"}, {"AuthorizationType": "NONE"}),
    (METHOD, {"ApiKeyRequired": True}, {"ApiKeyRequired": False}),
    (METHOD, {"AuthorizationType": "CUSTOM", "AuthorizerId": "a"}, {"AuthorizationType": "NONE"}),
    (METHOD, {"AuthorizationScopes": ["a"]}, {"AuthorizationScopes": ["a", "b"]}),
    (REST, {"SecurityPolicy": "TLS_1_2"}, {"SecurityPolicy": "TLS_1_0"}),
    (
        REST,
        {"SecurityPolicy": "SecurityPolicy_TLS13_1_3_2025_09"},
        {"SecurityPolicy": "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"},
    ),
    (REST, {"DisableExecuteApiEndpoint": True}, {"Name": "a"}),
    (REST, {"Policy": allow()["PolicyDocument"]}, {"Name": "a"}),
    (STAGE, throttled(ThrottlingRateLimit=5), throttled(ThrottlingRateLimit=10)),
    (STAGE, throttled(ThrottlingBurstLimit=5), throttled()),
    (STAGE, throttled(ThrottlingRateLimit=5), throttled(ThrottlingRateLimit=-1)),
    ("AWS::ApiGateway::UsagePlan", {"Quota": {"Limit": 5}}, {"Quota": {"Limit": 6}}),
    (BUCKET, {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}, {"Tags": []}),
    (BUCKET, encrypted("aws:kms"), encrypted("AES256")),
    (BUCKET, encrypted("AES256"), {"Tags": []}),
    (BUCKET, {"Tags": []}, {"AccessControl": "PublicRead"}),
    (POLICY, allow(), allow(Action=["s3:GetObject", "s3:PutObject"])),
    (POLICY, allow(), allow(Resource=["arn:a", "arn:b"])),
    (POLICY, allow(Resource=["arn:a/b"]), allow(Resource=["arn:a/*"])),
    (POLICY, allow(Condition={"StringLike": {"s3:prefix": ["a"]}}), allow()),
    (
        POLICY,
        allow(Condition={"StringLike": {"s3:prefix": ["a"]}}),
        allow(Condition={"StringLike": {"s3:prefix": ["a", "b"]}}),
    ),
    (
        POLICY,
        allow(Condition={"StringNotLike": {"s3:prefix": ["a", "b"]}}),
        allow(Condition={"StringNotLike": {"s3:prefix": ["a"]}}),
    ),
    (BUCKET_POLICY, deny(Resource=["arn:a", "arn:b"]), deny(Resource=["arn:a"])),
    (BUCKET_POLICY, {"Bucket": {"Ref": "Bucket"}, **deny()}, None),
    (BUCKET_POLICY, allow(Principal={"AWS": ["a"]}), allow(Principal={"AWS": ["a", "b"]})),
    (BUCKET_POLICY, allow(Principal={"AWS": ["a"]}), allow(Principal="*")),
    (POLICY, None, allow()),
    (ROLE, {"ManagedPolicyArns": ["a"]}, {"ManagedPolicyArns": ["a", "b"]}),
    (ROLE, {"PermissionsBoundary": "a"}, {"Tags": []}),
    (
        ROLE,
        trusted("repo:a/b:pull_request"),
        trusted("repo:a/b:pull_request", "repo:c/d:environment:e"),
    ),
    (ROLE, trusted("repo:a/b:pull_request"), trusted()),
    ("AWS::IAM::AccessKey", None, {"UserName": "a"}),
    (METHOD, None, {"AuthorizationType": "NONE", "HttpMethod": "GET"}),
    ("AWS::WAFv2::WebACLAssociation", {"WebACLArn": "a"}, None),
]
NEUTRAL: list[tuple[str, Any, Any]] = [
    (METHOD, {"RequestParameters": {}}, {"RequestParameters": {"a": True}}),
    (STAGE, {"DeploymentId": {"Ref": "A"}}, {"DeploymentId": {"Ref": "B"}}),
    (BUCKET, {"VersioningConfiguration": {}}, {"VersioningConfiguration": {"Status": "Enabled"}}),
    (POLICY, allow(Action=["s3:GetObject"]), allow(Action="s3:GetObject")),
    (POLICY, allow(Sid="a"), allow(Sid="b")),
    (REST, {"Description": "a"}, {"Description": "b"}),
    ("AWS::IAM::AccessKey", {"Serial": 1}, {"Serial": 2}),
]


@pytest.mark.parametrize(("type_", "narrow", "wide"), WIDER)
def test_widening_is_marked_and_narrowing_is_not(type_: str, narrow: Any, wide: Any) -> None:
    assert widens(type_, narrow, wide)
    assert not widens(type_, wide, narrow)


@pytest.mark.parametrize(("type_", "one", "other"), NEUTRAL)
def test_neutral_changes_are_not_marked(type_: str, one: Any, other: Any) -> None:
    assert not widens(type_, one, other)
    assert not widens(type_, other, one)


def per_method(path: str, rate: float | None = None) -> dict[str, Any]:
    limit = {} if rate is None else {"ThrottlingRateLimit": rate}
    return {"ResourcePath": path, "HttpMethod": "*" if path == "/*" else "GET", **limit}


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ([per_method("/*", 5)], [per_method("/*", 5), per_method("/~1a", 500)]),
        ([per_method("/~1a", 5), per_method("/*", 5)], [per_method("/*", 50)]),
        ([per_method("/~1a", 5)], []),
        ([per_method("/~1a", 5)], [per_method("/~1a")]),
    ],
)
def test_settings_of_a_method_are_compared_with_those_of_the_stage(narrow: Any, wide: Any) -> None:
    """The stage's settings apply to a method that has none of its own."""
    api = {"Type": REST}
    root = {"Fn::GetAtt": ["Api", "RootResourceId"]}
    path = {"Type": RESOURCE, "Properties": {"ParentId": root, "PathPart": "a"}}
    get = {"ResourceId": {"Ref": "A"}, "HttpMethod": "GET", "AuthorizationType": "NONE"}

    def staged(settings: Any) -> dict[str, Any]:
        stage = {"Type": STAGE, "Properties": {"MethodSettings": settings}}
        method = {"Type": METHOD, "Properties": get}
        return {"Resources": {"Api": api, "A": path, "Get": method, "It": stage}}

    assert Access(staged(narrow), staged(wide)).widened("It")
    assert not Access(staged(wide), staged(narrow)).widened("It")


@pytest.mark.parametrize("origin", [None, "https://a.example"])
def test_a_route_with_another_parameter_name_is_no_new_method(origin: str | None) -> None:
    before, after = (
        template(
            ReadModel((Route(f"p/{{{name}}}", f"p/{{{name}}}.json"),), api=Api(cors_origin=origin))
        )
        for name in ("id", "sku")
    )
    access = Access(before, after)
    added = [name for name in after["Resources"] if name not in before["Resources"]]
    assert not [name for name in added if access.widened(name)]


def test_a_method_that_was_not_open_before_widens_access_under_another_parameter_name() -> None:
    before, after = (
        template(ReadModel((Route(f"p/{{{name}}}", f"p/{{{name}}}.json"),)))
        for name in ("id", "sku")
    )
    for resource in before["Resources"].values():
        if resource["Type"] == METHOD:
            resource["Properties"]["AuthorizationType"] = "AWS_IAM"
    access = Access(before, after)
    assert [name for name in after["Resources"] if access.widened(name) and "GetMethod" in name]


def test_an_output_with_a_secret_access_key_widens_access() -> None:
    shown = ReadModel(writer=Writer(key_in="outputs"))
    diff = difference(ReadModel(), shown)
    (change,) = [change for change in diff.others if change.access]
    assert change.path == "/Outputs/DataStoreSecretAccessKey"
    assert [setting.access for setting in diff.settings] == [True]
    hidden = difference(shown, ReadModel())
    assert not any(change.access for change in hidden.others)
    assert not any(setting.access for setting in hidden.settings)
    same = difference(shown, ReadModel(writer=Writer(key_in="outputs", serial=2)))
    assert not [change for change in same.others if change.access]


def test_another_origin_gains_access() -> None:
    assert widens(METHOD, origin("https://a.example"), origin("https://b.example"))


def test_a_firewall_that_protects_something_else_is_marked() -> None:
    firewall = "AWS::WAFv2::WebACLAssociation"
    assert widens(firewall, {"ResourceArn": "a"}, {"ResourceArn": "b"})


def test_a_policy_that_is_removed_with_its_bucket_protects_nothing() -> None:
    properties = {"Bucket": {"Ref": "Bucket"}, **deny()}
    before = {
        "Bucket": {"Type": BUCKET},
        "It": {"Type": BUCKET_POLICY, "Properties": properties},
    }
    assert not Access({"Resources": before}, {"Resources": {}}).widened("It")


def test_an_unknown_part_of_a_policy_counts_as_wider() -> None:
    unknown = {"PolicyDocument": {"Statement": {"Fn::If": ["C", [], []]}}}
    assert widens(POLICY, allow(), unknown)


@pytest.mark.parametrize("properties", [None, [], "text", {"PolicyDocument": 1}, {"Policies": [1]}])
def test_malformed_resources_are_compared_without_an_error(properties: Any) -> None:
    for type_ in (BUCKET, POLICY, METHOD, STAGE, ROLE):
        widens(type_, properties, {"Policies": [{"PolicyDocument": {}}], "MethodSettings": 3})
        widens(type_, {"Policies": [{"PolicyDocument": {}}], "MethodSettings": 3}, properties)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Readers(auth="iam"), None),
        (Readers(auth="api-key"), None),
        (Readers(auth="iam"), Readers(auth="iam", principals=("123456789012",))),
        (Readers(source_ips=("192.0.2.0/24",)), Readers()),
        (Readers(source_ips=("192.0.2.0/24",)), Readers(source_ips=("192.0.0.0/16",))),
        (Readers(auth="api-key", quota=5), Readers(auth="api-key", quota=6)),
        (Readers(auth="api-key"), Readers(auth="api-key", keys=("reader", "web"))),
        (
            Readers(private=True, source_vpces=("vpce-0123abcd",)),
            Readers(source_ips=("192.0.2.0/24",)),
        ),
    ],
)
def test_more_readers_are_wider_access(before: Readers | None, after: Readers | None) -> None:
    old, new = (ReadModel(access=access).to_dict() for access in (before, after))
    found = Access(old, new)
    assert any(found.widened(name) for name in {*old["Resources"], *new["Resources"]})


@pytest.mark.parametrize(
    "after",
    [
        Readers(auth="iam"),
        Readers(auth="api-key"),
        Readers(source_ips=("192.0.2.0/24",)),
        Readers(private=True, source_vpces=("vpce-0123abcd",)),
    ],
)
def test_fewer_readers_are_no_wider_access(after: Readers) -> None:
    """Of a public API; the first usage plan is no wider access either, since nobody needed it."""
    old, new = ReadModel().to_dict(), ReadModel(access=after).to_dict()
    found = Access(old, new)
    wider = {name for name in {*old["Resources"], *new["Resources"]} if found.widened(name)}
    assert not any(new["Resources"][name]["Type"] in (METHOD, REST) for name in wider)
