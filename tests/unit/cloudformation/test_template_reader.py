"""Template texts as values, JSON and YAML, with the line of each part and bounds on both."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.cloudformation.reader import (
    locate,
    position,
    positions,
    read_json,
    read_template,
    template_content,
)
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import TEMPLATE_BYTES, TEMPLATE_FILE_BYTES

SHORT_FORMS = """\
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
      Zones: !GetAZs ""
      Included: !Transform {Name: AWS::Include, Parameters: {Location: x}}
    Condition: Always
  Other:
    Type: X
    Properties: {Used: !Condition Always}
"""


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        read_template(text, "t.yaml")
    line = str(raised.value)
    assert line.startswith("t.yaml")
    assert "\n" not in line
    return line


def test_short_forms_are_the_functions_that_they_stand_for() -> None:
    resources = read_template(SHORT_FORMS, "t")["Resources"]
    assert resources["Role"]["Properties"] == {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17"},
        "Name": {"Fn::Sub": "${AWS::StackName}-role"},
        "Arn": {"Fn::GetAtt": "Other.Arn"},
        "Both": {"Fn::Join": ["-", [{"Ref": "A"}, {"Ref": "B"}]]},
        "Named": {"Fn::Sub": ["${x}", {"x": {"Ref": "C"}}]},
        "Zones": {"Fn::GetAZs": ""},
        "Included": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "x"}}},
    }
    assert resources["Other"]["Properties"] == {"Used": {"Condition": "Always"}}


NAMES = st.text("abcAB: -#{}'\"\\\n", max_size=6) | st.sampled_from(["yes", "1", "<<", "~", "Ref"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_json_and_yaml_of_one_template_are_the_same_value(resources: dict[str, Any]) -> None:
    template = {"Resources": resources}
    assert read_template(json.dumps(template), "t") == template
    assert read_template(json.dumps(template, indent=1), "t") == template
    assert read_template(yaml.safe_dump(template), "t") == template


def test_json_is_read_without_yaml() -> None:
    code = """
import sys
from readmodel_cfn.cloudformation.reader import locate, read_template
text = '{"Resources": {"A": {}}}'
read_template(text, "t")
locate(text, "t", ("Resources", "A"))
print("yaml" in sys.modules)
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_keys_are_texts_whatever_they_look_like() -> None:
    text = "Resources: {}\nMappings: {Sizes: {1: {yes: a, 2020-01-01: b, null: c}}}"
    assert read_template(text, "t")["Mappings"] == {
        "Sizes": {"1": {"yes": "a", "2020-01-01": "b", "null": "c"}}
    }


def test_aliases_and_merged_keys_are_copied() -> None:
    text = "Resources:\n  A: &a {Type: T, Size: 1}\n  B: {<<: *a, Size: 2}\n  C: *a\n"
    resources = read_template(text, "t")["Resources"]
    assert resources["B"] == {"Type": "T", "Size": 2}
    assert resources["C"] == resources["A"] == {"Type": "T", "Size": 1}


def test_a_flow_mapping_in_yaml_may_begin_like_json() -> None:
    assert read_template("{Resources: {A: !Ref B}}", "t") == {"Resources": {"A": {"Ref": "B"}}}


LISTS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefghi", "bcdefghij", strict=True)
)
PAIRS = "  A0: &a0 {Type: T}\n" + "".join(
    f"  A{n}: &a{n} {{Type: T, Properties: {{a: *a{n - 1}, b: *a{n - 1}}}}}\n" for n in range(1, 30)
)
MERGES = "  A0: &a0 {k0: [x, x, x]}\n" + "".join(
    f"  A{n}: &a{n} {{<<: *a{n - 1}, k{n}: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 30)
)
LONG = f"s: &s {'x' * 100_000}\nResources: [{', '.join(['*s'] * 1000)}]\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{LISTS}Resources: {{B: *j}}\n",
        f"Resources:\n{PAIRS}",
        f"Resources:\n{MERGES}",
        LONG,
    ],
    ids=["lists", "pairs", "merged keys", "a long text"],
)
def test_aliases_that_multiply_are_refused(text: str) -> None:
    message = refused(text)
    assert "aliases" in message or "values" in message or "levels" in message


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", None, "object"),
        ("[]", None, "object"),
        ("just text", None, "object"),
        ("Outputs: {}", None, "no Resources"),
        ('{"Resources": []}', 1, "Resources"),
        ('{"A": 1,\n "Resources": 5}', 2, "Resources"),
        ("A: 1\nResources: text", 2, "Resources"),
        ("{", 1, "JSON"),
        ('{"Resources":\n {"a": 1,\n "b" 2}}', 3, "JSON"),
        ("a: [", 2, "YAML"),
        ("\ta: 1", 1, "YAML"),
        ("a: \x01", None, "YAML"),
        ("a: \ud800", None, "YAML"),
        ("a: 1\nb: !!python/object:x.Y {}", 2, "python/object:x.Y"),
        ("a: !!binary eA==", 1, "binary"),
        ("a: !!int x", 1, "'x'"),
        ("Resources: &r {a: *r}", 1, "*r"),
        ("Resources: {a: *r}", 1, "r"),
        ("Resources: {}\n---\nResources: {}", 2, "more than one"),
        ("Resources: {? [a] : b}", 1, "key"),
        ("Resources: {!Ref a : b}", 1, "key"),
        ("Resources: {<<: text}", 1, "<<"),
        ("Resources:\n  A: {}\n  A: {}", 3, "Resources.A"),
        ("Resources:\n  A:\n    - {b: 1, b: 2}", 3, "Resources.A.0.b"),
        ('{"Resources": {\n"A": {},\n"A": {}}}', 3, "Resources.A"),
        ('{"Resources": ' + '{"a":' * 100, None, "100 levels"),
        ('{"Resources": ' + '{"a":' * 100_000, None, "100,000 values"),
        ('{"Resources": {"a": [' + "0," * 100_000 + "0]}}", None, "100,000 values"),
        ("Resources: {a: [" + "0," * 100_000 + "0]}", 1, "100,000 values"),
        (json.dumps({"Resources": {f"A{i}": {} for i in range(501)}}), None, "500"),
        ("[" * 100_000, 1, ""),
        ("".join("\n" + " " * level + "a:" for level in range(600)), 102, "100 levels"),
        ("a: &a " + "[" * 60 + "]" * 60 + "\nb: " + "[" * 60 + "*a" + "]" * 60, 2, "100 levels"),
        ('{"Resources": {"a": ' + "1" * 101 + "}}", 1, "100 digits"),
        ('{"Resources": {"a": ' + "1" * 5_000 + "}}", 1, "100 digits"),
        ("Resources: {a: " + "1" * 101 + "}", 1, "100 digits"),
        ("Resources: {a: 1" + ":59" * 40 + ".5}", 1, "100 digits"),
        ("---\n" * 100_001, 100_002, "100,000 values"),
        ("".join(f"%TAG !a{n}! tag:x\n" for n in range(101)) + "---\na: 1", None, "%TAG"),
    ],
)
def test_text_that_is_not_a_template_is_refused_in_one_line(
    text: str, line: int | None, says: str
) -> None:
    message = refused(text)
    assert says in message
    assert message.startswith(f"t.yaml:{line}: " if line else "t.yaml: ")


