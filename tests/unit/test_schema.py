"""The JSON Schema of readmodel.toml agrees with its reader."""

import json
import re
import string
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from test_config import ERRORS, FULL

from readmodel_cfn.config.file import parse
from readmodel_cfn.config.schema import schema
from readmodel_cfn.config.values import TABLES
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.options import options_of

SCHEMA = schema()
KEYS = [
    (table, declared.name)
    for table, cls in TABLES.items()
    for declared, _ in options_of(cls)
    if table != "routes"
]
# Their rules span two keys, the length of a list or a list of names, which the schema leaves to the
# reader.
BEYOND_THE_SCHEMA = {
    *("account_regional", "kind", "principals", "allow", "cors_origin", "cors_headers"),
    "retention_days",
}
# Such keys of one table, which other tables may have, too.
BEYOND_IN_TABLE = {
    *(("access", name) for name in ("keys", "private", "quota", "quota_period")),
    *(("access", name) for name in ("source_ips", "source_vpces")),
    *(("access", name) for name in ("throttle_burst", "throttle_rate")),
    *(("cdn", name) for name in ("aliases", "certificate", "hosted_zone_id")),
    ("writer", "keep_previous_key"),
}
# The keys that a table requires, with which the schema does not: an environment may have them.
REQUIRED = {"domain": {"name": "data.example.com", "hosted_zone_id": "Z0123456789ABCDEFGHIJ"}}


def with_key(table: str, key: str, value: Any) -> str:
    """A file with one key, and the keys that its table requires."""
    keys = {**REQUIRED.get(table, {}), key: value}
    lines = (f"{name} = {json.dumps(each, ensure_ascii=False)}" for name, each in keys.items())
    return "\n".join([f"[{table}]", *lines])


def valid(text: str) -> bool:
    return Draft202012Validator(SCHEMA).is_valid(tomllib.loads(text))


def accepted(text: str) -> bool:
    try:
        parse(text, "f")
    except ConfigError:
        return False
    return True


@pytest.mark.parametrize("text", [FULL, ""])
def test_accepted_file_is_valid_by_the_schema(text: str) -> None:
    assert accepted(text)
    assert valid(text)


# What only the reader can see: the schema does not say it.
ONLY_READ = [
    "an empty list of what is allowed",
    "a role that nobody may assume",
    "principals of a user",
    "a regional name without a name",
    "a regional name too long",
    "a parameter that the path lacks",
    "a parameter that the key lacks",
    "two routes on one path",
    "two parameters at one place",
    "a tag's key too long",
    "a tag too many",
]


@pytest.mark.parametrize("case", [case for case in ERRORS if case != "not TOML"])
def test_refused_file_is_invalid_by_the_schema(case: str) -> None:
    assert valid(str(ERRORS[case][0])) == (case in ONLY_READ)


texts = st.text(string.ascii_letters + string.digits + "{}+*._-/: é=@,", max_size=12)
values = st.one_of(
    texts,
    st.integers(-1, 40000),
    st.booleans(),
    st.lists(st.sampled_from(["put", "compare", "123456789012"]) | texts, max_size=2),
    st.sampled_from(["user", "outputs", "v1", "eu-west-1", "aws-eu", "abc--ol-s3", "abc"]),
)


@given(st.sampled_from(KEYS), values)
def test_schema_and_reader_agree_on_every_key(place: tuple[str, str], value: Any) -> None:
    table, key = place
    text = with_key(table, key, value)
    if accepted(text):
        assert valid(text)
    elif key not in BEYOND_THE_SCHEMA and place not in BEYOND_IN_TABLE:
        assert not valid(text)


@given(texts, texts)
def test_schema_and_reader_agree_on_tags(name: str, value: str) -> None:
    text = f"[stack.tags]\n{json.dumps(name, ensure_ascii=False)} = "
    text += json.dumps(value, ensure_ascii=False)
    assert accepted(text) == valid(text)


@given(texts)
def test_schema_and_reader_agree_on_paths(path: str) -> None:
    """Of what a path is made; that no segment is `.` or `..` is the reader's to say."""
    names = re.findall(r"\{(\w+)\+?\}", path)
    key = "/".join(f"{{{name}}}" for name in dict.fromkeys(names)) or "k"
    text = f'[[routes]]\npath = {json.dumps(path, ensure_ascii=False)}\nkey = "{key}"'
    if accepted(text):
        assert valid(text)
    elif len(set(names)) == len(names) and not {".", ".."} & set(path.split("/")):
        assert not valid(text)


def described(node: Any) -> Iterator[dict[str, Any]]:
    """Every table and key of the schema."""
    for property_ in node.get("properties", {}).values():
        yield property_
        yield from described(property_.get("items", property_))


def test_every_key_is_in_the_schema_with_a_description() -> None:
    for table, cls in TABLES.items():
        node = SCHEMA["properties"][table]
        keys = node.get("items", node)["properties"]
        expected = {declared.name for declared, _ in options_of(cls)}
        assert set(keys) == expected
        assert all(property_["description"] for property_ in keys.values())


def test_tables_refuse_additional_properties() -> None:
    tables = [SCHEMA["properties"][name] for name in TABLES]
    tables = [table.get("items", table) for table in tables]
    tables.append(SCHEMA["properties"]["env"]["additionalProperties"])
    assert all(table["additionalProperties"] is False for table in [SCHEMA, *tables])


def test_patterns_compile_and_are_anchored() -> None:
    patterns = [property_["pattern"] for property_ in described(SCHEMA) if "pattern" in property_]
    assert patterns
    for pattern in patterns:
        assert re.compile(pattern)
        assert pattern.startswith("^(?:")
        assert pattern.endswith(")$")


def test_defaults_are_in_the_schema_and_valid() -> None:
    for table, key in KEYS:
        property_ = SCHEMA["properties"][table]["properties"][key]
        default = getattr(TABLES[table](**REQUIRED.get(table, {})), key)
        if key in REQUIRED.get(table, ()):
            default = None
        if default is None or default == {}:
            assert "default" not in property_, (table, key)
        else:
            assert property_["default"] == (
                list(default) if isinstance(default, tuple) else default
            )
            assert valid(with_key(table, key, property_["default"])), (table, key)
