"""Logical IDs: the article's, and one for each path."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from readmodel_cfn.template.naming import Names

names = Names()


def test_article_logical_ids_are_kept() -> None:
    assert names.resource("samples") == "SampleResource"
    assert names.method("samples", "GET") == "SamplesGetMethod"
    assert names("DataStoreWriter") == "DataStoreWriter"


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("products", "Products"),
        ("a/b", "AB"),
        ("v2/prices9", "V2Prices9"),
        ("x" * 80, "X" + "x" * 79),
    ],
)
def test_simple_path_is_readable_in_its_logical_id(path: str, stem: str) -> None:
    assert names.resource(path) == f"{stem}Resource"
    assert names.method(path, "GET") == f"{stem}GetMethod"


def test_prefix_begins_every_logical_id() -> None:
    shop = Names("Shop")
    assert shop("DataStore") == "ShopDataStore"
    assert shop.resource("samples") == "ShopSampleResource"
    assert shop.method("products", "GET") == "ShopProductsGetMethod"


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("a-b", "ab"),
        ("a-b", "a_b"),
        ("a-b", "a.b"),
        ("a/b", "ab"),
        ("a/b", "aB"),
        ("sample", "samples"),
        ("Samples", "samples"),
        ("sample", "Sample"),
        ("{id}", "id"),
        ("{id}", "{id+}"),
        ("{id}", "{Id}"),
        ("1/a", "1a"),
        ("x" * 200, "x" * 201),
    ],
)
def test_similar_paths_have_distinct_ids(first: str, other: str) -> None:
    assert {names.resource(first), names.method(first, "GET")}.isdisjoint(
        {names.resource(other), names.method(other, "GET")}
    )


paths = st.text(string.ascii_letters + string.digits + "._-/{}+", min_size=1, max_size=12) | (
    st.sampled_from(["samples", "sample", "a/b", "ab", "aB", "a-b", "{a}", "a"])
)


@given(paths, paths)
def test_different_paths_have_different_ids(first: str, other: str) -> None:
    assume(first != other)
    assert names.resource(first) != names.resource(other)
    assert names.method(first, "GET") != names.method(other, "GET")


@given(st.text(string.ascii_letters + string.digits + "._-/{}+", min_size=1, max_size=1024))
def test_every_logical_id_is_valid(path: str) -> None:
    """Letters and digits, at most 255."""
    for made in (names.resource(path), names.method(path, "OPTIONS")):
        assert made.isascii()
        assert made.isalnum()
        assert len(made) <= 255
