"""Whatever a document, a JSON Schema or a file of prices has, commands end as documented."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from fuzz_runs import (  # noqa: F401 - run_here is a fixture
    Run,
    require_right_end,
    run_alone,
    run_here,
    try_examples,
)
from hostile import EDITS, VALUES, changed, edited, nested
from hypothesis import strategies as st

from fake_objects import FakeObjects
from readmodel_cfn.estimate import prices
from readmodel_cfn.publish import changes
from readmodel_cfn.publish.objects import Put
from robust_budget import Budget

READ_MODEL = """
[[routes]]
path = "checked/{id}"
key = "checked/{id}.json"
schema = "product.schema.json"
[[routes]]
path = "versions/{id}"
key = "versions/{id}.json"
version_field = "at"
[[routes]]
path = "free/{id}"
key = "free/{id}.json"
"""
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {"price": {"type": "number", "minimum": 0, "multipleOf": 0.01}},
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string", "pattern": "^[a-z]*$", "maxLength": 9},
        "at": {"type": "string", "format": "date-time"},
        "price": {"$ref": "#/$defs/price"},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True},
    },
    "if": {"properties": {"id": {"const": 1}}},
    "then": {"not": {"required": ["tags"]}},
    "additionalProperties": False,
}
DOCUMENT = {"id": 1, "name": "a", "at": "2026-01-31T12:00:00Z", "price": 1.5, "tags": ["a", "b"]}
TO = ("--region", "eu-west-1", "--bucket", "mine")
USAGE = ("--reads", "1", "--writes", "1")
COMMANDS: list[tuple[str, ...]] = [
    ("publish", "data", *TO),
    ("publish", "data", *TO, "--json", "--skip-invalid"),
    ("publish", "data", *TO, "--dry-run", "--json"),
    ("publish", "data/free/1.json", "--key", "free/1.json", *TO),
    ("publish", "data/checked/1.json", "--key", "checked/1.json", *TO, "--version", "3"),
    ("estimate", "data", *USAGE),
]
WRAPS: list[Callable[[Any], Any]] = [
    lambda value: [value] * 9,
    lambda value: nested(value, 40, lambda inner: {"a": inner}),
]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _below(levels: int, body: bytes) -> bytes:
    """The body in so many lists."""
    return b"[" * levels + body + b"]" * levels


LEVELS = st.sampled_from([0, 0, 0, 0, 250, 490, 501, 2000])  # 500 are allowed
DOCUMENTS = st.builds(_below, LEVELS, changed([DOCUMENT, [DOCUMENT], {"at": 7}], WRAPS).map(_json))
BODIES = st.one_of(
    DOCUMENTS, st.builds(edited, DOCUMENTS, EDITS), VALUES.map(_json), st.binary(max_size=60)
)
FOLDERS = st.sampled_from(["checked", "versions", "free"])
NAMES = st.sampled_from(["1.json", "\x1b[31m.json", "a b.json", "é.json", "1.txt", "..json", "a\n"])


class Bucket(FakeObjects):
    """It never has an older version of a document."""

    def stored(self, key: str) -> None:
        self.asked.append(key)

    def put_if(self, key: str, body: bytes, headers: Mapping[str, str], etag: str | None) -> Put:
        assert etag is None
        return Put(self.put(key, body, headers, False).strip('"'), None)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    made = Bucket()
    monkeypatch.setattr(changes, "Objects", lambda _: made)
    return made


def _project(schema: bytes = _json(SCHEMA)) -> None:
    Path("readmodel.toml").write_text(READ_MODEL)
    Path("product.schema.json").write_bytes(schema)
    for folder in ("checked", "versions", "free"):
        Path("data", folder).mkdir(parents=True, exist_ok=True)
        Path("data", folder, "1.json").write_bytes(_json(DOCUMENT))


def test_any_document_ends_right(
    budget: Budget,
    run_here: Callable[..., Run],  # noqa: F811
    bucket: Bucket,
) -> None:
    def attempt(example: tuple[bytes, str, str, list[tuple[str, ...]]]) -> list[Run]:
        body, folder, name, commands = example
        bucket.kept.clear()
        _project()
        written = Path("data", folder, name)
        written.write_bytes(body)
        done = [run_here(*words) for words in commands]
        written.unlink()
        return done

    some = st.lists(st.sampled_from(COMMANDS), min_size=2, max_size=2, unique=True)
    examples = budget.examples(60, 1500)
    strategy = st.tuples(BODIES, FOLDERS, NAMES, some)
    try_examples(budget, "document", examples, strategy, attempt)


SCHEMAS = st.builds(_below, LEVELS, changed([SCHEMA], WRAPS).map(_json))


def test_any_schema_ends_right(
    budget: Budget,
    run_here: Callable[..., Run],  # noqa: F811
    bucket: Bucket,
) -> None:
    def attempt(schema: bytes) -> list[Run]:
        bucket.kept.clear()
        _project(schema)
        return [run_here("publish", "data", *TO), run_here("openapi")]

    strategy = st.one_of(SCHEMAS, st.builds(edited, SCHEMAS, EDITS), st.binary(max_size=60))
    try_examples(budget, "JSON Schema", budget.examples(40, 1000), strategy, attempt)


PRICES = Path(prices.__file__).with_name("prices.toml").read_bytes()


def test_any_file_of_prices_ends_right(
    budget: Budget,
    run_here: Callable[..., Run],  # noqa: F811
) -> None:
    def attempt(text: bytes) -> list[Run]:
        _project()
        Path("prices.toml").write_bytes(text)
        return [run_here("estimate", *USAGE, "--prices", "prices.toml", "--json")]

    strategy = st.builds(edited, st.just(PRICES), EDITS)
    try_examples(budget, "prices", budget.examples(20, 400), strategy, attempt)


LARGE = {
    "levels": b"[" * 5_000_000 + b"]" * 5_000_000,
    "levels without an end": b'{"a":' * 2_000_000,
    "few levels more": _json(nested(1, 501, lambda inner: [inner])),
    "numbers": b"[" + b"1," * 5_000_000 + b"1]",
    "lists": b"[" + b"[]," * 3_400_000 + b"[]]",
    "objects": b"[" + b'{"a":1},' * 1_200_000 + b"{}]",
    "digits": b"9" * 10_000_000,
    "an exponent": b"1e" + b"9" * 1_000_000,
    "a long text": b'"' + b"a" * 10_000_000 + b'"',
    "escapes": b'"' + b"\\u0000" * 1_700_000 + b'"',
    "quotes": b'"' + b'\\"' * 5_000_000,
    "keys": b"{" + b",".join(b'"k%d":1' % index for index in range(700_000)) + b"}",
    "one key": b"{" + b'"k":1,' * 1_500_000 + b'"k":1}',
    "spaces": b" " * 10_000_000 + b"1",
    "more than a document": b'"' + b"a" * 60_000_000 + b'"',
}
SERVER = ("--endpoint-url", "http://127.0.0.1:9")  # nothing listens: documents are checked before
ALL_LARGE = [
    (name, folder, words)
    for name in LARGE
    for folder in ("checked", "versions", "free")
    for words in (("publish", "data", *TO, *SERVER), ("estimate", "data", *USAGE))
]


def test_large_document_takes_bounded_time_and_memory(
    budget: Budget,
    run_here: Callable[..., Run],  # noqa: ARG001, F811 - it enters a directory
) -> None:
    for name, folder, words in budget.sample(ALL_LARGE, 8):
        if budget.is_used_up():
            break
        _project()
        Path("data", folder, "1.json").write_bytes(LARGE[name])
        done = run_alone(Path.cwd(), *words)
        budget.record("large document", 1, seconds=round(done.seconds, 1), mb=round(done.mb))
        require_right_end(done)
