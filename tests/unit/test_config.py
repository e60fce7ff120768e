"""readmodel.toml: what is read, and errors of one line."""

import re
import tomllib
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from facts import missing
from readmodel_cfn import Api, DataStore, Deployment, GatewayRole, ReadModel, Route, Writer
from readmodel_cfn.config.file import article, example, load, parse, read_model
from readmodel_cfn.config.values import Config, Publish, StackSettings
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import CONFIG_BYTES, CONFIG_ENVIRONMENTS
from readmodel_cfn.template.model import SECTIONS

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


def test_every_table_is_read_into_its_options() -> None:
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


def test_empty_file_is_the_default_read_model() -> None:
    assert parse("", "f") == Config()
    assert Config().model.routes == (Route("samples", "payload.json"),)
    assert Config().stack.name == "read-model"


def route(**values: str) -> str:
    return "[[routes]]\n" + "\n".join(f'{key} = "{value}"' for key, value in values.items())


# What the file says; the place that the error names; facts in the error's text.
ERRORS = {
    "unknown table, far from any": (
        "[zzz]",
        "f: zzz: ",
        ["data_store", "gateway_role"],
    ),
    "unknown table, near one": (
        "[datastore]",
        "f: datastore: ",
        ["data_store"],
    ),
    "unknown key, near one": (
        '[stack]\nnmae = "x"',
        "f: stack.nmae: ",
        ["name"],
    ),
    "unknown key, far from any": (
        "[deployment]\nx = 1",
        "f: deployment.x: ",
        ["throttle_rate", "throttle_burst"],
    ),
    "unknown key of a route": (
        route(path="a", key="a", kee="a"),
        "f: routes[1].kee: ",
        ["key"],
    ),
    "an exclusion that matches no key": (
        '[publish]\nexclude = ["./drafts/*"]',
        "f: publish.exclude: ",
        ["('./drafts/*',)"],
    ),
    "a key with a line break": (
        '"a\\nb" = 1',
        "f: a b: ",
        ["data_store", "gateway_role"],
    ),
    "a section that is no table": ("stack = 1", "f: stack: ", ["1"]),
    "routes that are no list": (
        "routes = 1",
        "f: routes: ",
        ["1", "[[routes]]"],
    ),
    "routes as one table": (
        '[routes]\npath = "a"',
        "f: routes: ",
        ["{'path': 'a'}", "[[routes]]"],
    ),
    "a route that is no table": (
        'routes = ["a"]',
        "f: routes[1]: ",
        ["'a'"],
    ),
    "no route": ("routes = []", "f: routes: ", ["[]"]),
    "a route without a key": (
        route(path="a"),
        "f: routes[1]: ",
        [],
    ),
    "a route without a path": (
        route(key="a"),
        "f: routes[1]: ",
        [],
    ),
    "a text for a number": (
        '[deployment]\nserial = "2"',
        "f: deployment.serial: ",
        ["'2'", "1"],
    ),
    "true for a number": (
        "[deployment]\nserial = true",
        "f: deployment.serial: ",
        ["True", "1"],
    ),
    "a number out of range": (
        "[data_store]\nold_versions_days = 0",
        "f: data_store.old_versions_days: ",
        ["0", "1", "36500"],
    ),
    "a text for a list": (
        '[writer]\nallow = "put"',
        "f: writer.allow: ",
        ["'put'", "put", "compare", "list", "delete"],
    ),
    "a word that is no choice": (
        '[writer]\nkind = "group"',
        "f: writer.kind: ",
        ["'group'", "user", "role", "none"],
    ),
    "an empty list of what is allowed": (
        "[writer]\nallow = []",
        "f: writer.allow: ",
        ["[]"],
    ),
    "a role that nobody may assume": (
        '[writer]\nkind = "role"',
        "f: writer.principals: ",
        ["[]"],
    ),
    "principals of a user": (
        '[writer]\nprincipals = ["123456789012"]',
        "f: writer.principals: ",
        ["['123456789012']", "role"],
    ),
    "a bucket name that S3 refuses": (
        '[data_store]\nname = "Shop"',
        "f: data_store.name: ",
        ["'Shop'", "3", "63"],
    ),
    "a regional name without a name": (
        "[data_store]\naccount_regional = true",
        "f: data_store.account_regional: ",
        ["True", "data_store"],
    ),
    "a regional name too long": (
        f'[data_store]\naccount_regional = true\nname = "{"b" * 33}"',
        "f: data_store.name: ",
        ["'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'", "32", "account_regional"],
    ),
    "a stack name that CloudFormation refuses": (
        '[stack]\nname = "my_stack"',
        "f: stack.name: ",
        ["'my_stack'", "1", "128"],
    ),
    "a stage that API Gateway refuses": (
        '[deployment]\nstage = "v 1"',
        "f: deployment.stage: ",
        ["'v 1'", "1", "128"],
    ),
    "an invalid region": (
        '[stack]\nregion = "Ireland"',
        "f: stack.region: ",
        ["'Ireland'", "1"],
    ),
    "a tag that is no text": (
        "[stack.tags]\ncost = 1",
        "f: stack.tags: ",
        ["{'cost': 1}", "49", "1", "256", "128"],
    ),
    "a tag without a value": (
        '[stack.tags]\ncost = ""',
        "f: stack.tags: ",
        ["{'cost': ''}", "49", "1", "256", "128"],
    ),
    "a tag's value too long": (
        f'[stack.tags]\ncost = "{"v" * 257}"',
        "f: stack.tags: ",
        ["49", "1", "256", "128"],
    ),
    "a tag's key too long": (
        f'[stack.tags]\n{"k" * 129} = "v"',
        "f: stack.tags: ",
        ["49", "1", "256", "128"],
    ),
    "a tag too many": (
        "[stack.tags]\n" + "".join(f'k{number:02} = "v"\n' for number in range(50)),
        "f: stack.tags: ",
        ["49", "1", "256", "128"],
    ),
    "a bad character in a path": (
        route(path="a b", key="a"),
        "f: routes[1].path: ",
        ["'a b'", "{parameter}", "{name+}"],
    ),
    "a parameter that the path lacks": (
        route(path="a", key="{id}.json"),
        "f: routes[1].key: ",
        ["'{id}.json'"],
    ),
    "a parameter that the key lacks": (
        route(path="{id}", key="a.json"),
        "f: routes[1].key: ",
        ["'a.json'", "{id}"],
    ),
    "the second route is the bad one": (
        f"{route(path='a', key='a')}\n{route(path='b', key='b b')}",
        "f: routes[2].key: ",
        ["'b b'", "{parameters}"],
    ),
    "two routes on one path": (
        f"{route(path='a', key='a')}\n{route(path='a', key='b')}",
        "f: routes.path: ",
        ["'a'"],
    ),
    "two parameters at one place": (
        f"{route(path='p/{id}', key='{id}')}\n{route(path='p/{sku}', key='{sku}')}",
        "f: routes.path: ",
        ["'{sku}'", "{id}", "p"],
    ),
    "not TOML": ("a = ", "f: ", []),
}


