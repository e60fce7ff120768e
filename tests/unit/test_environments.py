"""[env.NAME] tables of readmodel.toml: what they override, and errors of one line."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from test_schema import KEYS, accepted, values

from readmodel_cfn import ReadModelStack
from readmodel_cfn.config.file import load, load_environments, parse
from readmodel_cfn.config.schema import schema
from readmodel_cfn.config.values import Config
from readmodel_cfn.errors import ConfigError

FILE = """\
[stack]
name = "shop"
region = "eu-west-1"
tags = { team = "web" }

[[routes]]
path = "products/{id}"
key = "products/{id}.json"

[api]
description = "Products"
cors_origin = "*"

[publish]
exclude = ["drafts/*"]

[env.staging.stack]
name = "shop-staging"

[env.production.stack]
name = "shop-production"
account = "123456789012"
region = "us-east-1"
termination_protection = true
tags = { stage = "production" }

[env.production.api]
cors_origin = "https://shop.example"

[env.production.data_store]
max_age = 60

[env.production.publish]
exclude = ["tests/*"]
"""


def test_environment_overrides_keys_and_keeps_the_others() -> None:
    base, production = parse(FILE, "f"), parse(FILE, "f", "production")
    assert (base.env, production.env) == (None, "production")
    stack = production.stack
    assert (stack.name, stack.account, stack.region) == (
        "shop-production",
        "123456789012",
        "us-east-1",
    )
    assert stack.termination_protection
    assert stack.tags == {"team": "web", "stage": "production"}
    assert production.model.routes == base.model.routes
    assert production.model.api.description == "Products"
    assert production.model.api.cors_origin == "https://shop.example"
    assert production.model.data_store.max_age == 60
    assert production.publish.exclude == ("tests/*",)


def test_environment_without_a_table_has_that_of_the_file() -> None:
    base, staging = parse(FILE, "f"), parse(FILE, "f", "staging")
    assert staging.model == base.model
    assert staging.publish == base.publish
    assert (staging.stack.name, staging.stack.region) == ("shop-staging", "eu-west-1")


def test_file_without_an_environment_is_not_changed_by_them() -> None:
    before = FILE.partition("[env.")[0]
    assert parse(FILE, "f") == parse(before, "f")


def test_every_environment_is_listed_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(FILE)
    found = load_environments(file)
    assert list(found) == ["staging", "production"]
    assert found["production"] == load(file, "production")
    assert load(file).environment("staging") == found["staging"]


def test_command_options_select_the_file_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(FILE)
    expected = ("--config", str(file), "--env", "staging")
    assert load(file, "staging").command_options == expected
    assert load_environments(file)["staging"].command_options == expected
    assert parse(FILE, "readmodel.toml", "staging").command_options == ("--env", "staging")


def changed(text: str) -> str:
    return f'{FILE}\n[env.test.stack]\nname = "shop-test"\n{text}'


ERRORS = {
    "a value": ("[env.test.api]\ncors_origin = 1", "f: env.test.api.cors_origin: "),
    "a region": ('region = "x"', "f: env.test.stack.region: "),
    "an unknown key": ("[env.test.api]\ncors = 1", "f: env.test.api.cors: "),
    "an unknown table": ("[env.test.apis]\nx = 1", "f: env.test.apis: "),
    "no table": ("[env.test]\napi = 1", "f: env.test.api: "),
    "a key beside the tables": ("[env.test]\nregion = 'eu-west-1'", "f: env.test.region: "),
    "routes": ("[[env.test.routes]]\npath = 'a'\nkey = 'a'", "f: env.test.routes: "),
    "a rule of two keys": ("[env.test.writer]\nkind = 'role'", "f: env.test.writer.principals: "),
    "an environment that is no table": ("[env]\nother = 1", "f: env.other: "),
    "a name": ("[env.'a b'.stack]\nname = 'x'", "f: env: "),
    "a name with a dot": ("[env.'a.b'.stack]\nname = 'x'", "f: env: "),
}


@pytest.mark.parametrize(("text", "place"), ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("env", [None, "staging"])
def test_error_names_the_place_whatever_environment_is_used(
    text: str, place: str, env: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(changed(text), "f", env)
    assert str(caught.value).startswith(place)


@pytest.mark.parametrize("text", ["env = 1", "[env]", "env = []"])
def test_env_without_environments_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "f")
    assert caught.value.where == "f: env"


def test_error_of_a_shared_table_names_the_shared_table() -> None:
    text = FILE.replace('cors_origin = "*"', "cors = 1")
    with pytest.raises(ConfigError) as caught:
        parse(text, "f", "production")
    assert caught.value.where == "f: api.cors"


def test_hint_of_a_key_beside_the_tables_names_its_table() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(changed("[env.test]\naccount = '123456789012'"), "f")
    assert "env.test.stack" in str(caught.value)


def test_shared_tables_need_not_be_complete() -> None:
    text = """
