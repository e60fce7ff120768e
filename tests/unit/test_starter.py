"""The file that `init` writes."""

import re
from collections.abc import Set
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.config.file import parse
from readmodel_cfn.config.starter import key_for, stack_name_for, starter
from readmodel_cfn.config.values import TABLES, Config, Publish, StackSettings
from readmodel_cfn.template.model import OPTIONAL_SECTIONS, ReadModel
from readmodel_cfn.template.options import fits, options_of
from readmodel_cfn.template.routes import Route
from readmodel_cfn.template.sections.api import Api
from readmodel_cfn.template.sections.writer import Writer
from strategies import read_models, routes

OPTIONS = [
    (table, declared, annotation)
    for table, cls in TABLES.items()
    for declared, annotation in options_of(cls)
]
PLACES = [f"{table}.{declared.name}" for table, declared, _ in OPTIONS]
stacks = st.builds(
    StackSettings,
    name=st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,127}", fullmatch=True),
    region=st.none()
    | st.from_regex(r"([a-z]{2}|eusc)(-[a-z]{1,9}){1,3}-[0-9]{1,2}", fullmatch=True),
)
starts = routes().map(lambda route: Route(route.path, key_for(route.path)))


TOGETHER = [OPTIONAL_SECTIONS - {"cdn", "waf"}, {"logs", "alarms", "cdn", "waf"}]
"""The optional tables that do not exclude each other; `readmodel_cfn.template.pairs` has why."""


def uncommented(text: str, tables: Set[str]) -> str:
    """The file with every option in force, of the optional tables only those of `tables`."""
    table, lines = "", []
    for line in text.splitlines():
        if heading := re.fullmatch(r"(?:# )?\[{1,2}([a-z_]+)\]{1,2}", line):
            table = heading[1]
        in_force = table in tables or table not in OPTIONAL_SECTIONS
        lines.append(re.sub(r"^# (?=\w+ = |\[[a-z_]+\]$)", "", line) if in_force else line)
    return "\n".join(lines)


@given(stacks, starts)
def test_starter_file_has_the_given_answers(stack: StackSettings, route: Route) -> None:
    config = Config(stack, ReadModel(routes=(route,)))
    assert parse(starter(config), "f") == config


@given(read_models)
def test_starter_file_has_every_table_of_a_model(model: ReadModel) -> None:
    config = Config(model=model)
    assert parse(starter(config), "f") == config


def test_every_optional_table_is_tested_with_its_options_in_force() -> None:
    assert {table for tables in TOGETHER for table in tables} == OPTIONAL_SECTIONS


@given(stacks, starts, st.sampled_from(TOGETHER))
def test_starter_file_without_comment_marks_is_valid(
    stack: StackSettings, route: Route, tables: Set[str]
) -> None:
    config = Config(stack, ReadModel(routes=(route,)))
    # Limits of API keys need API keys.
    text = uncommented(starter(config), tables).replace('auth = "public"', 'auth = "api-key"')
    made = parse(text, "f")
    assert made.stack.name == stack.name
    assert (made.model.routes[0].path, made.model.routes[0].key) == (route.path, route.key)


@pytest.mark.parametrize(("table", "declared", "annotation"), OPTIONS, ids=PLACES)
def test_starter_file_shows_every_option_with_help_and_value(
    table: str, declared: object, annotation: object
) -> None:
    text = starter(Config())
    after = re.split(rf"(?m)^(?:# )?\[{{1,2}}{table}\]{{1,2}}$", text)[1]
    section = re.split(r"(?m)^(?:# )?\[{1,2}[a-z_]+\]{1,2}$", after)[0]
    name, metadata = declared.name, declared.metadata  # type: ignore[attr-defined]
    assert len(re.findall(rf"(?m)^(?:# )?{name} = ", section)) == 1
    assert metadata["doc"] in " ".join(section.replace("\n# ", "\n").split())
    assert annotation


@pytest.mark.parametrize(("table", "declared", "annotation"), OPTIONS, ids=PLACES)
def test_option_without_default_has_a_valid_example(
    table: str, declared: object, annotation: object
) -> None:
    default, metadata = declared.default, declared.metadata  # type: ignore[attr-defined]
    shown = metadata["example"]
    if table != "routes" and (default is None or shown is not None):
        assert shown is not None
        assert fits(shown, annotation, metadata)


@pytest.mark.parametrize("tables", [each - {"domain"} for each in TOGETHER])
def test_commented_default_is_the_default(tables: Set[str]) -> None:
    """In force it changes nothing, but for the options that have none and a table that is off."""
    text = starter(Config())
    examples = [option.name for _, option, _ in OPTIONS if option.metadata["example"] is not None]
    kept = re.sub(rf"(?m)^# ({'|'.join(examples)}) = .*\n", "", text)
    headings = "\n".join(f"[{table}]" for table in tables)
    assert parse(uncommented(kept, tables), "f") == parse(headings, "f")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("samples", "payload.json"),
        ("products", "products.json"),
        ("products/{id}", "products/{id}.json"),
        ("shops/{shop}/{id}", "shops/{shop}/{id}.json"),
        ("assets/{path+}", "assets/{path}"),
        ("{path+}", "{path}"),
        ("feed.json", "feed.json"),
    ],
)
def test_key_is_the_path_with_json_suffix(path: str, key: str) -> None:
    assert key_for(path) == key
    assert Route(path, key)


def test_starter_file_lines_have_at_most_100_characters() -> None:
    text = starter(Config())
    assert max(map(len, text.splitlines())) <= 100


def test_starter_file_has_every_option_that_differs_from_its_default() -> None:
    config = Config(
        StackSettings(name="shop", tags={"team": "shop"}, termination_protection=True),
        ReadModel(
            routes=[Route("a/{id}", "a/{id}.json", throttle_rate=5), Route("b", "c.json")],
            api=Api(cors_origin="*", compress_from="never"),
            writer=Writer(kind="role", principals=("123456789012",), allow=("put", "list")),
        ),
        Publish(exclude=("drafts/*",)),
    )
    assert parse(starter(config), "f") == config


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("shop", "shop"),
        ("My Shop_2.0", "my-shop-2-0"),
        ("--shop--", "shop"),
        ("Caf\u00e9", "cafe"),
        ("2024-shop", "readmodel-2024-shop"),
        ("x" * 200, "x" * 128),
    ],
)
def test_stack_name_is_made_of_the_directorys(directory: str, name: str) -> None:
    assert stack_name_for(Path("/work") / directory) == name


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=()), min_size=1))
def test_stack_name_of_every_directory_is_valid(directory: str) -> None:
    assert StackSettings(name=stack_name_for(Path("/work", directory))).name


def test_directories_without_a_latin_letter_have_different_names() -> None:
    names = {stack_name_for(Path("/", directory)) for directory in ("", "\u5e97", "\u672c", "---")}
    assert len(names) == 4
