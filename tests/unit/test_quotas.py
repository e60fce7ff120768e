"""Limits of CloudFormation that are checked before a call."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from articles import article_template
from facts import missing
from readmodel_cfn import ReadModel, build_template, render
from readmodel_cfn.deploy.spec import StackSpec, check_quotas
from readmodel_cfn.errors import ConfigError

BUCKET = {"R": {"Type": "AWS::S3::Bucket"}}
TEXT = {"Type": "String"}


def spec(
    given: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None, **parts: Any
) -> StackSpec:
    template = json.dumps({"Resources": BUCKET, **parts})
    return StackSpec("shop", template, given or {}, tags or {})


def many(count: int, value: Any) -> dict[str, Any]:
    return {f"X{number}": value for number in range(count)}


def refusal(refused_spec: StackSpec) -> str:
    with pytest.raises(ConfigError) as refused:
        check_quotas(refused_spec)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_generated_templates_are_within_the_limits() -> None:
    check_quotas(StackSpec("shop", render(build_template(ReadModel()))))
    check_quotas(StackSpec("shop", json.dumps(article_template()), {"StackName": "shop"}))


@pytest.mark.parametrize(
    ("part", "most", "value"),
    [
        ("Resources", 500, {"Type": "AWS::S3::Bucket"}),
        ("Parameters", 200, {"Type": "String", "Default": ""}),
        ("Outputs", 200, {"Value": "x"}),
    ],
)
def test_part_over_its_maximum_is_refused(part: str, most: int, value: Any) -> None:
    check_quotas(spec(**{part: many(most, value)}))
    line = refusal(spec(**{part: many(most + 1, value)}))
    assert missing(["shop", part, str(most), str(most + 1)], line) == []


def test_template_over_1_mb_is_refused() -> None:
    empty = len(json.dumps({"Resources": BUCKET, "Description": ""}))
    longest = "é" * ((1_000_000 - empty) // 6)  # \u00e9 in JSON
    rest = "x" * (1_000_000 - empty - 6 * len(longest))
    check_quotas(spec(Description=longest + rest))
    assert "1,000,001" in refusal(spec(Description=longest + rest + "x"))


def test_template_size_is_counted_in_bytes() -> None:
    template = json.dumps({"Resources": {}, "Description": "é" * 500_000}, ensure_ascii=False)
    assert "1,000,000" in refusal(StackSpec("shop", template))


def test_parameter_without_default_is_required() -> None:
    check_quotas(spec({"Name": ""}, Parameters={"Name": TEXT}))
    check_quotas(spec(Parameters={"Name": {**TEXT, "Default": ""}}))
    assert missing(["shop", "Name", "Default"], refusal(spec(Parameters={"Name": TEXT}))) == []


def test_unknown_parameter_is_refused() -> None:
    assert "Nmae" in refusal(spec({"Name": "x", "Nmae": "x"}, Parameters={"Name": TEXT}))
    assert "Name" in refusal(spec({"Name": "x"}))


def test_more_than_50_tags_are_refused() -> None:
    check_quotas(spec(tags=many(49, "x")))
    check_quotas(spec(tags=many(49, "x") | {"readmodel-cfn": "x"}))
    assert "51" in refusal(spec(tags=many(50, "x")))


@pytest.mark.parametrize(
    ("key", "value", "facts"),
    [
        ("k" * 129, "v", ["'kkkkkkkkkkkkkkkkkkkk'", "129"]),
        ("", "v", ["0"]),
        ("k", "v" * 257, ["'k'", "257"]),
        ("k", "", ["'k'", "0"]),
        ("aws:x", "v", ["aws:x"]),
        ("AWS:x", "v", ["AWS:x"]),
    ],
)
def test_invalid_tag_is_refused(key: str, value: str, facts: list[str]) -> None:
    assert missing(facts, refusal(spec(tags={key: value}))) == []


@pytest.mark.parametrize(("key", "value"), [("k" * 128, "v" * 256), ("k", "v"), ("awsome", "aws:")])
def test_valid_tag_is_accepted(key: str, value: str) -> None:
    check_quotas(spec(tags={key: value}))