[writer]
kind = "role"
[env.production.writer]
principals = ["123456789012"]
"""
    assert parse(text, "f", "production").model.writer.principals == ("123456789012",)
    with pytest.raises(ConfigError, match="production") as caught:
        parse(text, "f")
    assert caught.value.where == "f: writer.principals"


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("prodution", ["did you mean production"]),
        ("x", ["staging", "production"]),
        ("", ["staging"]),
    ],
)
def test_unknown_environment_is_refused(name: str, facts: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(FILE, "f", name)
    assert all(fact in str(caught.value) for fact in facts)
    with pytest.raises(ConfigError) as caught:
        parse(FILE, "f").environment(name)
    assert all(fact in str(caught.value) for fact in facts)


def test_environment_of_a_file_that_has_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="production"):
        parse('[stack]\nname = "shop"', "f", "production")


def two(first: str, second: str, shared: str = 'name = "shop"') -> str:
    return f"[stack]\n{shared}\n[env.one.stack]\n{first}\n[env.two.stack]\n{second}\n"


A, B = 'account = "111111111111"', 'account = "222222222222"'
EU, US = 'region = "eu-west-1"', 'region = "us-east-1"'


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", ""),
        (A, A),
        (A, ""),
        ("", B),
        (EU, EU),
        (EU, ""),
        (f"{A}\n{EU}", f"{A}\n{EU}"),
        (f"{A}\n{EU}", f"{A}"),
        (f"{A}", f"{EU}"),
        ('name = "x"', 'name = "x"'),
    ],
)
def test_environments_that_may_be_one_stack_are_refused(first: str, second: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(two(first, second), "f", "one")
    assert caught.value.where == "f: env.two.stack"
    assert "one" in caught.value.what


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (A, B),
        (EU, US),
        (f"{A}\n{EU}", f"{A}\n{US}"),
        ('name = "x"', 'name = "y"'),
        ('name = "x"', ""),
    ],
)
def test_environments_of_different_stacks_are_accepted(first: str, second: str) -> None:
    assert parse(two(first, second), "f", "one").env == "one"


def test_environments_may_have_the_name_of_the_shared_table() -> None:
    assert parse(
        '[stack]\nname = "shop"\n[env.production.api]\n', "f", "production"
    ).stack.name == ("shop")


SCHEMA = Draft202012Validator(schema())
BEYOND_THE_SCHEMA = {"a rule of two keys"}


def valid(text: str) -> bool:
    return SCHEMA.is_valid(tomllib.loads(text))


def test_schema_knows_environments() -> None:
    assert valid(FILE)


@pytest.mark.parametrize("case", set(ERRORS) - BEYOND_THE_SCHEMA)
def test_schema_refuses_what_the_reader_refuses(case: str) -> None:
    text = ERRORS[case][0]
    prefix = '[env.test.stack]\nname = "shop-test"\n'
    assert not valid(text if text.startswith("[") else prefix + text)


def test_table_of_a_key_is_the_one_that_sets_it() -> None:
    config = parse(FILE, "f", "production")
    assert config.table_of("api", "cors_origin") == "env.production.api"
    assert config.table_of("api", "description") == "api"
    assert config.table_of("stack", "tags.stage") == "env.production.stack"
    assert config.table_of("stack", "tags.team") == "stack"
    assert config.table_of("routes", "products/{id}") == "routes"
    assert parse(FILE, "f").table_of("api", "cors_origin") == "api"


def test_headings_of_a_table_include_its_override() -> None:
    config = parse(FILE, "f", "production")
    assert config.tables_of("[api]") == "[api] or [env.production.api]"
    assert config.tables_of("[writer]") == "[writer]"
    assert config.tables_of('[[routes]] path = "a"') == '[[routes]] path = "a"'


def stack_of(env: str | None, **options: Any) -> ReadModelStack:
    return ReadModelStack.from_config(parse(FILE, "f"), env=env, **options)


def test_stack_of_an_environment() -> None:
    production = stack_of("production")
    assert production.name == "shop-production"
    assert production.config.env == "production"
    assert production.model.api.cors_origin == "https://shop.example"


@pytest.mark.parametrize(
    "call",
    [
        "deploy",
        "diff",
        "status",
        "outputs",
        "follow",
        "diagnose",
        "delete",
        "verify",
        "race",
        "url",
    ],
)
def test_stack_of_a_file_with_environments_calls_aws_only_for_one_of_them(call: str) -> None:
    with pytest.raises(ConfigError, match="production"):
        getattr(stack_of(None), call)()


def test_documents_of_a_file_with_environments_are_published_to_one_of_them() -> None:
    stack = stack_of(None)
    for call in (
        lambda: stack.publish({"products/1.json": {}}),
        lambda: stack.publish({"products/1.json": {}}, bucket="b"),
        lambda: stack.publish_document("products/1.json", {}),
        lambda: stack.history("products/1.json"),
        lambda: stack.restore("products/1.json", "1"),
        lambda: stack.read("products/1"),
    ):
        with pytest.raises(ConfigError, match="production"):
            call()


def test_policy_is_that_of_an_environments_stack() -> None:
    with pytest.raises(ConfigError, match="production"):
        stack_of(None).policy()
    assert "stack/shop-production/" in stack_of("production").policy("deploy").to_json()


def test_template_of_the_shared_tables_needs_no_environment() -> None:
    template = json.loads(stack_of(None).template())
    assert template["Resources"]
    assert stack_of("production").template() != stack_of(None).template()


@pytest.mark.parametrize(
    ("text", "region"),
    [(FILE.replace('region = "us-east-1"\n', ""), None), (FILE, "eu-west-1")],
)
def test_stack_of_another_environment_is_refused(text: str, region: str | None) -> None:
    config = parse(text, "f", "production")
    with pytest.raises(ConfigError, match="staging"):
        ReadModelStack.from_config(config, name="shop-staging", region=region)


def test_region_of_another_environment_is_refused() -> None:
    config: Config = parse(two(EU, US), "f", "one")
    with pytest.raises(ConfigError, match="two"):
        ReadModelStack.from_config(config, region="us-east-1")
    assert ReadModelStack.from_config(config, name="other", region="us-east-1").name == "other"


@given(st.sampled_from(KEYS), values)
def test_every_key_means_the_same_in_an_environment(place: tuple[str, str], value: Any) -> None:
    table, key = place
    pair = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    alone = f"[{table}]\n{pair}"
    in_environment = f"[env.production.{table}]\n{pair}"
    assert accepted(in_environment) == accepted(alone)
    assert valid(in_environment) == valid(alone)
    if accepted(alone):
        found, expected = parse(in_environment, "f", "production"), parse(alone, "f")
        assert (found.stack, found.model, found.publish) == (
            expected.stack,
            expected.model,
            expected.publish,
        )