@pytest.mark.parametrize(("text", "where", "facts"), ERRORS.values(), ids=ERRORS)
def test_invalid_file_is_refused_in_one_line(text: str, where: str, facts: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text, "f")
    line = str(refused.value)
    assert line.startswith(where)
    assert missing(facts, line) == []
    assert "\n" not in line
    assert refused.value.exit_code == 2


def test_49_tags_of_maximum_length_are_accepted() -> None:
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
def test_invalid_toml_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text, "f")
    assert str(refused.value).startswith("f: ")
    assert len(str(refused.value)) < 200
    assert "\n" not in str(refused.value)


def test_mapping_of_another_tool_is_read_into_the_same_model() -> None:
    tables = tomllib.loads(FULL)
    mapping = {name: tables[name] for name in ("routes", *SECTIONS) if name in tables}
    assert read_model(mapping, "f") == parse(FULL, "f").model


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ({"stack": {"name": "shop"}}, "f: stack: "),
        ({"writers": {}}, "f: writers: "),
        ({1: 2}, "f: 1: "),
        ({"api": {"description": 1}}, "f: api.description: 1 "),
        (["routes"], "f: ['routes'] "),
    ],
)
def test_invalid_mapping_is_refused_in_one_line(content: Any, line: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_model(content, "f")
    assert str(refused.value).startswith(line)


@pytest.mark.parametrize("section", SECTIONS)
def test_as_printed_is_not_a_key_of_the_file(section: str) -> None:
    with pytest.raises(ConfigError, match=f"{section}.as_printed"):
        parse(f"[{section}]\nas_printed = true", "f")


def test_deeply_nested_toml_is_refused() -> None:
    with pytest.raises(ConfigError) as refused:
        parse(f"x = {'[' * 5000}", "f")
    assert str(refused.value).startswith("f: ")


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 17) + " = 1",
        "[" + ' . "b" . '.join("a" * 9) + "]",
        "x = {" + ".'c'.".join("a" * 9) + " = 1}",
        r'"\"".' * 17 + "a = 1",
        ".".join(["''"] * 17) + " = 1",
        "a = 1 # comment\n" + ".".join("a" * 17) + " = 1",
    ],
    ids=["key", "table", "inline table", "escapes", "empty", "after a comment"],
)
def test_dotted_key_of_many_parts_is_refused_before_it_is_parsed(text: str) -> None:
    with pytest.raises(ConfigError, match="16 parts") as caught:
        parse(f"# first\n{text}\n", "readmodel.toml")
    assert str(caught.value.where).startswith("readmodel.toml:")


DOTS = ".".join("a" * 99)


@pytest.mark.parametrize(
    "text",
    [
        f'description = "{DOTS}"',
        rf'description = "\"{DOTS}"',
        f"description = '{DOTS}'",
        f'description = """\\\n{DOTS}\\""""',
        f"description = '''{DOTS}'''",
        f"# {DOTS}",
    ],
)
def test_text_with_many_dots_is_not_a_dotted_key(text: str) -> None:
    parse(f"[api]\n{text}", "f")


