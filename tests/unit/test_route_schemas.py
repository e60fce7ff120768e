"""A route's JSON Schema: it is not in the template, and each document is checked against it."""

import json
import pickle
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fake_objects import FakeObjects
from readmodel_cfn import ReadModel, ReadModelStack, Route, render
from readmodel_cfn.config import load
from readmodel_cfn.config.changes import changed_settings
from readmodel_cfn.errors import ConfigError, Unfinished
from readmodel_cfn.publish import changes
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings, body_fault
from readmodel_cfn.publish.publish import publish
from readmodel_cfn.publish.put import plan_file, publish_document
from readmodel_cfn.publish.results import Fault, InvalidDocuments
from readmodel_cfn.publish.schemas import Schemas
from readmodel_cfn.template.options import OptionError
from readmodel_cfn.template.render import build_template

TO = Destination("bucket")
DEEP = b"[" * 899 + b"]" * 899
PRODUCT = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "since": {"format": "date"},
        "a/b": {"items": {"type": "number"}},
    },
}
LAMP = {"id": 1, "name": "Lamp"}
ROUTES = [
    Route("products/{id}", "products/{id}.json", schema="product.schema.json"),
    Route("samples", "payload.json"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("product.schema.json", PRODUCT)
    return tmp_path


def write(path: str, content: object) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(content if isinstance(content, str) else json.dumps(content))


def fault_of(schema: Any, document: bytes) -> Fault | None:
    write("s.json", schema)
    check = Schemas([Route("a", "a.json", schema="s.json")]).check("a.json")
    assert check is not None
    return body_fault(document, document, "a.json", check)


def test_exponent_that_python_does_not_represent_is_a_fault() -> None:
    fault = fault_of({"type": "number"}, b"1e99999999999999999999")
    assert fault is not None
    assert "exponent" in fault.what
    assert fault_of({"type": "number"}, b"1e9999") is None


def test_of_a_large_document_only_the_first_fault_is_known() -> None:
    """jsonschema-rs copies the document for each fault."""
    schema = {"required": ["a", "b", "c"]}
    fault = fault_of(schema, json.dumps({"d": "x" * 100}).encode())
    assert fault is not None
    assert len(fault.each) == 3
    fault = fault_of(schema, json.dumps({"d": "x" * 100_000}).encode())
    assert fault is not None
    assert len(fault.each) == 1
    fault = fault_of(schema, json.dumps({"d": "x" * 1_000_000}).encode())
    assert fault is not None
    assert fault.pointer is None


# The template


def test_the_template_and_its_diff_do_not_depend_on_schemas() -> None:
    with_schemas = ReadModel(routes=ROUTES)
    without = ReadModel(routes=[replace(route, schema=None) for route in ROUTES])
    text = render(build_template(without))
    assert render(build_template(with_schemas)) == text
    for deployed, model in ((text, with_schemas), (text, without)):
        assert list(changed_settings(json.loads(deployed), model)) == []


def test_making_the_template_needs_neither_the_file_nor_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    Path("product.schema.json").unlink()
    assert ReadModelStack("shop", ReadModel(routes=ROUTES)).template()


def test_the_path_in_a_file_is_relative_to_it(tmp_path: Path) -> None:
    write("conf/readmodel.toml", '[[routes]]\npath = "a"\nkey = "b"\nschema = "s.json"')
    (route,) = load("conf/readmodel.toml").model.routes
    assert route.schema is not None
    assert Path(route.schema) == Path("conf/s.json")
    (route,) = load(tmp_path / "conf/readmodel.toml").model.routes
    assert route.schema == str(tmp_path / "conf/s.json")


@pytest.mark.parametrize("schema", ["", "a\0b", {"type": "object"}, 1])
def test_a_schema_is_the_path_of_a_file(schema: Any) -> None:
    with pytest.raises(OptionError) as refused:
        Route("a", "b", schema=schema)
    assert refused.value.key == "routes.schema"


# The file


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "5",
        "NaN",
        '{"type": "nope"}',
        '{"pattern": "("}',
        '{"$ref": "#/$defs/missing"}',
        '{"properties": {"a": {"$ref": "other.json"}}}',
        '{"$ref": "https://example.com/schema.json"}',
        '{"$ref": "file:///etc/passwd"}',
        '{"$schema": "https://example.com/schema"}',
        '{"$schema": "http://json-schema.org/draft-03/schema#"}',
        "[" * 100_000,
    ],
)
def test_what_is_no_json_schema_is_refused_in_one_line(objects: FakeObjects, text: str) -> None:
    write("product.schema.json", text)
    with pytest.raises(ConfigError) as refused:
        publish({"payload.json": 1}, TO, routes=ROUTES)
    assert refused.value.where == "product.schema.json"
    assert len(str(refused.value).splitlines()) == 1
    assert objects.asked == []


