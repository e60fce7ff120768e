"""Preflight on the embedded AWS: it finds taken names, and what it refuses would have failed."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from articles import article_template
from readmodel_cfn import DataStore, GatewayRole, ReadModel, Route, build_template, render
from readmodel_cfn.deploy.obstacles import obstacles
from readmodel_cfn.deploy.preflight import preflight
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.template_bucket import TemplateBucket, check_template_bucket
from readmodel_cfn.errors import ReadModelError

Clients = Callable[..., Any]
Template = dict[str, Any]


def content(model: ReadModel) -> Template:
    parsed: Template = json.loads(render(build_template(model)))
    return parsed


def refusal(
    clients: Clients, name: str, template: Template, given: Mapping[str, str] | None = None
) -> str:
    with pytest.raises(ReadModelError) as refused:
        preflight(StackSpec(name, json.dumps(template), given or {}), None, clients)
    return str(refused.value)


@pytest.fixture
def kept(stack: Any, clients: Clients) -> Iterator[ReadModel]:
    """A read model whose stack is deleted, while its bucket is kept."""
    model = ReadModel(data_store=DataStore(name=f"{stack.name[:40].strip('-')}-data"))
    stack.deploy(content(model))
    stack.delete()
    yield model
    clients("s3").delete_bucket(Bucket=model.data_store.name)


def test_kept_bucket_is_taken(stack: Any, clients: Clients, kept: ReadModel) -> None:
    line = refusal(clients, stack.name, content(kept))
    name = str(kept.data_store.name)
    assert line.startswith("DataStore: ")
    assert name in line
    desired = StackSpec(stack.name, json.dumps(content(kept)))
    (note,) = preflight(desired, None, clients, import_existing=True)
    assert name in note


def test_names_of_another_stack_of_the_article_are_taken(stack: Any, clients: Clients) -> None:
    article = article_template()
    stack.deploy(article_template(StackName="articles-twin"))
    line = refusal(clients, "second", article, {"StackName": "articles-twin"})
    assert line.startswith("DataStore: ")
    assert "articles-twin-data-store" in line
    assert "2" in line
    assert (
        preflight(
            StackSpec("second", json.dumps(article), {"StackName": "articles-other"}),
            None,
            clients,
        )
        == []
    )


def test_role_name_is_taken(stack: Any, clients: Clients) -> None:
    model = ReadModel(gateway_role=GatewayRole(name="taken-reader"))
    stack.deploy(content(model))
    line = refusal(clients, "second", content(model))
    assert line.startswith("ApiGatewayRole: ")
    assert "taken-reader" in line


def test_user_without_permissions_gets_a_note(stack: Any, clients: Clients) -> None:
    stack.deploy({"Resources": {"Poor": {"Type": "AWS::IAM::User"}}})
    (poor,) = clients("cloudformation").list_stack_resources(StackName=stack.name)[
        "StackResourceSummaries"
    ]
    name = poor["PhysicalResourceId"]
    key = clients("iam").create_access_key(UserName=name)["AccessKey"]
    model = ReadModel(
        data_store=DataStore(name="free-data"), gateway_role=GatewayRole(name="reader")
    )
    notes = preflight(
        StackSpec("shop", json.dumps(content(model))),
        None,
        lambda service: clients(service, key["AccessKeyId"], key["SecretAccessKey"]),
    )
    (note,) = notes
    assert "AccessDenied" in note
    clients("iam").delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])


NAMED = ReadModel(gateway_role=GatewayRole(name="renamed-reader"))


def with_path(template: Template) -> Template:
    template["Resources"]["ApiGatewayRole"]["Properties"]["Path"] = "/readers/"
    return template


def with_other_id(template: Template) -> Template:
    """The bucket under another logical ID; references to it do not matter here."""
    renamed = json.dumps(template).replace('"DataStore"', '"OtherStore"')
    parsed: Template = json.loads(renamed)
    return parsed


BUCKET = ReadModel(data_store=DataStore(name="obstacle-data", retain=False))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            content(ReadModel(routes=(Route("p/{id}", "p/{id}"),))),
            content(ReadModel(routes=(Route("p/{sku}", "p/{sku}"),))),
        ),
        (content(NAMED), with_path(content(NAMED))),
        (content(BUCKET), with_other_id(content(BUCKET))),
        (article_template(StackName="obstacle-article"), content(ReadModel())),
    ],
    ids=["renamed parameter", "replaced role", "moved bucket", "article's stage"],
)
def test_obstacle_makes_the_update_fail(stack: Any, before: Template, after: Template) -> None:
    stack.deploy(before)
    assert len(obstacles(before, after)) == 1
    stack.deploy(after, ends="ROLLBACK_COMPLETE")


def test_two_deploys_avoid_the_obstacle(stack: Any) -> None:
    steps = [
        content(ReadModel(routes=tuple(Route(path, path) for path in paths)))
        for paths in (["a", "p/{id}"], ["a"], ["a", "p/{sku}"])
    ]
    for before, after in zip([None, *steps], steps, strict=False):
        assert obstacles(before, after) == []
        stack.deploy(after)


def test_template_bucket_is_checked(clients: Clients, make_bucket: Callable[..., None]) -> None:
    s3 = clients("s3")
    account = clients("sts").get_caller_identity()["Account"]
    bucket = TemplateBucket(s3, "preflight-handover", account, given=True)
    make_bucket(s3, "preflight-handover")
    assert check_template_bucket(bucket) == []
    s3.delete_bucket(Bucket="preflight-handover")
    with pytest.raises(ReadModelError, match="preflight-handover"):
        check_template_bucket(bucket)