@pytest.mark.parametrize(
    "text",
    [
        '"\\' * 100_000,
        '"' * 200_001,
        "'" * 200_001,
        '"""\\' * 50_000,
        "a." * 15 + "\n" + "a.b" * 50_000,
    ],
    ids=["escapes", "quotes", "single quotes", "strings of lines", "dots"],
)
def test_text_of_quotes_and_dots_is_refused(text: str) -> None:
    """These take minutes if each quote is compared with the rest of the text."""
    with pytest.raises(ConfigError):
        parse(text, "f")


@pytest.mark.parametrize(
    "text",
    [
        f"[writer]\nserial = 0x{'f' * 9_999}",
        f"[writer]\nserial = {'9' * 9_999}",
        "[writer]\nserial = 9223372036854775808",
        f"[stack]\nname = [0x{'f' * 9_999}]",
    ],
)
def test_number_of_many_digits_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "f")
    assert len(str(caught.value)) < 300


def test_number_of_environments_is_limited() -> None:
    tables = [
        f'[env.e{number}.stack]\nname = "s{number}"\n' for number in range(CONFIG_ENVIRONMENTS + 1)
    ]
    parse("".join(tables[1:]), "f", "e1")
    with pytest.raises(ConfigError, match=f"{CONFIG_ENVIRONMENTS} environments"):
        parse("".join(tables), "f", "e1")


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        (f"x = {'[' * 21}{']' * 21}", "20 levels"),
        (f"x = {'[' * 5000}{']' * 5000}", "20 levels"),
        (f"[data_store]\nmax_age = {'9' * 101}", "100 digits"),
        (f"[data_store]\nmax_age = {'9' * 5000}", "100 digits"),
        (f"[data_store]\nmax_age = 0x{'f' * 5000}", "100 digits"),
        (f"[api]\ncors_origin = [-{'9' * 101}]", "100 digits"),
        ("".join(f"[env.e{number}]\n" for number in range(101)), "more than 100"),
        (f'[[routes]]\npath = "{"a/" * 299}a"\nkey = "a.json"', "299 segments"),
        ('[[routes]]\npath = "a"\nkey = "a"\n' * 251, "250"),
        (f'[access]\nauth = "api-key"\nkeys = {[f"k{n}" for n in range(251)]}', "250 keys"),
    ],
    ids=lambda value: value[-20:],
)
def test_limit_is_named_in_the_message(text: str, limit: str) -> None:
    with pytest.raises(ConfigError, match=limit):
        parse(text, "f")


def test_larger_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "readmodel.toml"
    path.write_text("#" * CONFIG_BYTES)
    load(path)
    path.write_text("#" * (CONFIG_BYTES + 1))
    with pytest.raises(ConfigError, match=f"{CONFIG_BYTES:,} bytes"):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        "k" * 9_999 + " = 1",
        'stack.name = "' + "k" * 9_999 + '"',
        "[env." + "k" * 9_999 + ".stack]",
        "[env.a." + "k" * 9_999 + "]",
    ],
)
def test_message_shortens_a_long_key_or_value(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "readmodel.toml")
    assert len(str(caught.value)) < 500


def test_error_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("x = 1")
    with pytest.raises(ConfigError, match="x") as refused:
        load(file)
    assert str(refused.value).startswith(f"{file}: ")


@pytest.mark.parametrize("content", [None, b"name = '\xff'", "x".encode("utf-16")])
def test_unreadable_file_is_a_config_error(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "readmodel.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        load(file)
    assert str(refused.value).startswith(f"{file}: ")


def test_directory_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{tmp_path}: ")):
        load(tmp_path)


def test_file_is_read_as_utf8(tmp_path: Path) -> None:
    file = tmp_path / "readmodel.toml"
    file.write_bytes('[api]\ndescription = "Größe"'.encode())
    assert load(file).model.api.description == "Größe"


def test_the_repositorys_own_file_describes_the_example() -> None:
    """`make deploy` and the commands work in a clone."""
    config = load(Path(__file__).parents[2] / "readmodel.toml")
    assert config.model == example().model == ReadModel()
    assert config.stack.name not in (example().stack.name, article().stack.name)


def test_a_file_is_selected_by_its_option_unless_it_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("readmodel.toml", "production.toml"):
        Path(name).write_text("")
    assert load("readmodel.toml").command_options == ()
    assert load(Path("./readmodel.toml")).command_options == ()
    assert load("production.toml").command_options == ("--config", "production.toml")
    assert load("production.toml") == load("readmodel.toml")


def test_every_region_of_every_partition_is_allowed() -> None:
    session = botocore.session.get_session()
    regions = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("s3", partition)
    ]
    assert {"eu-west-1", "eusc-de-east-1", "cn-north-1", "us-isob-east-1"} <= set(regions)
    for region in regions:
        assert parse(f'[stack]\nregion = "{region}"\n', "f").stack.region == region


@pytest.mark.parametrize("region", ["mars-north-1", "eu-west", "eu-west-1a", "aws-global"])
def test_what_is_no_region_is_refused(region: str) -> None:
    with pytest.raises(ConfigError, match=region):
        parse(f'[stack]\nregion = "{region}"\n', "f")
