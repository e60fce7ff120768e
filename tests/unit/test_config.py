"""readmodel.toml: strict, and each error one line naming file, key, value and what is allowed."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from readmodel_cfn import Api, DataStore, Deployment, GatewayRole, ReadModel, Route, Writer
from readmodel_cfn.config.load import (
    SECTIONS,
    Config,
    Publish,
    StackSettings,
    load,
    parse,
    read_model,
)
from readmodel_cfn.errors import ConfigError

FULL = """\
[stack]
name = "shop"
region = "eu-west-1"
termination_protection = true
[stack.tags]
team = "web"

[[routes]]
path = "products/{id}"
key = "products/{id}.json"
[[routes]]
path = "all/{rest+}"
key = "all/{rest}"

[data_store]
name = "shop-data"
old_versions_days = 7
retain = false

[writer]
kind = "role"
principals = ["123456789012"]
allow = ["put", "list"]

[gateway_role]
name = "reader"

[api]
description = "Prices"

[deployment]
stage = "live"
serial = 2

[publish]
exclude = ["drafts/*"]
"""


def test_every_table_becomes_its_options() -> None:
    assert parse(FULL, "f") == Config(
        StackSettings("shop", "eu-west-1", {"team": "web"}, termination_protection=True),
        ReadModel(
            routes=(
                Route("products/{id}", "products/{id}.json"),
                Route("all/{rest+}", "all/{rest}"),
            ),
            data_store=DataStore(name="shop-data", old_versions_days=7, retain=False),
            writer=Writer(kind="role", principals=("123456789012",), allow=("put", "list")),
            gateway_role=GatewayRole(name="reader"),
            api=Api(description="Prices"),
            deployment=Deployment(stage="live", serial=2),
        ),
        Publish(exclude=("drafts/*",)),
    )


def test_an_empty_file_is_the_articles_one_route_in_production() -> None:
    assert parse("", "f") == Config()
    assert Config().model.routes == (Route("samples", "payload.json"),)
    assert Config().stack.name == "read-model"


def route(**values: str) -> str:
    return "[[routes]]\n" + "\n".join(f'{key} = "{value}"' for key, value in values.items())


MODEL = {"routes", *SECTIONS}
TAGS = (
    "use a table of at most 49 texts, each 1 to 256 (a key: 128) of "
    "A-Z a-z 0-9 space and _ . : / = + @ -"
)
# What the file says, and the whole line that is told.
ERRORS = {
    "unknown table, far from any": (
        "[zzz]",
        "f: zzz: unknown key; known keys: stack, routes, data_store, writer, gateway_role, api, "
        "deployment",
    ),
    "unknown table, near one": (
        "[datastore]",
        "f: datastore: unknown key; did you mean data_store?",
    ),
    "unknown key, near one": (
        '[stack]\nnmae = "x"',
        "f: stack.nmae: unknown key; did you mean name?",
    ),
    "unknown key, far from any": (
        "[deployment]\nx = 1",
        "f: deployment.x: unknown key; known keys: stage, serial, throttle_rate, throttle_burst, "
        "metrics",
    ),
    "unknown key of a route": (
        route(path="a", key="a", kee="a"),
        "f: routes[1].kee: unknown key; did you mean key?",
    ),
    "an exclusion that matches no key": (
        '[publish]\nexclude = ["./drafts/*"]',
        "f: publish.exclude: ('./drafts/*',) is not allowed; give a list, each a pattern of keys, "
        "such as drafts/*, with * for any text, without / or ./ at its beginning",
    ),
    "a key with a line break": (
        '"a\\nb" = 1',
        "f: a b: unknown key; known keys: stack, routes, data_store, writer, gateway_role, api, "
        "deployment",
    ),
    "a section that is no table": ("stack = 1", "f: stack: 1 is not allowed; use a table"),
    "routes that are no list": (
        "routes = 1",
        "f: routes: 1 is not allowed; use tables, each headed [[routes]]",
    ),
    "routes as one table": (
        '[routes]\npath = "a"',
        "f: routes: {'path': 'a'} is not allowed; use tables, each headed [[routes]]",
    ),
    "a route that is no table": (
        'routes = ["a"]',
        "f: routes[1]: 'a' is not allowed; use a table",
    ),
    "no route": ("routes = []", "f: routes: [] is not allowed; use at least one route"),
    "a route without a key": (
        route(path="a"),
        "f: routes[1]: key is missing; add both path and key",
    ),
    "a route without a path": (
        route(key="a"),
        "f: routes[1]: path is missing; add both path and key",
    ),
    "a text for a number": (
        '[deployment]\nserial = "2"',
        "f: deployment.serial: '2' is not allowed; use a whole number, at least 1",
    ),
    "true for a number": (
        "[deployment]\nserial = true",
        "f: deployment.serial: True is not allowed; use a whole number, at least 1",
    ),
    "a number out of range": (
        "[data_store]\nold_versions_days = 0",
        "f: data_store.old_versions_days: 0 is not allowed; "
        "use a whole number, at least 1, at most 36500",
    ),
    "a text for a list": (
        '[writer]\nallow = "put"',
        "f: writer.allow: 'put' is not allowed; "
        "use a list, each one of 'put', 'compare', 'list', 'delete'",
    ),
    "a word that is no choice": (
        '[writer]\nkind = "group"',
        "f: writer.kind: 'group' is not allowed; use one of 'user', 'role', 'none'",
    ),
    "an empty list of what is allowed": (
        "[writer]\nallow = []",
        "f: writer.allow: [] is not allowed; use at least one of put, compare, list, delete",
    ),
    "a role that nobody may assume": (
        '[writer]\nkind = "role"',
        "f: writer.principals: [] is not allowed; use who may assume the role",
    ),
    "principals of a user": (
        '[writer]\nprincipals = ["123456789012"]',
        "f: writer.principals: ['123456789012'] is not allowed; use none, or kind = 'role'",
    ),
    "a bucket name that S3 refuses": (
        '[data_store]\nname = "Shop"',
        "f: data_store.name: 'Shop' is not allowed; "
        "use 3 to 63 of a-z 0-9 and -, without S3's reserved beginnings and endings",
    ),
    "a regional name without a name": (
        "[data_store]\naccount_regional = true",
        "f: data_store.account_regional: True is not allowed; use data_store.name with it",
    ),
    "a regional name too long": (
        f'[data_store]\naccount_regional = true\nname = "{"b" * 33}"',
        f"f: data_store.name: '{'b' * 33}' is not allowed; "
        "use at most 32 characters with account_regional",
    ),
    "a stack name that CloudFormation refuses": (
        '[stack]\nname = "my_stack"',
        "f: stack.name: 'my_stack' is not allowed; "
        "use 1 to 128 of A-Z a-z 0-9 and -, a letter first",
    ),
    "a stage that API Gateway refuses": (
        '[deployment]\nstage = "v 1"',
        "f: deployment.stage: 'v 1' is not allowed; use 1 to 128 of A-Z a-z 0-9 _ -",
    ),
    "a region that is none": (
        '[stack]\nregion = "Ireland"',
        "f: stack.region: 'Ireland' is not allowed; use a region, such as eu-west-1",
    ),
    "a tag that is no text": (
        "[stack.tags]\ncost = 1",
        "f: stack.tags: {'cost': 1} is not allowed; " + TAGS,
    ),
    "a tag without a value": (
        '[stack.tags]\ncost = ""',
        "f: stack.tags: {'cost': ''} is not allowed; " + TAGS,
    ),
    "a tag's value too long": (
        f'[stack.tags]\ncost = "{"v" * 257}"',
        f"f: stack.tags: {{'cost': '{'v' * 67}... is not allowed; " + TAGS,
    ),
    "a tag's key too long": (
        f'[stack.tags]\n{"k" * 129} = "v"',
        f"f: stack.tags: {{'{'k' * 75}... is not allowed; " + TAGS,
    ),
    "a tag too many": (
        "[stack.tags]\n" + "".join(f'k{number:02} = "v"\n' for number in range(50)),
        "f: stack.tags: {'k00': 'v', 'k01': 'v', 'k02': 'v', 'k03': 'v', 'k04': 'v', 'k05': 'v', "
        "'k06... is not allowed; " + TAGS,
    ),
    "a bad character in a path": (
        route(path="a b", key="a"),
        "f: routes[1].path: 'a b' is not allowed; use segments of A-Z a-z 0-9 . _ - or one "
        "{parameter} each, joined by single slashes, with {name+} only as the last",
    ),
    "a parameter that the path lacks": (
        route(path="a", key="{id}.json"),
        "f: routes[1].key: '{id}.json' is not allowed; use the parameters of its path: none",
    ),
    "a parameter that the key lacks": (
        route(path="{id}", key="a.json"),
        "f: routes[1].key: 'a.json' is not allowed; use the parameters of its path: {id}",
    ),
    "the second route is the bad one": (
        f"{route(path='a', key='a')}\n{route(path='b', key='b b')}",
        "f: routes[2].key: 'b b' is not allowed; "
        "use text of A-Z a-z 0-9 . _ - / and {parameters}, with no slash at either end",
    ),
    "two routes on one path": (
        f"{route(path='a', key='a')}\n{route(path='a', key='b')}",
        "f: routes.path: 'a' is not allowed; use each path once",
    ),
    "two parameters at one place": (
        f"{route(path='p/{id}', key='{id}')}\n{route(path='p/{sku}', key='{sku}')}",
        "f: routes.path: '{sku}' is not allowed; use the one name {id} after 'p' in all routes",
    ),
    "not TOML": ("a = ", "f: not TOML: Invalid value (at end of document)"),
}


@pytest.mark.parametrize(("text", "line"), ERRORS.values(), ids=ERRORS)
def test_what_is_wrong_is_said_in_one_line(text: str, line: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text, "f")
    assert str(refused.value) == line
    assert refused.value.exit_code == 2


def test_49_tags_of_the_longest_key_and_value_are_taken() -> None:
    tags = {f"{number:0128}": "v" * 256 for number in range(49)}
    text = "[stack.tags]\n" + "".join(f'"{key}" = "{value}"\n' for key, value in tags.items())
    assert parse(text, "f").stack.tags == tags


@pytest.mark.parametrize(
    "text",
    [
        f"x = {'[' * 5000}{']' * 5000}",
        f"[deployment]\nserial = {'9' * 5000}",
        "x = 1\nx = 2",
        "[api]\n[api]",
        'x = "\\ud800"',
        "x = 2020-99-99",
        "\x00",
    ],
)
def test_whatever_tomllib_stumbles_over_is_said_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text, "f")
    assert str(refused.value).startswith("f: not TOML: ")
    assert "\n" not in str(refused.value)


def test_another_tools_file_describes_the_same_read_model() -> None:
    told = {name: table for name, table in tomllib.loads(FULL).items() if name in MODEL}
    assert read_model(told, "f") == parse(FULL, "f").model


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ({"stack": {"name": "shop"}}, "f: stack: unknown key; known keys: "),
        ({"writers": {}}, "f: writers: unknown key; did you mean writer?"),
        ({1: 2}, "f: 1: unknown key; known keys: "),
        ({"api": {"description": 1}}, "f: api.description: 1 is not allowed; use "),
        (["routes"], "f: ['routes'] is not allowed; use a table"),
    ],
)
def test_what_is_wrong_in_another_tools_file_is_said_in_one_line(content: Any, line: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_model(content, "f")
    assert str(refused.value).startswith(line)


def test_nesting_that_no_parser_follows_is_said_in_words() -> None:
    with pytest.raises(ConfigError) as refused:
        parse(f"x = {'[' * 5000}", "f")
    assert str(refused.value) == "f: not TOML: nested too deeply"


def test_a_file_is_named_in_its_errors(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("x = 1")
    with pytest.raises(ConfigError, match="x: unknown key") as refused:
        load(file)
    assert str(refused.value).startswith(f"{file}: ")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"name = '\xff'", "not UTF-8 text"),
        ("x".encode("utf-16"), "not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_of_the_configuration(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "readmodel.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        load(file)
    assert str(refused.value) == f"{file}: cannot be read: {reason}"


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_the_file_is_utf8(tmp_path: Path) -> None:
    file = tmp_path / "readmodel.toml"
    file.write_bytes('[api]\ndescription = "Größe"'.encode())
    assert load(file).model.api.description == "Größe"
