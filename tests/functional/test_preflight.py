"""Preflight checks of names: the calls, their results, and what is refused."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from functional_aws import CONTENT, Aws

from articles import article_template
from readmodel_cfn import DataStore, GatewayRole, ReadModel, Writer, build_template, render
from readmodel_cfn.deploy.physical_names import NamedResource
from readmodel_cfn.deploy.preflight import TakenName, find_taken, preflight
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.template_bucket import TemplateBucket, check_template_bucket
from readmodel_cfn.errors import ConfigError, ReadModelError

BUCKET = NamedResource("DataStore", "AWS::S3::Bucket", "shop-data")
ROLE = NamedResource("ApiGatewayRole", "AWS::IAM::Role", "reader")
USER = NamedResource("DataStoreWriter", "AWS::IAM::User", "writer")
SHOP = ReadModel(data_store=DataStore(name="shop-data"))


@pytest.fixture
def aws() -> Iterator[Aws]:
    made = Aws()
    yield made
    for stub in made.stubs.values():
        stub.assert_no_pending_responses()


def made_by(stack: str, logical_id: str = "DataStore", **more: str) -> dict[str, Any]:
    """The tags that CloudFormation puts on a bucket."""
    own = {"aws:cloudformation:stack-name": stack, "aws:cloudformation:logical-id": logical_id}
    return {"TagSet": [{"Key": key, "Value": value} for key, value in {**own, **more}.items()]}


MANAGED = {"readmodel-cfn": "managed"}


def free(aws: Aws) -> None:
    aws.refuses("s3", "head_bucket", "404", "Not Found", 404)


def ours(aws: Aws, tags: Mapping[str, Any] | None = None) -> None:
    aws.answers("s3", "head_bucket", {}, Bucket="shop-data")
    if tags:
        aws.answers("s3", "get_bucket_tagging", tags, Bucket="shop-data")
    else:
        aws.refuses("s3", "get_bucket_tagging", "NoSuchTagSet", "none", 404)


def desired_stack(model: ReadModel = SHOP, **more: Any) -> StackSpec:
    return StackSpec("shop", render(build_template(model), "compact"), **more)


def article_stack(name: str) -> StackSpec:
    return StackSpec("shop", json.dumps(article_template()), parameters={"StackName": name})


def content(model: ReadModel) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(desired_stack(model).template)
    return parsed


def refused(aws: Aws, desired: StackSpec, before: Any = None, **how: Any) -> str:
    with pytest.raises(ReadModelError) as error:
        preflight(desired, before, aws.client, **how)
    assert error.value.exit_code == 1
    return str(error.value)


# The calls.


def test_template_without_names_makes_no_call(aws: Aws) -> None:
    assert find_taken([], aws.client) == ([], [])
    assert preflight(desired_stack(ReadModel()), None, aws.client) == []
    assert aws.stubs == {}


def test_names_of_other_types_are_not_checked(aws: Aws) -> None:
    others = [
        NamedResource("A", "AWS::SNS::Topic", "x"),
        NamedResource("B", "AWS::IAM::ManagedPolicy", "x"),
    ]
    assert find_taken(others, aws.client) == ([], [])
    assert aws.stubs == {}


def test_free_names_are_not_taken(aws: Aws) -> None:
    free(aws)
    aws.refuses("iam", "get_role", "NoSuchEntity", "none", 404)
    aws.refuses("iam", "get_user", "NoSuchEntity", "none", 404)
    assert find_taken([BUCKET, ROLE, USER], aws.client) == ([], [])


def test_taken_bucket_names_the_stack_of_its_tags(aws: Aws) -> None:
    ours(aws, made_by("old", "Store", **MANAGED))
    taken = TakenName(BUCKET, True, "", "old", "Store", True)
    assert find_taken([BUCKET], aws.client) == ([taken], [])


@pytest.mark.parametrize("tags", [None, {"TagSet": [{"Key": "readmodel-cfn", "Value": "no"}]}])
def test_taken_bucket_without_stack_tags_names_no_stack(
    aws: Aws, tags: dict[str, Any] | None
) -> None:
    ours(aws, tags)
    assert find_taken([BUCKET], aws.client) == ([TakenName(BUCKET)], [])


def test_bucket_with_unreadable_tags_is_taken(aws: Aws) -> None:
    aws.answers("s3", "head_bucket", {})
    aws.refuses("s3", "get_bucket_tagging", "AccessDenied", "no", 403)
    assert find_taken([BUCKET], aws.client) == ([TakenName(BUCKET)], [])


def test_forbidden_bucket_is_taken_and_not_visible(aws: Aws) -> None:
    aws.refuses("s3", "head_bucket", "403", "Forbidden", 403)
    assert find_taken([BUCKET], aws.client) == ([TakenName(BUCKET, visible=False)], [])


@pytest.mark.parametrize(
    ("kind", "call", "answer"),
    [
        ("Role", "get_role", {"Role": {"AssumeRolePolicyDocument": "{}"}}),
        ("User", "get_user", {"User": {}}),
        ("Group", "get_group", {"Group": {}, "Users": []}),
        (
            "InstanceProfile",
            "get_instance_profile",
            {"InstanceProfile": {"InstanceProfileId": "AIPA" + "X" * 12, "Roles": []}},
        ),
    ],
)
def test_each_kind_of_iam_name_is_checked(
    aws: Aws, kind: str, call: str, answer: dict[str, Any]
) -> None:
    named = NamedResource("X", f"AWS::IAM::{kind}", "taken")
    common = {"Path": "/", "Arn": "arn:aws:iam::123456789012:x/y", "CreateDate": "2026-01-01"}
    names = {f"{kind}Name": "taken", f"{kind}Id": "X" * 16}
    aws.answers(
        "iam",
        call,
        {**answer, kind: {**common, **names, **answer[kind]}},
        **{f"{kind}Name": "taken"},
    )
    assert find_taken([named], aws.client) == ([TakenName(named)], [])


def test_denied_iam_check_is_one_note(aws: Aws) -> None:
    free(aws)
    aws.refuses("iam", "get_role", "AccessDenied", "no", 403)
    found, (note,) = find_taken([BUCKET, ROLE, USER], aws.client)
    assert found == []
    assert "IAM" in note
    assert "AccessDenied" in note
    assert aws.calls == ["HeadBucket", "GetRole"]


@pytest.mark.parametrize(("code", "status"), [("400", 400), ("503", 503)])
def test_other_s3_error_is_a_note(aws: Aws, code: str, status: int) -> None:
    aws.refuses("s3", "head_bucket", code, "", status)
    found, (note,) = find_taken([BUCKET], aws.client)
    assert found == []
    assert code in note


def test_unreachable_service_is_a_note(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(**_: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="https://x")

    monkeypatch.setattr(aws.client("iam"), "get_role", lost)
    found, (note,) = find_taken([ROLE], aws.client)
    assert found == []
    assert "EndpointConnectionError" in note


# What is refused.


def test_unknown_parameter_is_refused_before_names_are_checked(aws: Aws) -> None:
    with pytest.raises(ConfigError, match="X"):
        preflight(desired_stack(parameters={"X": "x"}), article_template(), aws.client)


def test_obstacle_is_refused_before_any_call(aws: Aws) -> None:
    article = article_template()
    line = refused(aws, desired_stack(), article)
    assert line.startswith("ApiGatewayStage: ")
    assert aws.calls == []


def test_first_of_several_obstacles_counts_the_others(aws: Aws) -> None:
    model = ReadModel(gateway_role=GatewayRole(name="reader"), writer=Writer(name="writer"))
    before = content(model)
    for name in ("ApiGatewayRole", "DataStoreWriter"):
        before["Resources"][f"Old{name}"] = before["Resources"].pop(name)
    line = refused(aws, desired_stack(model), before)
    assert line.startswith("DataStoreWriter: ")
    for name in ("UserName", "writer", "OldDataStoreWriter", "1"):
        assert name in line


def test_bucket_kept_by_an_earlier_stack_of_the_name_can_be_imported(aws: Aws) -> None:
    ours(aws, made_by("shop", **MANAGED))
    line = refused(aws, desired_stack())
    assert line.startswith("DataStore: ")
    for name in ("shop-data", "stack shop", "--import-existing"):
        assert name in line


def test_bucket_of_another_stack_can_be_imported_after_its_deletion(aws: Aws) -> None:
    ours(aws, made_by("old", **MANAGED))
    line = refused(aws, desired_stack())
    for name in ("stack old", "--import-existing", "[data_store]"):
        assert name in line


def test_managed_bucket_without_a_stack_can_be_imported(aws: Aws) -> None:
    ours(aws, {"TagSet": [{"Key": "readmodel-cfn", "Value": "managed"}]})
    line = refused(aws, desired_stack())
    assert "shop-data" in line
    assert "--import-existing" in line


@pytest.mark.parametrize("tags", [None, made_by("somebodys")])
def test_bucket_of_another_tool_is_not_offered_for_import(
    aws: Aws, tags: dict[str, Any] | None
) -> None:
    ours(aws, tags)
    line = refused(aws, desired_stack())
    assert "[data_store]" in line
    assert "--import-existing" not in line


def test_bucket_that_the_template_does_not_retain_is_not_offered_for_import(aws: Aws) -> None:
    ours(aws, made_by("shop", **MANAGED))
    model = ReadModel(data_store=DataStore(name="shop-data", retain=False))
    line = refused(aws, desired_stack(model))
    assert "[data_store]" in line
    assert "--import-existing" not in line


@pytest.mark.parametrize("importing", [True, False])
def test_bucket_of_another_region_is_not_offered_for_import(aws: Aws, importing: bool) -> None:
    aws.answers("s3", "head_bucket", {"BucketRegion": "us-east-1"})
    aws.answers("s3", "get_bucket_tagging", made_by("shop", **MANAGED))
    line = refused(aws, desired_stack(), import_existing=importing)
    for name in ("shop-data", "us-east-1", "[data_store]"):
        assert name in line
    assert "--import-existing" not in line


def test_forbidden_bucket_names_the_permission_to_see_it(aws: Aws) -> None:
    aws.refuses("s3", "head_bucket", "403", "Forbidden", 403)
    line = refused(aws, desired_stack())
    for name in ("DataStore", "shop-data", "s3:ListBucket", "[data_store]"):
        assert name in line


def test_taken_role_name_is_refused(aws: Aws) -> None:
    role = {"Path": "/", "RoleName": "reader", "RoleId": "X" * 16, "CreateDate": "2026-01-01"}
    arn = "arn:aws:iam::123456789012:role/reader"
    aws.answers("iam", "get_role", {"Role": {**role, "Arn": arn}}, RoleName="reader")
    line = refused(aws, desired_stack(ReadModel(gateway_role=GatewayRole(name="reader"))))
    assert line.startswith("ApiGatewayRole: ")
    assert "reader" in line


def test_taken_article_bucket_is_named_by_its_stack_parameter(aws: Aws) -> None:
    aws.answers("s3", "head_bucket", {}, Bucket="shop-data-store")
    aws.refuses("s3", "get_bucket_tagging", "NoSuchTagSet", "none", 404)
    for call in ("get_user", "get_role"):
        aws.refuses("iam", call, "NoSuchEntity", "none", 404)
    line = refused(aws, article_stack("shop"))
    assert "shop-data-store" in line


def test_denied_role_check_is_a_note(aws: Aws) -> None:
    aws.refuses("iam", "get_role", "AccessDenied", "no", 403)
    model = ReadModel(gateway_role=GatewayRole(name="reader"))
    (note,) = preflight(desired_stack(model), None, aws.client)
    assert "AccessDenied" in note


# Importing.


@pytest.mark.parametrize("visible", [True, False])
def test_bucket_to_be_imported_is_a_note(aws: Aws, visible: bool) -> None:
    if visible:
        ours(aws)
    else:
        aws.refuses("s3", "head_bucket", "403", "Forbidden", 403)
    notes = preflight(desired_stack(), None, aws.client, import_existing=True)
    (note,) = notes
    assert "shop-data" in note


def test_bucket_can_be_imported_into_an_existing_stack(aws: Aws) -> None:
    ours(aws)
    before = content(SHOP)
    del before["Resources"]["DataStore"]
    assert preflight(desired_stack(), before, aws.client, import_existing=True)


@pytest.mark.parametrize(
    ("model", "before"),
    [
        (ReadModel(data_store=DataStore(name="shop-data", retain=False)), None),
        (SHOP, content(ReadModel())),
    ],
    ids=["it would not be kept", "the stack has another bucket there"],
)
def test_bucket_that_cannot_be_imported_is_refused(aws: Aws, model: ReadModel, before: Any) -> None:
    ours(aws, made_by("shop", **MANAGED))
    line = refused(aws, desired_stack(model), before, import_existing=True)
    assert "shop-data" in line
    assert "[data_store]" in line


def test_bucket_with_a_computed_name_is_not_imported(aws: Aws) -> None:
    store = {
        "Type": BUCKET.type,
        "DeletionPolicy": "Retain",
        "Properties": {"BucketName": {"Fn::Sub": "${AWS::StackName}-data"}},
    }
    ours(aws, made_by("shop", **MANAGED))
    desired = StackSpec("shop", json.dumps({"Resources": {"DataStore": store}}))
    assert "shop-data" in refused(aws, desired, import_existing=True)


# Names that the stack already has.


def test_names_that_the_stack_already_has_are_not_checked(aws: Aws) -> None:
    assert preflight(desired_stack(), content(SHOP), aws.client) == []
    article = article_stack("shop")
    assert preflight(article, article.content, aws.client) == []
    assert aws.calls == []


def test_new_name_is_checked(aws: Aws) -> None:
    free(aws)
    assert preflight(desired_stack(), content(ReadModel()), aws.client) == []
    free(aws)
    before = content(ReadModel(data_store=DataStore(name="other")))
    assert preflight(desired_stack(), before, aws.client) == []
    assert aws.calls == ["HeadBucket"] * 2


PARAMETERISED = {
    "Parameters": {"Name": {"Type": "String"}},
    "Resources": {
        "Store": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Name"}}}
    },
}


def test_name_from_a_changed_parameter_is_checked(aws: Aws) -> None:
    desired = StackSpec("shop", json.dumps(PARAMETERISED), {"Name": "new"})
    free(aws)
    assert preflight(desired, PARAMETERISED, aws.client, deployed_parameters={"Name": "old"}) == []
    assert preflight(desired, PARAMETERISED, aws.client, deployed_parameters={"Name": "new"}) == []
    assert preflight(desired, PARAMETERISED, aws.client) == []
    assert aws.calls == ["HeadBucket"]


def test_name_that_an_unknown_parameter_may_have_given_is_not_checked(aws: Aws) -> None:
    literal = {"Store": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "x-y"}}}
    desired = StackSpec("shop", json.dumps({"Resources": literal}))
    assert preflight(desired, PARAMETERISED, aws.client, deployed_parameters={}) == []
    assert aws.calls == []


def test_name_with_the_region_is_checked_where_the_region_is_known(aws: Aws) -> None:
    named = {"BucketName": {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}}
    desired = StackSpec(
        "shop", json.dumps({"Resources": {"S": {"Type": BUCKET.type, "Properties": named}}})
    )
    assert preflight(desired, None, aws.client) == []
    aws.answers("s3", "head_bucket", {}, Bucket="shop-eu-west-1")
    aws.refuses("s3", "get_bucket_tagging", "NoSuchTagSet", "none", 404)
    assert "shop-eu-west-1" in refused(aws, desired, region="eu-west-1")


def test_nothing_is_checked_against_a_deployed_template_that_cannot_be_read(aws: Aws) -> None:
    (note,) = preflight(desired_stack(), "Resources: [", aws.client)
    assert "YAML" in note
    assert aws.calls == []


def test_a_deployed_template_in_yaml_is_checked_like_one_in_json(aws: Aws) -> None:
    body = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "shop-store"}}
    after = StackSpec("shop", json.dumps({"Resources": {"New": body}}))
    before = "Resources: {Old: {Type: 'AWS::S3::Bucket', Properties: {BucketName: shop-store}}}"
    with pytest.raises(ReadModelError, match="Old"):
        preflight(after, before, aws.client)


# The bucket for long templates.


def check_handover(aws: Aws) -> list[str]:
    bucket = TemplateBucket(aws.client("s3"), "handover", "123456789012", given=True)
    return check_template_bucket(bucket)


def test_template_bucket_in_the_region_is_accepted(aws: Aws) -> None:
    expected = {"Bucket": "handover", "ExpectedBucketOwner": "123456789012"}
    aws.answers("s3", "head_bucket", {"BucketRegion": "eu-west-1"}, **expected)
    assert check_handover(aws) == []
    aws.answers("s3", "head_bucket", {})
    assert check_handover(aws) == []


def test_missing_template_bucket_is_refused(aws: Aws) -> None:
    free(aws)
    with pytest.raises(ReadModelError, match="--template-bucket handover"):
        check_handover(aws)


def test_template_bucket_in_another_region_is_refused(aws: Aws) -> None:
    aws.answers("s3", "head_bucket", {"BucketRegion": "us-east-1"})
    with pytest.raises(ReadModelError, match=r"handover.*us-east-1.*eu-west-1"):
        check_handover(aws)


def test_forbidden_template_bucket_is_a_note(aws: Aws) -> None:
    aws.refuses("s3", "head_bucket", "403", "Forbidden", 403)
    (note,) = check_handover(aws)
    assert "handover" in note
    assert "403" in note


def test_unchanged_template_meets_no_obstacle(aws: Aws) -> None:
    assert preflight(desired_stack(ReadModel()), CONTENT, aws.client) == []
