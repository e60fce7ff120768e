"""The file that `init` writes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.config.load import DEFAULT_STACK_NAME, TABLES, Config, StackSettings, parse
from readmodel_cfn.config.starter import key_for, starter
from readmodel_cfn.template.model import ReadModel
from readmodel_cfn.template.options import fits, options_of
from readmodel_cfn.template.routes import Route
from strategies import routes

OPTIONS = [
    (table, declared, annotation)
    for table, cls in TABLES.items()
    for declared, annotation in options_of(cls)
]
PLACES = [f"{table}.{declared.name}" for table, declared, _ in OPTIONS]
stacks = st.builds(
    StackSettings,
    name=st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,127}", fullmatch=True),
    region=st.none() | st.from_regex(r"[a-z]{2,3}(-[a-z]{1,9}){1,3}-[0-9]{1,2}", fullmatch=True),
)
starts = routes().map(lambda route: Route(route.path, key_for(route.path)))


def uncommented(text: str) -> str:
    """The file with every option in force."""
    return re.sub(r"(?m)^# (?=\w+ = )", "", text)


@given(stacks, starts)
def test_starter_file_has_the_given_answers(stack: StackSettings, route: Route) -> None:
    assert parse(starter(stack, route), "f") == Config(stack, ReadModel(routes=(route,)))


@given(stacks, starts)
def test_starter_file_without_comment_marks_is_valid(stack: StackSettings, route: Route) -> None:
    made = parse(uncommented(starter(stack, route)), "f")
    assert made.stack.name == stack.name
    assert (made.model.routes[0].path, made.model.routes[0].key) == (route.path, route.key)


@pytest.mark.parametrize(("table", "declared", "annotation"), OPTIONS, ids=PLACES)
def test_starter_file_shows_every_option_with_help_and_value(
    table: str, declared: object, annotation: object
) -> None:
    text = starter(StackSettings(), Route())
    section = text.split(f"[{table}]")[1].split("\n[")[0]
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


def test_commented_default_is_the_default() -> None:
    """In force it changes nothing, but for the options that have none."""
    text = starter(StackSettings(), Route())
    examples = [option.name for _, option, _ in OPTIONS if option.metadata["example"] is not None]
    kept = re.sub(rf"(?m)^# ({'|'.join(examples)}) = .*\n", "", text)
    assert parse(uncommented(kept), "f") == parse("", "f")


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
    text = starter(StackSettings(name=DEFAULT_STACK_NAME), Route())
    assert max(map(len, text.splitlines())) <= 100
