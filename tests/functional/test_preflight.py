"""Preflight: what AWS is asked about names, what its answers come to, and what is refused."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from functional_aws import CONTENT, Aws

from readmodel_cfn import DataStore, GatewayRole, ReadModel, Writer, build_template, render
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.stacks.names import Named
from readmodel_cfn.stacks.preflight import preflight
from readmodel_cfn.stacks.taken import Taken, check_template_bucket, taken
from readmodel_cfn.stacks.wanted import Wanted

BUCKET = Named("DataStore", "AWS::S3::Bucket", "shop-data")
ROLE = Named("ApiGatewayRole", "AWS::IAM::Role", "reader")
USER = Named("DataStoreWriter", "AWS::IAM::User", "writer")
SHOP = ReadModel(data_store=DataStore(name="shop-data"))


@pytest.fixture
def aws() -> Iterator[Aws]:
    made = Aws()
    yield made
    for stub in made.stubs.values():
        stub.assert_no_pending_responses()


def made_by(stack: str, logical_id: str = "DataStore", **more: str) -> dict[str, Any]:
    """The tags that CloudFormation gives a bucket."""
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


def wanted(model: ReadModel = SHOP, **more: Any) -> Wanted:
    return Wanted("shop", render(build_template(model), "compact"), **more)


def content(model: ReadModel) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(wanted(model).template)
    return parsed


def refused(aws: Aws, one: Wanted, before: Any = None, **how: Any) -> str:
    with pytest.raises(ReadModelError) as error:
        preflight(one, before, aws.client, **how)
    assert error.value.exit_code == 1
    return str(error.value)


# What AWS is asked.


def test_without_names_nobody_is_asked_and_no_client_is_made(aws: Aws) -> None:
    assert taken([], aws.client) == ([], [])
    assert preflight(wanted(ReadModel()), None, aws.client) == []
    assert aws.stubs == {}


def test_names_of_other_types_are_not_asked_for(aws: Aws) -> None:
    others = [Named("A", "AWS::Logs::LogGroup", "x"), Named("B", "AWS::IAM::ManagedPolicy", "x")]
    assert taken(others, aws.client) == ([], [])
    assert aws.stubs == {}


def test_free_names_are_free(aws: Aws) -> None:
    free(aws)
    aws.refuses("iam", "get_role", "NoSuchEntity", "none", 404)
    aws.refuses("iam", "get_user", "NoSuchEntity", "none", 404)
    assert taken([BUCKET, ROLE, USER], aws.client) == ([], [])


def test_a_bucket_of_cloudformations_says_whose_it_was(aws: Aws) -> None:
    ours(aws, made_by("old", "Store", **MANAGED))
    assert taken([BUCKET], aws.client) == ([Taken(BUCKET, True, "", "old", "Store", True)], [])


@pytest.mark.parametrize("tags", [None, {"TagSet": [{"Key": "readmodel-cfn", "Value": "no"}]}])
def test_a_bucket_of_anybody_else_does_not(aws: Aws, tags: dict[str, Any] | None) -> None:
    ours(aws, tags)
    assert taken([BUCKET], aws.client) == ([Taken(BUCKET)], [])


def test_a_bucket_whose_tags_may_not_be_read_is_there_all_the_same(aws: Aws) -> None:
    aws.answers("s3", "head_bucket", {})
    aws.refuses("s3", "get_bucket_tagging", "AccessDenied", "no", 403)
    assert taken([BUCKET], aws.client) == ([Taken(BUCKET)], [])


def test_a_bucket_that_s3_does_not_show_is_somebodys(aws: Aws) -> None:
    aws.refuses("s3", "head_bucket", "403", "Forbidden", 403)
    assert taken([BUCKET], aws.client) == ([Taken(BUCKET, visible=False)], [])


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
def test_every_kind_of_iams_is_asked_for_by_its_name(
    aws: Aws, kind: str, call: str, answer: dict[str, Any]
) -> None:
    named = Named("X", f"AWS::IAM::{kind}", "taken")
    common = {"Path": "/", "Arn": "arn:aws:iam::123456789012:x/y", "CreateDate": "2026-01-01"}
    names = {f"{kind}Name": "taken", f"{kind}Id": "X" * 16}
    aws.answers(
        "iam",
        call,
        {**answer, kind: {**common, **names, **answer[kind]}},
        **{f"{kind}Name": "taken"},
    )
    assert taken([named], aws.client) == ([Taken(named)], [])


def test_whoever_may_not_ask_is_told_so_once_and_not_stopped(aws: Aws) -> None:
    free(aws)
    aws.refuses("iam", "get_role", "AccessDenied", "no", 403)
    assert taken([BUCKET, ROLE, USER], aws.client) == ([], ["IAM names not checked: AccessDenied"])
    assert aws.calls == ["HeadBucket", "GetRole"]


@pytest.mark.parametrize(("code", "status"), [("400", 400), ("503", 503)])
def test_whatever_else_s3_answers_is_no_refusal(aws: Aws, code: str, status: int) -> None:
    aws.refuses("s3", "head_bucket", code, "", status)
    assert taken([BUCKET], aws.client) == ([], [f"Bucket names not checked: {code}"])


def test_neither_is_a_service_that_cannot_be_reached(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(**_: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="https://x")

    monkeypatch.setattr(aws.client("iam"), "get_role", lost)
    notes = ["IAM names not checked: EndpointConnectionError"]
    assert taken([ROLE], aws.client) == ([], notes)


# What is refused.


def test_limits_come_first(aws: Aws) -> None:
    with pytest.raises(ConfigError, match="has no parameter X"):
        preflight(wanted(parameters={"X": "x"}), content(ReadModel.article()), aws.client)


def test_an_obstacle_is_refused_before_aws_is_asked(aws: Aws) -> None:
    article = content(ReadModel.article())
    line = refused(aws, wanted(), article)
    assert line.startswith("ApiGatewayStage: the stage exists: ")
    assert aws.calls == []


def test_the_first_of_several_says_how_many_more_there_are(aws: Aws) -> None:
    model = ReadModel(gateway_role=GatewayRole(name="reader"), writer=Writer(name="writer"))
    before = content(model)
    for name in ("ApiGatewayRole", "DataStoreWriter"):
        before["Resources"][f"Old{name}"] = before["Resources"].pop(name)
    line = refused(aws, wanted(model), before)
    assert line == (
        "DataStoreWriter: its UserName writer is still OldDataStoreWriter's when it is made "
        "(and 1 more); call it OldDataStoreWriter, or give it another name"
    )


def test_a_bucket_kept_by_an_earlier_stack_of_the_name_can_be_imported(aws: Aws) -> None:
    ours(aws, made_by("shop", **MANAGED))
    assert refused(aws, wanted()) == (
        "DataStore: bucket shop-data exists, made as DataStore by stack shop; "
        "give --import-existing to take it, with its documents, into this stack"
    )


def test_that_of_another_stack_only_without_that_stack(aws: Aws) -> None:
    ours(aws, made_by("old", **MANAGED))
    assert refused(aws, wanted()).endswith(
        "made as DataStore by stack old; once stack old is deleted, give --import-existing to "
        "take it, with its documents, into this stack"
    )


def test_one_that_no_stack_says_it_made_can_be_imported_at_once(aws: Aws) -> None:
    ours(aws, {"TagSet": [{"Key": "readmodel-cfn", "Value": "managed"}]})
    assert refused(aws, wanted()) == (
        "DataStore: bucket shop-data exists; "
        "give --import-existing to take it, with its documents, into this stack"
    )


@pytest.mark.parametrize("tags", [None, made_by("somebodys")])
def test_a_bucket_that_is_no_read_models_is_not_offered(
    aws: Aws, tags: dict[str, Any] | None
) -> None:
    ours(aws, tags)
    assert refused(aws, wanted()).endswith("; choose another name under [data_store]")


def test_neither_is_one_that_the_template_would_not_keep(aws: Aws) -> None:
    ours(aws, made_by("shop", **MANAGED))
    model = ReadModel(data_store=DataStore(name="shop-data", retain=False))
    assert refused(aws, wanted(model)).endswith("; choose another name under [data_store]")


@pytest.mark.parametrize("importing", [True, False])
def test_nor_one_of_another_region(aws: Aws, importing: bool) -> None:
    aws.answers("s3", "head_bucket", {"BucketRegion": "us-east-1"})
    aws.answers("s3", "get_bucket_tagging", made_by("shop", **MANAGED))
    line = refused(aws, wanted(), importing=importing)
    assert "bucket shop-data exists in us-east-1, made as DataStore by stack shop; " in line
    assert line.endswith("choose another name under [data_store]")


def test_a_bucket_that_s3_does_not_show_is_told_as_what_it_may_be(aws: Aws) -> None:
    aws.refuses("s3", "head_bucket", "403", "Forbidden", 403)
    assert refused(aws, wanted()) == (
        "DataStore: bucket shop-data exists, and S3 does not let this identity look at it: it is "
        "another account's, or s3:ListBucket is missing; choose another name under [data_store]"
    )


def test_a_taken_role_is_refused(aws: Aws) -> None:
    role = {"Path": "/", "RoleName": "reader", "RoleId": "X" * 16, "CreateDate": "2026-01-01"}
    arn = "arn:aws:iam::123456789012:role/reader"
    aws.answers("iam", "get_role", {"Role": {**role, "Arn": arn}}, RoleName="reader")
    line = refused(aws, wanted(ReadModel(gateway_role=GatewayRole(name="reader"))))
    assert line == ("ApiGatewayRole: the name reader is taken in this account; choose another name")


def test_the_articles_names_are_made_of_its_stacks(aws: Aws) -> None:
    aws.answers("s3", "head_bucket", {}, Bucket="shop-data-store")
    aws.refuses("s3", "get_bucket_tagging", "NoSuchTagSet", "none", 404)
    for call in ("get_user", "get_role"):
        aws.refuses("iam", call, "NoSuchEntity", "none", 404)
    line = refused(aws, wanted(ReadModel.article(), parameters={"StackName": "shop"}))
    assert line.endswith("choose another stack name or parameter, which its name is made of")


def test_what_could_not_be_checked_is_a_note(aws: Aws) -> None:
    aws.refuses("iam", "get_role", "AccessDenied", "no", 403)
    model = ReadModel(gateway_role=GatewayRole(name="reader"))
    assert preflight(wanted(model), None, aws.client) == ["IAM names not checked: AccessDenied"]


# Importing.


@pytest.mark.parametrize("visible", [True, False])
def test_what_is_to_be_imported_is_not_in_the_way(aws: Aws, visible: bool) -> None:
    if visible:
        ours(aws)
    else:
        aws.refuses("s3", "head_bucket", "403", "Forbidden", 403)
    notes = preflight(wanted(), None, aws.client, importing=True)
    assert notes == ["shop-data exists: the stack takes it over."]


def test_an_import_into_a_stack_that_is_there_adds_the_resource(aws: Aws) -> None:
    ours(aws)
    before = content(SHOP)
    del before["Resources"]["DataStore"]
    assert preflight(wanted(), before, aws.client, importing=True)


@pytest.mark.parametrize(
    ("model", "before"),
    [
        (ReadModel(data_store=DataStore(name="shop-data", retain=False)), None),
        (SHOP, content(ReadModel())),
    ],
    ids=["it would not be kept", "the stack has another bucket there"],
)
def test_what_cannot_be_imported_is_in_the_way_all_the_same(
    aws: Aws, model: ReadModel, before: Any
) -> None:
    ours(aws, made_by("shop", **MANAGED))
    line = refused(aws, wanted(model), before, importing=True)
    assert line.endswith(
        "only what is new, here, named literally and kept on deletion is imported: choose another "
        "name "
        "under [data_store]"
    )


def test_a_name_that_is_made_while_it_is_deployed_is_not_imported(aws: Aws) -> None:
    store = {
        "Type": BUCKET.type,
        "DeletionPolicy": "Retain",
        "Properties": {"BucketName": {"Fn::Sub": "${AWS::StackName}-data"}},
    }
    ours(aws, made_by("shop", **MANAGED))
    one = Wanted("shop", json.dumps({"Resources": {"DataStore": store}}))
    assert "here, named literally and kept" in refused(aws, one, importing=True)


# What a stack has already.


def test_the_names_that_the_stack_has_are_not_asked_for(aws: Aws) -> None:
    assert preflight(wanted(), content(SHOP), aws.client) == []
    article = wanted(ReadModel.article(), parameters={"StackName": "shop"})
    assert preflight(article, article.content, aws.client) == []
    assert aws.calls == []


def test_a_new_name_is_asked_for(aws: Aws) -> None:
    free(aws)
    assert preflight(wanted(), content(ReadModel()), aws.client) == []
    free(aws)
    before = content(ReadModel(data_store=DataStore(name="other")))
    assert preflight(wanted(), before, aws.client) == []
    assert aws.calls == ["HeadBucket"] * 2


PARAMETERISED = {
    "Parameters": {"Name": {"Type": "String"}},
    "Resources": {
        "Store": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Name"}}}
    },
}


def test_a_name_of_another_parameter_is_a_new_one(aws: Aws) -> None:
    one = Wanted("shop", json.dumps(PARAMETERISED), {"Name": "new"})
    free(aws)
    assert preflight(one, PARAMETERISED, aws.client, had={"Name": "old"}) == []
    assert preflight(one, PARAMETERISED, aws.client, had={"Name": "new"}) == []
    assert preflight(one, PARAMETERISED, aws.client) == []
    assert aws.calls == ["HeadBucket"]


def test_a_name_that_may_be_the_stacks_own_is_not_asked_for(aws: Aws) -> None:
    literal = {"Store": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "x-y"}}}
    one = Wanted("shop", json.dumps({"Resources": literal}))
    assert preflight(one, PARAMETERISED, aws.client, had={}) == []
    assert aws.calls == []


def test_the_region_is_known_where_it_is_given(aws: Aws) -> None:
    named = {"BucketName": {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}}
    one = Wanted(
        "shop", json.dumps({"Resources": {"S": {"Type": BUCKET.type, "Properties": named}}})
    )
    assert preflight(one, None, aws.client) == []
    aws.answers("s3", "head_bucket", {}, Bucket="shop-eu-west-1")
    aws.refuses("s3", "get_bucket_tagging", "NoSuchTagSet", "none", 404)
    assert "shop-eu-west-1 exists" in refused(aws, one, region="eu-west-1")


def test_nothing_is_checked_against_a_deployed_template_that_cannot_be_read(aws: Aws) -> None:
    (note,) = preflight(wanted(), "Resources: [", aws.client)
    assert "not valid YAML" in note
    assert aws.calls == []


def test_a_deployed_template_in_yaml_is_checked_like_one_in_json(aws: Aws) -> None:
    body = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "shop-store"}}
    after = Wanted("shop", json.dumps({"Resources": {"New": body}}))
    before = "Resources: {Old: {Type: 'AWS::S3::Bucket', Properties: {BucketName: shop-store}}}"
    with pytest.raises(ReadModelError, match="still Old's"):
        preflight(after, before, aws.client)


# The bucket that hands a template over.


def test_a_bucket_in_the_clients_region_hands_templates_over(aws: Aws) -> None:
    aws.answers("s3", "head_bucket", {"BucketRegion": "eu-west-1"}, Bucket="handover")
    assert check_template_bucket(aws.client("s3"), "handover") == []
    aws.answers("s3", "head_bucket", {})
    assert check_template_bucket(aws.client("s3"), "handover") == []


def test_one_that_is_not_there_does_not(aws: Aws) -> None:
    free(aws)
    with pytest.raises(ReadModelError) as error:
        check_template_bucket(aws.client("s3"), "handover")
    line = "--template-bucket handover: there is no such bucket; make it, or give another one"
    assert str(error.value) == line


def test_neither_does_one_in_another_region(aws: Aws) -> None:
    aws.answers("s3", "head_bucket", {"BucketRegion": "us-east-1"})
    with pytest.raises(ReadModelError) as error:
        check_template_bucket(aws.client("s3"), "handover")
    assert (
        str(error.value) == "--template-bucket handover: it is in us-east-1; give one in eu-west-1"
    )


def test_whoever_may_put_there_need_not_be_allowed_to_look(aws: Aws) -> None:
    aws.refuses("s3", "head_bucket", "403", "Forbidden", 403)
    notes = check_template_bucket(aws.client("s3"), "handover")
    assert notes == ["Bucket handover not checked: 403"]


def test_the_deployed_template_of_the_tests_meets_no_obstacle(aws: Aws) -> None:
    assert preflight(wanted(ReadModel()), CONTENT, aws.client) == []
