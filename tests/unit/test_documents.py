"""Which files there are below a path, under which keys, and what is wrong with them."""

import os
from collections.abc import Callable, Iterable
from hashlib import md5
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.store.documents import Document, File, check, files, key_of_path, load
from readmodel_cfn.store.faults import MOST_BYTES, Fault

names = st.text("ab.-0", min_size=1, max_size=3).filter(lambda name: not name.startswith("."))


def tree(folder: Path, paths: Iterable[str], body: str = "1") -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(body)
    return folder


def keys(*paths: Path) -> list[str]:
    return [one.key for one in files(paths)]


def same(body: bytes) -> bytes:
    return body


def md5_of(body: bytes) -> bytes:
    return md5(body, usedforsecurity=False).digest()


def every(_: str) -> bool:
    return True


def test_the_path_below_a_directory_is_the_key(tmp_path: Path) -> None:
    tree(tmp_path, ["products/42.json", "payload.json", "a/b/c.json"])
    assert keys(tmp_path) == ["a/b/c.json", "payload.json", "products/42.json"]


def test_names_that_begin_with_a_dot_are_passed_over(tmp_path: Path) -> None:
    tree(tmp_path, [".DS_Store", ".git/a.json", "a/.b.json", "a/c.json"])
    assert keys(tmp_path) == ["a/c.json"]


@given(st.lists(st.lists(names, min_size=1, max_size=3).map(lambda parts: "/".join(parts))))
def test_they_come_in_the_order_of_s3s_listing(
    tmp_path_factory: pytest.TempPathFactory, paths: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    made = set()
    for path in paths:
        try:
            tree(folder, [path])
        except OSError:  # a file is where a directory should be, or the reverse
            continue
        made.add(path)
    assert keys(folder) == sorted(made)


def test_several_paths_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, ["one/b.json", "one/d.json", "two/a.json", "two/c.json", "bb.json"])
    assert keys(Path("one"), Path("two"), Path("bb.json")) == [
        *("a.json", "b.json", "bb.json", "c.json", "d.json")
    ]


def test_a_file_by_itself_has_its_path_for_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert key_of_path(Path("products/1.json")) == "products/1.json"
    assert key_of_path(Path("./products/1.json")) == "products/1.json"
    assert key_of_path(tmp_path / "products" / "1.json") == "products/1.json"


def faults(*paths: Path) -> list[str]:
    return [str(one) for one in check(files(paths), same, every) if isinstance(one, Fault)]


def test_a_link_to_a_directory_is_not_followed(tmp_path: Path) -> None:
    tree(tmp_path, ["a/b.json"])
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    assert faults(tmp_path) == [
        f"{tmp_path}/a/round: not a .json file; give it by itself, or let its name begin with a dot"
    ]


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    tree(tmp_path, ["a.json"], '"linked"')
    (tmp_path / "b.json").symlink_to("a.json")
    found = check(files([tmp_path]), same, every)
    bodies = [one.stored for one in found if isinstance(one, Document)]
    assert bodies == [b'"linked"', b'"linked"']


def test_two_files_of_one_key_are_a_fault(tmp_path: Path) -> None:
    tree(tmp_path, ["one/a.json", "two/a.json"])
    assert faults(tmp_path / "one", tmp_path / "two") == [
        f"{tmp_path}/two/a.json: has the key of {tmp_path}/one/a.json; publish one of them"
    ]


def test_all_that_is_wrong_with_a_file_is_told(tmp_path: Path) -> None:
    tree(tmp_path, ["a b.json"], "{")
    key, body = faults(tmp_path)
    assert "the key 'a b.json' is unsafe" in key
    assert "not JSON" in body


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    tree(tmp_path, ["a.json"])
    (tmp_path / "a.json").chmod(0)
    assert "cannot be read: Permission denied" in faults(tmp_path)[-1]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "cannot be read: No such file or directory" in faults(tmp_path / "none.json")[-1]


def test_what_may_never_end_is_not_read(tmp_path: Path) -> None:
    """Else a pipe that nobody writes to would hold up everything."""
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    assert faults(tmp_path) == [
        f"{tmp_path}/{name}.json: not a file; publish a JSON file" for name in ("pipe", "zero")
    ]


@pytest.mark.parametrize("keep", [same, lambda body: body + b"compressed"])
def test_of_what_is_too_large_no_more_is_read_than_it_takes_to_know(
    tmp_path: Path, keep: Callable[[bytes], bytes]
) -> None:
    """A file of 2 TB, which is in no memory."""
    file = tmp_path / "a.json"
    with file.open("wb") as opened:
        opened.truncate(2 * 1024**4)
    found = load(File("a.json", str(file)), keep)
    assert isinstance(found, Fault)
    assert found.what.startswith("2,199,023,255,552 bytes are more than the 10,485,760")


def test_what_is_kept_small_may_be_large(tmp_path: Path) -> None:
    file, body = tmp_path / "a.json", b'"' + b"x" * 2 * MOST_BYTES + b'"'
    file.write_bytes(body)
    found = load(File("a.json", str(file)), md5_of)
    assert isinstance(found, Document)
    assert found.stored == md5_of(body)


def test_what_was_checked_is_not_parsed_again_and_what_has_changed_is(tmp_path: Path) -> None:
    file = File("a.json", str(tree(tmp_path, ["a.json"]) / "a.json"))
    checked = load(file, same)
    assert isinstance(checked, Document)
    assert load(file, same, checked.md5) == checked
    (tmp_path / "a.json").write_text("{")
    assert isinstance(load(file, same, checked.md5), Fault)
    (tmp_path / "a.json").write_text("2")
    again = load(file, same, checked.md5)
    assert isinstance(again, Document)
    assert again.stored == b"2"


def test_what_is_kept_is_what_its_md5_is_of(tmp_path: Path) -> None:
    file = File("a.json", str(tree(tmp_path, ["a.json"]) / "a.json"))
    found = load(file, lambda body: body * 2)
    assert isinstance(found, Document)
    assert found.stored == b"11"
    assert found.md5 == "6512bd43d9caa6e02c990b0a82652dca"
