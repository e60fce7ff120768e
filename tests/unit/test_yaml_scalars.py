"""YAML output: every string is a string for every reader of YAML, 1.1 or 1.2."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from readmodel_cfn.template.render import as_yaml

TEMPLATES = Path(__file__).parents[2] / "templates"
# https://yaml.org/type/: null, bool, int, float, timestamp, merge, value.
YAML_1_1 = (
    r"~|null|Null|NULL|",
    r"y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
    r"[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+",
    r"[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+",
    r"[-+]?([0-9][0-9_]*)?\.[0-9.]*([eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*",
    r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}"
    r":[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?",
    r"<<|=",
)
# https://yaml.org/spec/1.2.2/#103-core-schema
YAML_1_2 = (
    r"null|Null|NULL|~|true|True|TRUE|false|False|FALSE",
    r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?",
)
OTHER_VALUE = re.compile("|".join(f"(?:{pattern})" for pattern in (*YAML_1_1, *YAML_1_2)))
AMBIGUOUS = [
    *("y", "Y", "n", "yes", "No", "on", "OFF", "true", "False", "~", "null", "NULL", ""),
    *("1e3", "1E3", "0o7", "012", "089", "012345678901", "1_000", "0x1F", "0b10", "+1", "-0", "1."),
    *(".inf", "-.INF", ".NaN", "12:30:45", "1:2.5", "2001-12-14", "2001-12-14t21:59:43.10-05:00"),
    *("2001-12-14 21:59:43.10 -5", "2001-1-1 1:00:00", ".", ".5", "<<", "=", "1,000"),
]
texts = st.text() | st.text("0123456789.:_-+eExXoOabfnyNYTtZ~ \t") | st.sampled_from(AMBIGUOUS)


@given(texts)
@example("\x85")
@example("# no comment")
def test_every_string_comes_back_as_the_same_string(text: str) -> None:
    assert yaml.safe_load(as_yaml({"item": [text], text: "key"})) == {"item": [text], text: "key"}


@given(texts)
def test_no_unquoted_string_is_another_value(text: str) -> None:
    for event in yaml.parse(as_yaml({"item": text})):
        if isinstance(event, yaml.ScalarEvent) and not event.style:
            assert not OTHER_VALUE.fullmatch(event.value)


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_ambiguous_strings_are_in_quotes(text: str) -> None:
    line = as_yaml({"item": text}).strip().removeprefix("item: ")
    assert line == f"'{text}'"


@pytest.mark.parametrize(
    "text",
    [
        *("samples", "payload.json", "AWS::S3::Bucket", "v1", "s3:GetObject", "note", "yellow"),
        *("products/{id}.json", "nothing", "one", "1st", "arn:aws:iam::012345678901:root"),
    ],
)
def test_words_are_not_in_quotes(text: str) -> None:
    assert as_yaml({"item": text}).strip() == f"item: {text}"


def test_words_of_the_committed_template_are_not_in_quotes() -> None:
    text = (TEMPLATES / "read-model.yaml").read_text(encoding="utf-8")
    assert not re.search(
        r"""['"]((?!true|false)[A-Za-z]{4,}|AWS::[\w:]+)['"]:?$""", text, re.MULTILINE
    )
