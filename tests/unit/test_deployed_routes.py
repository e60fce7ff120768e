"""The routes that a template serves, and those that an update removes."""

import json
from dataclasses import replace
from typing import Any

import pytest

from change_sets import difference
from documents import ROOT
from readmodel_cfn import Access, ReadModel, Route, Writer, build_article, build_template
from readmodel_cfn.deploy.exposure import exposure
from readmodel_cfn.deploy.routes import removed_routes, routes_of
from rendered import template

OLD_TEMPLATE = ROOT / "tests/sandbox/upgrade/template-b99701f.json"


def model(*paths: str) -> ReadModel:
    return ReadModel([Route(path, path.replace("+", "")) for path in paths])


def test_routes_are_the_paths_with_a_method() -> None:
    paths = ("a", "a/{id}", "deep/b/c", "{rest+}")
    assert sorted(routes_of(template(model(*paths)))) == sorted(paths)


def test_routes_of_the_article_and_of_an_old_template_are_found() -> None:
    assert routes_of(build_article().to_dict()) == ("samples",)
    assert "samples" in routes_of(json.loads(OLD_TEMPLATE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("found", [{}, {"Resources": 1}, {"Resources": {"A": []}}])
def test_other_templates_have_no_routes(found: Any) -> None:
    assert routes_of(found) == ()


@pytest.mark.parametrize(
    ("old", "new", "removed", "kept"),
    [
        (("a", "b"), ("a",), ("b",), 1),
        (("a", "b"), ("a", "b", "c"), (), 2),
        (("a", "b"), ("c",), ("a", "b"), 0),
        (("a/{id}",), ("a/{name}",), (), 1),  # the same URLs
        (("a/{id}",), ("a/{id+}",), ("a/{id}",), 0),
        (("a/b",), ("a",), ("a/b",), 0),
    ],
)
def test_removed_routes_are_counted(
    old: tuple[str, ...], new: tuple[str, ...], removed: tuple[str, ...], kept: int
) -> None:
    assert removed_routes(template(model(*old)), template(model(*new))) == removed
    diff = difference(model(*old), model(*new))
    assert (diff.removed_routes, diff.kept_routes) == (removed, kept)
    assert diff.removes_all_routes == (kept == 0)


def test_a_new_stack_says_who_reads_and_who_writes() -> None:
    text = exposure(build_template(model("a", "b")).to_dict())
    assert "GET/HEAD of 2 routes by anyone" in text
    assert "IAM user DataStoreWriter with s3:PutObject on a, b" in text


def test_a_new_stack_says_which_jobs_assume_the_role_of_the_writer() -> None:
    principals = ("123456789012", "lambda.amazonaws.com", "repo:acme/shop:environment:production")
    writer = Writer(kind="role", principals=principals)
    text = exposure(build_template(ReadModel([Route("a", "a")], writer=writer)).to_dict())
    assert f"IAM role DataStoreWriterRole (assumed by {', '.join(principals)}) with" in text


def test_a_role_of_every_job_is_shown_with_its_provider() -> None:
    writer = Writer(kind="role", principals=("repo:acme/shop:pull_request",))
    made = build_template(ReadModel([Route("a", "a")], writer=writer)).to_dict()
    made = json.loads(json.dumps(made))
    role = made["Resources"]["DataStoreWriterRole"]["Properties"]
    del role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
    assert ":oidc-provider/token.actions.githubusercontent.com) with" in exposure(made)


def test_a_stack_without_methods_and_writers_exposes_nothing() -> None:
    assert exposure({"Resources": {}}) == "Public: nothing. Writes: nobody."


def test_resource_policy_is_a_limit_of_what_is_public() -> None:
    content = replace(model("a"), access=Access(source_ips=("192.0.2.0/24",))).to_dict()
    assert "resource policy" in exposure(content)
    assert "resource policy" not in exposure(model("a").to_dict())


def test_methods_with_authorization_are_not_public() -> None:
    content = json.loads(json.dumps(build_template(model("a")).to_dict()))
    for resource in content["Resources"].values():
        if resource["Type"] == "AWS::ApiGateway::Method":
            resource["Properties"]["AuthorizationType"] = "AWS_IAM"
    assert exposure(content).startswith("Public: nothing.")
