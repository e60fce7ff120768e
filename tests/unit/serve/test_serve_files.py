"""The files of a folder as objects: every change is served, and no key names a file outside."""

import os
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.local.serve.folder import Folder, is_path
from readmodel_cfn.local.serve.permissions import Permissions
from serve_templates import storage

OLD = 1_000_000_000
SECRET = b"secret"


def of(root: Path, notes: list[str] | None = None) -> Folder:
    permissions = Permissions({}, frozenset(), {})
    return Folder(root, permissions, storage(), (notes if notes is not None else []).append)


def body(found: Folder, key: str) -> bytes | None:
    stored = found.find(key)
    return stored.body if stored else None


@given(st.lists(st.binary(max_size=3), min_size=2, max_size=6))
def test_every_change_of_a_file_is_served_at_the_next_read(documents: list[bytes]) -> None:
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


def test_a_file_renamed_over_another_is_served(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    found = of(tmp_path)
    assert body(found, "a") == b"1"
    before = (tmp_path / "a").stat()
    (tmp_path / "new").write_bytes(b"2")
    os.utime(tmp_path / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
    (tmp_path / "new").rename(tmp_path / "a")
    assert body(found, "a") == b"2"


def test_a_touched_file_has_another_date_and_the_same_tag(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    found = of(tmp_path)
    first = found.find("a")
    os.utime(tmp_path / "a", (OLD, OLD))
    second = found.find("a")
    assert first is not None
    assert second is not None
    assert (second.modified, second.etag) == (OLD, first.etag)


def test_a_removed_file_is_missing_until_it_is_written_again(tmp_path: Path) -> None:
    found = of(tmp_path)
    assert found.find("a") is None
    (tmp_path / "a").write_bytes(b"1")
    assert body(found, "a") == b"1"
    (tmp_path / "a").unlink()
    assert found.find("a") is None
    (tmp_path / "a").mkdir()
    assert found.find("a") is None


def test_a_file_removed_during_a_read_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    with patch.object(Path, "open", side_effect=FileNotFoundError(2, "No such file")):
        assert of(tmp_path).find("a") is None


def test_a_folder_that_is_replaced_by_a_link_is_served(tmp_path: Path) -> None:
    for release in ("one", "two"):
        (tmp_path / release).mkdir()
        (tmp_path / release / "a").write_bytes(release.encode())
    (tmp_path / "current").symlink_to("one")
    found = of(tmp_path / "current")
    assert body(found, "a") == b"one"
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").rename(tmp_path / "current")
    assert body(found, "a") == b"two"


def test_a_document_that_publishing_would_refuse_is_reported_once_until_it_changes(
    tmp_path: Path,
) -> None:
    notes: list[str] = []
    (tmp_path / "a.json").write_bytes(b"{")
    found = of(tmp_path, notes)
    assert [body(found, "a.json") for _ in range(3)] == [b"{"] * 3
    assert len(notes) == 1
    assert str(tmp_path / "a.json") in notes[0]
    (tmp_path / "a.json").write_bytes(b"[")
    assert body(found, "a.json") == b"["
    assert len(notes) == 2


def test_unreadable_file_raises(tmp_path: Path) -> None:
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
def test_no_key_names_a_file_outside_the_folder(fenced: Path, key: str) -> None:
    for asked in (key, f"/{key}", f"{fenced.parent}/{key}", f"../{key}", f"sub/../../{key}"):
        assert body(of(fenced), asked) in (None, b"inside")


@pytest.mark.parametrize("key", ["a", "sub/a", "link"])
def test_a_file_inside_the_folder_is_found(fenced: Path, key: str) -> None:
    assert body(of(fenced), key) == b"inside"


@pytest.mark.parametrize(
    "key", ["out", "up/secret", "away/secret", "circle", "sub", "a/b", "x" * 5000, "a\0", "\ud800"]
)
def test_a_key_without_a_file_inside_the_folder_is_missing(fenced: Path, key: str) -> None:
    assert of(fenced).find(key) is None


def test_link_that_is_changed_to_a_file_outside_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "data" / "real").write_bytes(b"inside")
    (tmp_path / "data" / "a").symlink_to("real")
    found = of(tmp_path / "data")
    assert body(found, "a") == b"inside"
    (tmp_path / "data" / "a").unlink()
    (tmp_path / "data" / "a").symlink_to("../secret")
    assert found.find("a") is None


def test_a_pipe_is_missing_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert of(tmp_path).find("pipe") is None


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", ".", "a/..", "./a", "a\0b"])
def test_a_key_with_empty_or_dot_segments_is_no_path(key: str) -> None:
    assert not is_path(key)


@pytest.mark.parametrize("key", ["a", "a/b.json", "..a", "a..", ".hidden", "a b", "ä"])
def test_any_other_key_is_a_path(key: str) -> None:
    assert is_path(key)