def test_a_file_that_cannot_be_read_is_named_with_its_route() -> None:
    Path("product.schema.json").unlink()
    with pytest.raises(ConfigError) as refused:
        Schemas(ROUTES)
    assert refused.value.where == "product.schema.json"
    assert "products/{id}" in str(refused.value.hint)
    Path("product.schema.json").mkdir()
    with pytest.raises(ConfigError):
        Schemas(ROUTES)
    write("other/s.json", "")
    Path("other/s.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        Schemas([Route("a", "a", schema="other/s.json")])


def test_without_the_extra_a_route_with_a_schema_is_refused(
    objects: FakeObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    with pytest.raises(ConfigError) as refused:
        publish({"payload.json": 1}, TO, routes=ROUTES)
    assert refused.value.exit_code == 2
    assert "readmodel-cfn[schema]" in str(refused.value.hint)
    assert "products/{id}" in str(refused.value.where)
    assert objects.asked == []
    assert publish({"payload.json": 1}, TO, routes=ROUTES[1:]).sent == 1


@pytest.mark.parametrize(
    "draft",
    [
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
        None,
    ],
)
def test_every_draft_is_supported_and_checks_formats(draft: str | None) -> None:
    schema = {"format": "date-time"} | ({"$schema": draft} if draft else {})
    assert fault_of(schema, b'"2026-01-01T00:00:00Z"') is None
    assert fault_of(schema, b'"yesterday"') is not None


# A document


def test_each_fault_has_its_json_pointer() -> None:
    fault = fault_of(PRODUCT, b'{"id": "x", "since": "now", "a/b": [1, "2"]}')
    assert fault is not None
    assert {each.pointer for each in fault.each} == {"/id", "/since", "/a~1b/1", ""}
    for each in fault.each:
        assert each.pointer is not None
        assert each.pointer in each.what
        assert (each.source, each.as_dict()["pointer"]) == ("a.json", each.pointer)
        assert "s.json" in each.hint
        assert len(str(each).splitlines()) == 1


def test_the_list_of_a_documents_faults_is_limited() -> None:
    fault = fault_of({"items": {"type": "string"}}, json.dumps([*range(1000)]).encode())
    assert fault is not None
    assert len(fault.each) == 11
    assert [each.pointer for each in fault.each][-2:] == ["/9", None]
    exactly = fault_of({"items": {"type": "string"}}, json.dumps([*range(10)]).encode())
    assert exactly is not None
    assert len(exactly.each) == 10


def test_a_long_or_unprintable_value_does_not_fill_the_line() -> None:
    for value in ("x" * 100_000, "\x1b[31m\n", {"\x1b": [1] * 10_000}):
        fault = fault_of({"type": "integer"}, json.dumps(value).encode())
        assert fault is not None
        assert len(fault.what) < 300
        assert fault.what.isprintable()
    fault = fault_of({"additionalProperties": {"type": "integer"}}, b'{"\\u001b\\n": "x"}')
    assert fault is not None
    assert str(fault).isprintable()


@pytest.mark.parametrize(
    ("document", "schema"),
    [
        (b"1" * 5000, {"type": "integer"}),
        (b"-" + b"1" * 5000, {"maximum": 0}),
        (b"1e999", {"type": "number"}),
        (b"0.07", {"multipleOf": 0.01}),
        (b"1.0", {"type": "integer"}),
    ],
)
def test_every_number_of_json_is_a_number(document: bytes, schema: Any) -> None:
    assert fault_of(schema, document) is None
    assert fault_of({"type": "string"}, document) is not None


@pytest.mark.parametrize("document", [b'"\\ud800"', DEEP])
def test_what_cannot_be_checked_is_refused(document: bytes) -> None:
    assert fault_of({"const": 1}, document) is not None


def test_what_is_not_json_is_that_fault_alone() -> None:
    for text in (b"{", b"NaN", b"\xef\xbb\xbf{}", b"\xff"):
        fault = fault_of(PRODUCT, text)
        assert fault is not None
        assert (fault.pointer, fault.more) == (None, ())


def test_a_document_of_two_routes_must_fit_both_schemas() -> None:
    write("id.json", {"required": ["id"]})
    write("name.json", {"required": ["name"]})
    schemas = Schemas(
        [
            Route("a/{x}", "{x}.json", schema="id.json"),
            Route("b/{y}", "{y}.json", schema="name.json"),
            Route("c/{z}", "{z}.json"),
            Route("d", "d.json", schema="id.json"),
        ]
    )
    check = schemas.check("d.json")
    assert check is not None
    fault = check({}, "d.json", 2)
    assert fault is not None
    assert len(fault.each) == 2
    assert check(LAMP, "d.json", 2) is None
    assert schemas.check("other/e.json") is None


values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=3),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "a/b"]), below, max_size=3)
    ),
    max_leaves=6,
)