def test_a_byte_order_mark_is_dropped() -> None:
    assert read_template('\ufeff{"Resources": {}}', "t") == {"Resources": {}}


def test_json_alone_is_not_a_template_in_yaml() -> None:
    assert read_json("[1]", "t") == [1]
    with pytest.raises(ConfigError):
        read_json("Resources: {}", "t")


LOCATED = {
    "Outputs": {'Key, with "quotes": and é': {"Value": 1}},
    "Resources": {"A": {"Type": "T", "List": ["a", {"b": [1, {"c": None}]}, []]}, "B": {}},
}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(LOCATED, indent=2),
        json.dumps(LOCATED, indent="\t"),
        yaml.safe_dump(LOCATED, allow_unicode=True),
    ],
    ids=["JSON", "tabs", "YAML"],
)
@pytest.mark.parametrize(
    ("path", "starts"),
    [
        (("Resources",), "Resources"),
        (("Resources", "A", "Type"), "Type"),
        (("Resources", "A", "List", 0), "a"),
        (("Resources", "A", "List", 1, "b", 1, "c"), "c"),
        (("Outputs", 'Key, with "quotes": and é', "Value"), "Value"),
        (("Resources", "B"), "B"),
    ],
)
def test_a_position_is_that_of_the_key_or_the_item(
    text: str, path: tuple[str | int, ...], starts: str
) -> None:
    found = position(text, path)
    assert found is not None
    rest = text.splitlines()[found.line - 1][found.column - 1 :]
    assert rest.lstrip("\"'").startswith(starts)


@pytest.mark.parametrize("text", [json.dumps(LOCATED), yaml.safe_dump(LOCATED), "{", "a: ["])
def test_what_is_not_in_the_text_has_no_position(text: str) -> None:
    for path in [
        ("Resources", "C"),
        ("Resources", "A", "List", 9),
        ("Resources", "A", "Type", "x"),
    ]:
        assert position(text, path) is None


@pytest.mark.parametrize("text", [json.dumps(LOCATED, indent=2), yaml.safe_dump(LOCATED)])
def test_positions_of_many_parts_are_those_of_each(text: str) -> None:
    paths = [("Resources", "A", "Type"), ("Resources", "A", "List", "1", "b"), ("Outputs",)]
    found = positions(text, [*paths, ("Resources", "C")])
    assert found == {path: position(text, path) for path in paths}


def test_a_part_is_located_by_file_line_and_path() -> None:
    path = ("Resources", "Role", "Properties", "Both", "Fn::Join", 1, 1)
    assert locate(SHORT_FORMS, "t.yaml", path).startswith("t.yaml:9: Resources.Role.Properties")
    assert locate(SHORT_FORMS, "t.yaml", ("Resources", "No")) == "t.yaml: Resources.No"


def test_yaml_larger_than_a_template_is_refused() -> None:
    with pytest.raises(ConfigError, match="1,000,000"):
        read_template("Resources: {}\n" + "#" * TEMPLATE_BYTES, "template.yaml")


@pytest.mark.parametrize(
    "text",
    ["{0}: 1\n{0}: 2", "a: *{0}", "a: &{0} [*{0}]", "a: !!python/{0} 1"],
)
def test_long_names_are_shortened_in_messages(text: str) -> None:
    assert len(refused(text.format("a" * 9_999))) < 400


def test_larger_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(" " * (TEMPLATE_FILE_BYTES + 1))
    with pytest.raises(ConfigError, match="10,000,000 bytes"):
        template_content(path)
