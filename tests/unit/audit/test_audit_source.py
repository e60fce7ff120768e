"""A template's text, in every form it comes in; and the page about the rules."""

import json

import pytest
import yaml
from audit_templates import good

from readmodel_cfn.audit import RULES, audit, parse
from readmodel_cfn.audit.page import page
from readmodel_cfn.errors import ConfigError

SHORT_TAGS = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
      Name: !Sub "${AWS::StackName}-role"
      Arn: !GetAtt Other.Arn
      Both: !Join ["-", [!Ref A, !Ref B]]
      Named: !Sub ["${x}", {x: !Ref C}]
    Condition: Always
  Other:
    Type: X
    Properties: {Used: !Condition Always}
"""


def test_json_and_yaml_say_the_same() -> None:
    template = good(cors=True)
    assert parse(json.dumps(template), "t") == template
    assert parse(yaml.safe_dump(template), "t") == template


def test_short_tags_are_the_functions_they_stand_for() -> None:
    resources = parse(SHORT_TAGS, "t")["Resources"]
    assert resources["Role"]["Properties"] == {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17"},
        "Name": {"Fn::Sub": "${AWS::StackName}-role"},
        "Arn": {"Fn::GetAtt": "Other.Arn"},
        "Both": {"Fn::Join": ["-", [{"Ref": "A"}, {"Ref": "B"}]]},
        "Named": {"Fn::Sub": ["${x}", {"x": {"Ref": "C"}}]},
    }
    assert resources["Other"]["Properties"] == {"Used": {"Condition": "Always"}}


def test_a_template_in_yaml_with_numbers_is_audited_as_json_is() -> None:
    text = yaml.safe_dump(good()).replace("StatusCode: '", "StatusCode: !Sub '")
    assert "!Sub '200'" in text
    assert audit(parse(text, "t")) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no CloudFormation template"),
        ("[]", "no CloudFormation template"),
        ("just text", "no CloudFormation template"),
        ('{"Resources": []}', "no CloudFormation template"),
        ("{", "neither JSON nor YAML"),
        ("a: [", "neither JSON nor YAML"),
        ("a: !!python/object:x.Y {}", "neither JSON nor YAML"),
        ("a: 2020-99-99", "neither JSON nor YAML"),
        ("Resources: &r {a: *r}", "neither JSON nor YAML"),
        ('{"Resources": ' + '{"a":' * 100_000, "nested too deeply"),
        ("[" * 5_000, "nested too deeply"),
    ],
)
def test_text_that_is_no_template_is_one_line(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as raised:
        parse(text, "file.json")
    assert str(raised.value).startswith("file.json: ")
    assert "\n" not in str(raised.value)


def test_the_page_has_a_row_for_each_rule() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| R")]
    assert len(rows) == len(RULES)
    assert all(row.count("|") == 5 for row in rows)
