"""Limits: what CloudFormation refuses is told in one line, and what it just takes is not."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from articles import article_template
from readmodel_cfn import ReadModel, build_template, render
from readmodel_cfn.deploy.spec import StackSpec, check_quotas
from readmodel_cfn.errors import ConfigError

BUCKET = {"R": {"Type": "AWS::S3::Bucket"}}
TEXT = {"Type": "String"}


def wanted(
    given: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None, **parts: Any
) -> StackSpec:
    template = json.dumps({"Resources": BUCKET, **parts})
    return StackSpec("shop", template, given or {}, tags or {})


def many(count: int, one: Any) -> dict[str, Any]:
    return {f"X{number}": one for number in range(count)}


def refusal(one: StackSpec) -> str:
    with pytest.raises(ConfigError) as refused:
        check_quotas(one)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_our_own_templates_are_within_the_limits() -> None:
    check_quotas(StackSpec("shop", render(build_template(ReadModel()))))
    check_quotas(StackSpec("shop", json.dumps(article_template()), {"StackName": "shop"}))


@pytest.mark.parametrize(
    ("part", "most", "one"),
    [
        ("Resources", 500, {"Type": "AWS::S3::Bucket"}),
        ("Parameters", 200, {"Type": "String", "Default": ""}),
        ("Outputs", 200, {"Value": "x"}),
    ],
)
def test_so_many_of_each_part_and_no_more(part: str, most: int, one: Any) -> None:
    check_quotas(wanted(**{part: many(most, one)}))
    assert refusal(wanted(**{part: many(most + 1, one)})) == (
        f"stack shop: the template's {part} are {most + 1}, CloudFormation takes {most}; "
        "divide it into several stacks"
    )


def test_a_million_bytes_and_no_more() -> None:
    empty = len(json.dumps({"Resources": BUCKET, "Description": ""}))
    longest = "é" * ((1_000_000 - empty) // 6)  # \u00e9 in JSON
    rest = "x" * (1_000_000 - empty - 6 * len(longest))
    check_quotas(wanted(Description=longest + rest))
    assert "has 1,000,001 bytes" in refusal(wanted(Description=longest + rest + "x"))


def test_bytes_count_not_characters() -> None:
    template = json.dumps({"Resources": {}, "Description": "é" * 500_000}, ensure_ascii=False)
    assert "bytes, CloudFormation takes 1,000,000" in refusal(StackSpec("shop", template))


def test_a_parameter_without_a_default_has_to_be_given() -> None:
    check_quotas(wanted({"Name": ""}, Parameters={"Name": TEXT}))
    check_quotas(wanted(Parameters={"Name": {**TEXT, "Default": ""}}))
    assert refusal(wanted(Parameters={"Name": TEXT})) == (
        "stack shop: the template needs the parameter Name; give it a value or a Default"
    )


def test_a_parameter_that_the_template_lacks_cannot_be_given() -> None:
    assert "the template has no parameter Nmae" in refusal(
        wanted({"Name": "x", "Nmae": "x"}, Parameters={"Name": TEXT})
    )
    assert "the template has no parameter Name" in refusal(wanted({"Name": "x"}))


def test_50_tags_with_our_own_and_no_more() -> None:
    check_quotas(wanted(tags=many(49, "x")))
    check_quotas(wanted(tags=many(49, "x") | {"readmodel-cfn": "x"}))
    assert "it has 51 tags with the one that marks it as this tool's" in refusal(
        wanted(tags=many(50, "x"))
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("k" * 129, "v", "the key of the tag 'kkkkkkkkkkkkkkkkkkkk' has 129 characters"),
        ("", "v", "the key of the tag '' has 0 characters"),
        ("k", "v" * 257, "the value of the tag 'k' has 257 characters"),
        ("k", "", "the value of the tag 'k' has 0 characters"),
        ("aws:x", "v", "the tag aws:x begins with aws:"),
        ("AWS:x", "v", "the tag AWS:x begins with aws:"),
    ],
)
def test_a_tag_that_cloudformation_refuses(key: str, value: str, said: str) -> None:
    assert said in refusal(wanted(tags={key: value}))


@pytest.mark.parametrize(("key", "value"), [("k" * 128, "v" * 256), ("k", "v"), ("awsome", "aws:")])
def test_a_tag_that_cloudformation_takes(key: str, value: str) -> None:
    check_quotas(wanted(tags={key: value}))
