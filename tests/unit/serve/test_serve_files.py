"""Files as objects: what changes is seen, what does not is kept, and no key leads out."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.serve import files
from readmodel_cfn.serve.files import Files, is_path
from readmodel_cfn.store.publish import DEFAULT

OLD = 1_000_000_000
SECRET = b"secret"


def of(root: Path, told: list[str] | None = None) -> Files:
    return Files(root, DEFAULT, (told if told is not None else []).append)


def body(found: Files, key: str) -> bytes | None:
    stored = found.find(key)
    return stored.body if stored else None


@contextmanager
def time_passed() -> Iterator[None]:
    """As if all that was written were written long ago."""
    now = time.time_ns()
    with patch("time.time_ns", return_value=now + 3600 * 10**9):
        yield


@given(st.lists(st.binary(max_size=3), min_size=2, max_size=6))
def test_every_change_is_seen_at_the_next_read(documents: list[bytes]) -> None:
    """However fast they follow each other, and although some have the same length."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        found, before = of(root), None
        for document in documents:
            (root / "a").write_bytes(document)
            stored = found.find("a")
            assert stored is not None
            assert stored.body == document
            assert before is None or (stored.etag == before.etag) == (document == before.body)
            before = stored


def test_so_is_one_within_a_step_of_the_file_systems_clock(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    found = of(tmp_path)
    with patch.object(files, "_stamp", return_value=(0, 0, 1, 0, 0)):
        assert body(found, "a") == b"1"
        (tmp_path / "a").write_bytes(b"2")
        assert body(found, "a") == b"2"


def test_a_file_renamed_over_it_is_seen_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    found = of(tmp_path)
    with time_passed():
        assert body(found, "a") == b"1"
    before = (tmp_path / "a").stat()
    (tmp_path / "new").write_bytes(b"2")
    os.utime(tmp_path / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
    (tmp_path / "new").rename(tmp_path / "a")
    with time_passed():
        assert body(found, "a") == b"2"


def test_a_settled_file_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    found = of(tmp_path)
    with time_passed():
        first = found.find("a")
        with patch.object(Path, "open", side_effect=AssertionError("read again")):
            assert found.find("a") is first


def test_a_young_file_is_the_same_object_while_it_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    found = of(tmp_path)
    assert found.find("a") is found.find("a")


def test_a_touched_file_has_another_date_and_the_same_tag(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    found = of(tmp_path)
    first = found.find("a")
    os.utime(tmp_path / "a", (OLD, OLD))
    second = found.find("a")
    assert first is not None
    assert second is not None
    assert (second.modified, second.etag) == (OLD, first.etag)


def test_a_removed_file_is_gone_and_may_come_back(tmp_path: Path) -> None:
    found = of(tmp_path)
    assert found.find("a") is None
    (tmp_path / "a").write_bytes(b"1")
    assert body(found, "a") == b"1"
    (tmp_path / "a").unlink()
    assert found.find("a") is None
    (tmp_path / "a").mkdir()
    assert found.find("a") is None


def test_a_file_removed_in_the_midst_of_a_read_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    with patch.object(Path, "open", side_effect=FileNotFoundError(2, "No such file")):
        assert of(tmp_path).find("a") is None


def test_a_folder_that_is_swapped_as_a_whole_is_seen(tmp_path: Path) -> None:
    for release in ("one", "two"):
        (tmp_path / release).mkdir()
        (tmp_path / release / "a").write_bytes(release.encode())
    (tmp_path / "current").symlink_to("one")
    found = of(tmp_path / "current")
    assert body(found, "a") == b"one"
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").rename(tmp_path / "current")
    assert body(found, "a") == b"two"


def test_only_so_much_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MOST_KEPT", 25)
    found = of(tmp_path)
    for name in "abcd":
        (tmp_path / name).write_bytes(name.encode() * 10)
    with time_passed():
        kept = {name: found.find(name) for name in "abcd"}
        assert found.find("d") is kept["d"]
        assert found.find("c") is kept["c"]
        assert found.find("a") is not kept["a"]
        assert body(found, "a") == b"a" * 10


def test_what_publishing_would_refuse_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "a.json").write_bytes(b"{")
    found = of(tmp_path, told)
    assert [body(found, "a.json") for _ in range(3)] == [b"{"] * 3
    assert len(told) == 1
    assert str(tmp_path / "a.json") in told[0]


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    with (
        patch.object(Path, "open", side_effect=PermissionError(13, "Permission denied")),
        pytest.raises(PermissionError),
    ):
        of(tmp_path).find("a")
    with (
        patch.object(Path, "stat", side_effect=PermissionError(13, "Permission denied")),
        pytest.raises(PermissionError),
    ):
        of(tmp_path).find("a")


@pytest.fixture(scope="module")
def fenced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ways out of it: links to a file, a folder and a circle, and real files."""
    base = tmp_path_factory.mktemp("fenced")
    root = base / "data"
    (root / "sub").mkdir(parents=True)
    (base / "outside").mkdir()
    (base / "secret").write_bytes(SECRET)
    (base / "outside" / "secret").write_bytes(SECRET)
    (root / "a").write_bytes(b"inside")
    (root / "sub" / "a").write_bytes(b"inside")
    (root / "link").symlink_to("sub/a")
    (root / "out").symlink_to(base / "secret")
    (root / "up").symlink_to("..")
    (root / "away").symlink_to(base / "outside")
    (root / "circle").symlink_to("circle")
    return root


PARTS = st.sampled_from(
    ["..", ".", "", "a", "sub", "up", "away", "out", "link", "circle", "secret", "outside", "data"]
)


@given(st.lists(PARTS, min_size=1, max_size=6).map("/".join) | st.text(max_size=20))
def test_no_key_leads_out(fenced: Path, key: str) -> None:
    for asked in (key, f"/{key}", f"{fenced.parent}/{key}", f"../{key}", f"sub/../../{key}"):
        assert body(of(fenced), asked) in (None, b"inside")


@pytest.mark.parametrize("key", ["a", "sub/a", "link"])
def test_what_is_inside_is_found(fenced: Path, key: str) -> None:
    assert body(of(fenced), key) == b"inside"


@pytest.mark.parametrize(
    "key", ["out", "up/secret", "away/secret", "circle", "sub", "a/b", "x" * 5000, "a\0", "\ud800"]
)
def test_what_is_not_a_file_inside_is_missing(fenced: Path, key: str) -> None:
    assert of(fenced).find(key) is None


def test_a_link_that_is_turned_outside_is_seen(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "data" / "real").write_bytes(b"inside")
    (tmp_path / "data" / "a").symlink_to("real")
    found = of(tmp_path / "data")
    with time_passed():
        assert body(found, "a") == b"inside"
        (tmp_path / "data" / "a").unlink()
        (tmp_path / "data" / "a").symlink_to("../secret")
        assert found.find("a") is None


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert of(tmp_path).find("pipe") is None


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", ".", "a/..", "./a", "a\0b"])
def test_keys_that_are_no_path(key: str) -> None:
    assert not is_path(key)


@pytest.mark.parametrize("key", ["a", "a/b.json", "..a", "a..", ".hidden", "a b", "ä"])
def test_keys_that_are(key: str) -> None:
    assert is_path(key)
