"""Whatever readmodel.toml has, each command that reads it ends as documented."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzz_runs import (  # noqa: F401 - run_here is a fixture
    Run,
    commands_with,
    require_right_end,
    run_alone,
    run_here,
    try_examples,
)
from hostile import EDITS, VALUES, Raw, changed, edited, toml_file
from hypothesis import strategies as st

from readmodel_cfn import lint
from readmodel_cfn.config.file import example
from readmodel_cfn.config.starter import starter
from readmodel_cfn.config.values import TABLES, Publish, StackSettings
from readmodel_cfn.template.model import SECTIONS
from readmodel_cfn.template.options import options_of
from robust_budget import Budget

# What a command needs besides a read model.
NEEDED: dict[str, list[str]] = {
    "estimate": ["--reads", "1", "--writes", "1"],
    "deploy": ["--yes"],
    "publish": ["payload.json"],
    "history": ["payload.json"],
    "restore": ["payload.json", "version", "--yes"],
    "unpublish": ["payload.json", "--yes"],
    "release activate": ["one"],
    "release prune": ["--yes"],
    "verify": ["--yes"],
    "delete": ["--yes"],
    "serve": ["--documents", "."],
}
COMMANDS = sorted(commands_with("--config"))
ROUTES = [
    {"path": "samples", "key": "payload.json"},
    {"path": "products/{id}", "key": "products/{id}.json", "throttle_rate": 10},
    {"path": "assets/{path+}", "key": "assets/{path}", "version_field": "at"},
]


def _table(cls: type) -> dict[str, Any]:
    """The options of a table, each with its example, else its default."""
    found: dict[str, Any] = {}
    for declared, _ in options_of(cls):
        value = declared.default if isinstance(declared.default, str | int) else None
        example = declared.metadata["example"]
        value = example if value is None else value
        if value is not None:
            found[declared.name] = list(value) if isinstance(value, tuple) else value
    return found


STACK = {**_table(StackSettings), "name": "shop"}
BASES: list[dict[str, Any]] = [
    {"routes": ROUTES, "stack": STACK, "publish": _table(Publish)},
    *({"routes": ROUTES, name: _table(cls)} for name, cls in SECTIONS.items()),
    {"routes": ROUTES, "env": {"a": {"stack": {"name": "a"}}, "b": {"stack": {"name": "b"}}}},
    {"routes": ROUTES, **{name: _table(SECTIONS[name]) for name in ("releases", "alarms", "cdn")}},
]
DATES = st.sampled_from(
    ["1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "inf", "-nan", "0x" + "f" * 5000]
).map(Raw)
WRAPS: list[Callable[[Any], Any]] = [
    lambda value: [value],
    lambda value: {"a": value},
    lambda value: [value] * 50,
    lambda value: value * 40 if isinstance(value, str | list) else value,
]
CONTENTS = (
    changed(BASES, WRAPS, VALUES | DATES)
    .map(toml_file)
    .map(lambda text: text.encode(errors="surrogatepass"))
)
TEXTS = st.one_of(
    CONTENTS,
    st.builds(edited, CONTENTS, EDITS),
    st.builds(edited, st.just(starter(example()).encode()), EDITS),
    st.binary(max_size=60),
)


def test_all_tables_are_in_a_base() -> None:
    assert {name for base in BASES for name in base} == {*TABLES, "env"}


def test_any_configuration_ends_right(
    budget: Budget,
    run_here: Callable[..., Run],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])  # has examples of its own
    (tmp_path / "payload.json").write_text("{}")

    def attempt(example: tuple[bytes, list[str]]) -> list[Run]:
        text, commands = example
        (tmp_path / "readmodel.toml").write_bytes(text)
        return [run_here(*words.split(), *NEEDED.get(words, [])) for words in commands]

    some = st.lists(st.sampled_from(COMMANDS), min_size=3, max_size=3, unique=True)
    examples = budget.examples(150, 4000)
    try_examples(budget, "readmodel.toml", examples, st.tuples(TEXTS, some), attempt)


def _lines(number: int, line: Callable[[int], str]) -> str:
    return "".join(line(index) for index in range(number))


def _listed(number: int, item: Callable[[int], str]) -> str:
    return json.dumps([item(index) for index in range(number)])


ROUTE = '[[routes]]\npath = "samples"\nkey = "payload.json"\n'
LARGE = {
    "levels of lists": f"{ROUTE}[api]\ndescription = {'[' * 50_000}{']' * 50_000}\n",
    "levels of tables": f"{ROUTE}x = {'{a=' * 400}1{'}' * 400}\n",
    "parts of a key": f"{'.'.join(['a'] * 20_000)} = 1\n",
    "parts of a table": f"[{'.'.join(['a'] * 20_000)}]\n",
    "digits": f"{ROUTE}[data_store]\nmax_age = {'9' * 5000}\n",
    "hexadecimal digits": f"{ROUTE}[data_store]\nmax_age = 0x{'f' * 100_000}\n",
    "a long text": f'{ROUTE}[api]\ndescription = "{"x" * 900_000}"\n',
    "a long key": f"{ROUTE}{'k' * 900_000} = 1\n",
    "keys": _lines(90_000, "k{} = 1\n".format),
    "routes": _lines(16_000, '[[routes]]\npath = "a{0}"\nkey = "a{0}.json"\n'.format),
    "segments": f'[[routes]]\npath = "{"a/" * 200_000}b"\nkey = "x.json"\n',
    "parameters": f'[[routes]]\npath = "{"/".join(f"{{p{i}}}" for i in range(90))}"\nkey = "'
    + "/".join(f"{{p{i}}}" for i in range(90))
    + '"\n',
    "environments": _lines(20_000, "[env.e{0}.stack]\nname = 's{0}'\n".format),
    "empty environments": f"{ROUTE}[stack]\nname = 'a'\n" + _lines(40_000, "[env.e{0}]\n".format),
    "origins": f"{ROUTE}[api]\ncors_origin = {_listed(30_000, 'https://a{}.example'.format)}\n",
    "headers": f"{ROUTE}[api]\ncors_headers = {_listed(60_000, 'X-A{}'.format)}\n",
    "principals": f'{ROUTE}[writer]\nkind = "role"\nprincipals = '
    f"{_listed(50_000, '{:012}'.format)}\n",
    "API keys": f'{ROUTE}[access]\nauth = "api-key"\nkeys = {_listed(60_000, "k{}".format)}\n',
    "addresses": f"{ROUTE}[access]\nsource_ips = {_listed(50_000, '10.{}.0.0/16'.format)}\n",
    "tags": f"{ROUTE}[stack]\nname = 'a'\n[stack.tags]\n" + _lines(30_000, "k{} = 'v'\n".format),
    "exclude": f"{ROUTE}[publish]\nexclude = {_listed(30_000, '*a*a*a*a{}*'.format)}\n",
    "line breaks": "\n" * 990_000,
    "more than a megabyte": "#" * 2_000_000,
}
ALL_LARGE = [(name, words) for name in LARGE for words in ("template", "publish", "diff")]


def test_large_configuration_takes_bounded_time_and_memory(budget: Budget, tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_text("{}")
    for name, words in budget.sample(ALL_LARGE, 8):
        if budget.is_used_up():
            break
        (tmp_path / "readmodel.toml").write_text(LARGE[name])
        done = run_alone(tmp_path, *words.split(), *NEEDED.get(words, []))
        budget.record("large readmodel.toml", 1, seconds=round(done.seconds, 1), mb=round(done.mb))
        require_right_end(done)
