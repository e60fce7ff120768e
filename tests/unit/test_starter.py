"""The file that `init` writes: it says what was answered, and all that it shows can be said."""

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
starts = routes().map(lambda one: Route(one.path, key_for(one.path)))


def uncommented(text: str) -> str:
    """The file with every option in force."""
    return re.sub(r"(?m)^# (?=\w+ = )", "", text)


@given(stacks, starts)
def test_a_file_says_just_what_was_answered(stack: StackSettings, route: Route) -> None:
    assert parse(starter(stack, route), "f") == Config(stack, ReadModel(routes=(route,)))


@given(stacks, starts)
def test_with_all_that_it_shows_in_force_it_is_read_as_well(
    stack: StackSettings, route: Route
) -> None:
    made = parse(uncommented(starter(stack, route)), "f")
    assert made.stack.name == stack.name
    assert (made.model.routes[0].path, made.model.routes[0].key) == (route.path, route.key)


@pytest.mark.parametrize(("table", "declared", "annotation"), OPTIONS, ids=PLACES)
def test_it_shows_every_option_with_its_own_words_and_a_value(
    table: str, declared: object, annotation: object
) -> None:
    text = starter(StackSettings(), Route())
    section = text.split(f"[{table}]")[1].split("\n[")[0]
    name, metadata = declared.name, declared.metadata  # type: ignore[attr-defined]
    assert len(re.findall(rf"(?m)^(?:# )?{name} = ", section)) == 1
    assert metadata["doc"] in " ".join(section.replace("\n# ", "\n").split())
    assert annotation


@pytest.mark.parametrize(("table", "declared", "annotation"), OPTIONS, ids=PLACES)
def test_an_option_without_a_default_has_an_example_that_is_allowed(
    table: str, declared: object, annotation: object
) -> None:
    default, metadata = declared.default, declared.metadata  # type: ignore[attr-defined]
    shown = metadata["example"]
    if table != "routes" and (default is None or shown is not None):
        assert shown is not None
        assert fits(shown, annotation, metadata)


def test_a_commented_default_is_the_default() -> None:
    """In force it changes nothing, but for the options that have none."""
    text = starter(StackSettings(), Route())
    examples = [one.name for _, one, _ in OPTIONS if one.metadata["example"] is not None]
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
def test_the_key_is_the_path_as_a_file(path: str, key: str) -> None:
    assert key_for(path) == key
    assert Route(path, key)


def test_no_line_is_longer_than_a_page() -> None:
    text = starter(StackSettings(name=DEFAULT_STACK_NAME), Route())
    assert max(map(len, text.splitlines())) <= 100