@given(st.lists(values, min_size=1, max_size=5))
def test_exactly_what_does_not_fit_is_refused_and_then_nothing_is_sent(found: list[Any]) -> None:
    expected = [not Draft202012Validator(PRODUCT).is_valid(value) for value in found]
    documents = {f"products/{n}.json": value for n, value in enumerate(found)}
    made, reported = FakeObjects(), list[Any]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "Objects", lambda _: made)
        if any(expected):
            with pytest.raises(InvalidDocuments) as refused:
                publish(documents, TO, routes=ROUTES, on_progress=reported.append)
            assert refused.value.count == sum(expected)
            assert made.asked == []
        else:
            assert publish(documents, TO, routes=ROUTES).sent == len(found)
    sources = {fault.source for fault in reported if isinstance(fault, Fault)}
    assert sources == {f"products/{n}.json" for n, bad in enumerate(expected) if bad}


# Publishing


@pytest.mark.parametrize("schema", [{"const": 1}, {"items": {"$ref": "#"}}])
def test_a_document_of_any_depth_ends_in_an_answer(schema: Any) -> None:
    for depth in (800, 950, 100_000):
        fault = fault_of(schema, b"[" * depth + b"]" * depth)
        assert fault is not None or depth == 800
    assert fault_of({}, b"[" + b"[], " * 5_000 + b"[]]") is None


def pairs() -> Iterator[tuple[str, object]]:
    yield "products/1.json", LAMP
    yield "payload.json", {"any": "thing"}
    yield "products/2.json", {"id": "2"}


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("kind", ["mapping", "list", "folder", "bytes"])
def test_all_faults_are_reported_before_anything_is_sent(
    objects: FakeObjects, kind: str, gzip: bool
) -> None:
    for key, value in pairs():
        write(f"data/{key}", value)
    documents: Any = {
        "mapping": dict(pairs()),
        "list": list(pairs()),
        "folder": "data",
        "bytes": {key: json.dumps(value).encode() for key, value in pairs()},
    }[kind]
    for dry_run in (False, True):
        reported: list[Any] = []
        with pytest.raises(InvalidDocuments) as refused:
            publish(
                documents,
                TO,
                Settings(gzip=gzip),
                routes=ROUTES,
                dry_run=dry_run,
                on_progress=reported.append,
            )
        faults = [value for value in reported if isinstance(value, Fault)]
        assert {fault.pointer for fault in faults} == {"", "/id"}
        assert len(faults) == 2
        assert refused.value.count == 1
        assert "(and 1 more)" in str(refused.value)
        assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)  # noqa: S301
    assert objects.asked == []


def test_an_invalid_pair_of_an_iterator_ends_the_call(objects: FakeObjects) -> None:
    with pytest.raises((InvalidDocuments, Unfinished)):
        publish(pairs(), TO, routes=ROUTES)
    assert "products/2.json" not in objects.kept


@pytest.mark.parametrize("documents", [dict(pairs()), "data"])
def test_skip_invalid_sends_the_others_and_counts_documents(
    objects: FakeObjects, documents: Any
) -> None:
    for key, value in pairs():
        write(f"data/{key}", value)
    reported: list[Any] = []
    done = publish(documents, TO, routes=ROUTES, skip_invalid=True, on_progress=reported.append)
    assert (done.sent, done.invalid) == (2, 1)
    assert objects.kept.keys() == {"products/1.json", "payload.json"}
    assert sum(isinstance(value, Fault) for value in reported) == 2


def test_passed_over_documents_are_not_checked_and_are_counted_once(objects: FakeObjects) -> None:
    documents = {**dict(pairs()), "products/.2.json": {}}
    done = publish(documents, TO, routes=ROUTES, exclude=["products/2.json"])
    assert (done.sent, done.passed_over) == (2, 2)
    assert len(objects.kept) == 2


def test_a_file_that_changes_after_the_check_is_checked_again(
    objects: FakeObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("data/products/1.json", LAMP)

    def overwrite(*_: Any, **__: Any) -> Any:
        write("data/products/1.json", {})
        return objects

    monkeypatch.setattr(changes, "Objects", overwrite)
    done = publish("data", lambda: TO, routes=ROUTES)
    assert (done.sent, done.became_invalid) == (0, 1)
    assert objects.kept == {}


def test_one_document_is_checked_before_the_bucket_is_looked_up() -> None:
    def look_up() -> Destination:
        raise AssertionError

    with pytest.raises(InvalidDocuments) as refused:
        publish_document("products/1.json", {"id": 1}, look_up, routes=ROUTES)
    assert refused.value.first.pointer == ""
    write("lamp.json", {"id": 1})
    with pytest.raises(InvalidDocuments) as refused:
        plan_file(Path("lamp.json"), routes=ROUTES, key="products/1.json")
    assert refused.value.where == "lamp.json"
    assert plan_file(Path("lamp.json"), routes=ROUTES, route="samples").send == ("payload.json",)
