"""A bucket listed range by range, in threads, has the objects of one listing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_objects import FakeObjects
from readmodel_cfn.publish import ranges
from readmodel_cfn.publish.compare import Checked, merge_by_key
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Listed
from readmodel_cfn.publish.ranges import Ranges

KEYS = st.sets(st.text("ab/", min_size=1, max_size=3).map("p/{}".format), max_size=40)
Pairs = list[tuple[str | None, str | None]]


def bucket(keys: set[str], denied: frozenset[str] = frozenset()) -> FakeObjects:
    made = FakeObjects()
    for key in sorted(keys):
        made.put(key, b"1", {}, create=False)
    made.asked, made.denied = [], denied
    return made


def compared(
    objects: FakeObjects, local: set[str], prefixes: list[str], *, all_keys: bool
) -> Pairs:
    """Each key of a document and of an object, in the order in which they are merged."""
    found: Pairs = []

    def merge(rows: object, listed: object) -> None:
        for file, each in merge_by_key(rows, listed):  # type: ignore[arg-type]
            found.append((file.key if file else None, each.key if each else None))

    made = Ranges(objects, prefixes, merge, all_keys=all_keys)  # type: ignore[arg-type]
    for key in sorted(local):
        made.add(Checked(key, "file", "md5"))
    made.finish()
    return found


def expected(keys: set[str], local: set[str], *, all_keys: bool) -> Pairs:
    within = {key for key in keys if all_keys or (local and min(local) <= key <= max(local))}
    return [
        (key if key in local else None, key if key in within else None)
        for key in sorted(local | within)
    ]


def without_edge(pairs: Pairs) -> Pairs:
    """Objects before the first document do not matter, unless all keys are compared."""
    while pairs and pairs[0][0] is None:
        pairs = pairs[1:]
    return pairs


@given(
    keys=KEYS,
    local=KEYS,
    all_keys=st.booleans(),
    documents=st.integers(1, 5),
    objects_in_memory=st.integers(1, 4),
    denied=st.booleans(),
)
def test_ranges_have_the_objects_of_one_listing(
    keys: set[str],
    local: set[str],
    all_keys: bool,
    documents: int,
    objects_in_memory: int,
    denied: bool,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "_DOCUMENTS", documents)
        patch.setattr(ranges, "_OBJECTS", objects_in_memory)
        patch.setattr(ranges, "_WAITING", 2)
        made = bucket(keys, frozenset(["list p/"]) if denied else frozenset())
        prefixes = ["p//", "p/a", "p/b"] if denied else ["p/"]
        found = compared(made, local, prefixes, all_keys=all_keys)
    required = expected(keys, local, all_keys=all_keys)
    assert (found if all_keys else without_edge(found)) == required


def listings(keys: set[str], local: set[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(ranges, "_DOCUMENTS", 10)
    monkeypatch.setattr(ranges, "_THREADS", 1)
    made = bucket(keys)
    compared(made, local, ["p/"], all_keys=False)
    return len(made.keys_of("list"))


def test_empty_ranges_are_not_listed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    local = {f"p/{number:03}" for number in range(200)}
    assert listings(local, local, monkeypatch) == 20
    assert listings(set(), local, monkeypatch) == 1
    assert listings({"p/000", "p/100", "p/199"}, local, monkeypatch) <= 4


@pytest.mark.parametrize("count", [1, 35])
def test_error_of_a_listing_is_raised_at_the_end(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "_DOCUMENTS", 1)
    monkeypatch.setattr(ranges, "_WAITING", 2)
    made = bucket(set(), frozenset(["list"]))
    found: list[Listed] = []
    tried = Ranges(made, ["p/"], lambda _, listed: found.extend(listed), all_keys=False)  # type: ignore[arg-type]
    for number in range(count):
        tried.add(Checked(f"p/{number:02}", "file", "md5"))
    with pytest.raises(Denied):
        tried.finish()
    assert found == []
