"""The files below a path, their keys, and their faults."""

import os
from collections.abc import Callable, Iterable
from hashlib import md5
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts import missing
from readmodel_cfn.errors import ConfigError, Unfinished
from readmodel_cfn.publish.documents import MAX_BYTES, Document
from readmodel_cfn.publish.files import File, PassedOver, check, files, key_of_path, load, read_file
from readmodel_cfn.publish.results import Fault, PublishResult
from readmodel_cfn.publish.selection import Selection
from readmodel_cfn.template.routes import Route

names = st.text("ab.-0", min_size=1, max_size=3).filter(lambda name: not name.startswith("."))


def tree(folder: Path, paths: Iterable[str], body: str = "1") -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(body)
    return folder


EVERY = Selection()


def keys(*paths: Path, selection: Selection = EVERY) -> list[str]:
    return [file.key for file in files(paths, selection) if isinstance(file, File)]


def passed_over(*paths: Path, selection: Selection = EVERY) -> list[str]:
    return [name.key for name in files(paths, selection) if isinstance(name, PassedOver)]


def same(body: bytes) -> bytes:
    return body


def md5_of(body: bytes) -> bytes:
    return md5(body, usedforsecurity=False).digest()


def test_key_is_the_path_below_the_directory(tmp_path: Path) -> None:
    tree(tmp_path, ["products/42.json", "payload.json", "a/b/c.json"])
    assert keys(tmp_path) == ["a/b/c.json", "payload.json", "products/42.json"]


def test_dot_files_are_skipped(tmp_path: Path) -> None:
    tree(tmp_path, [".DS_Store", ".git/a.json", ".git/b.json", "a/.b.json", "a/c.json"])
    assert keys(tmp_path) == ["a/c.json"]
    assert passed_over(tmp_path) == [".DS_Store", ".git/", "a/.b.json"]


def test_a_name_that_begins_with_a_dot_is_published_where_a_routes_key_spells_it(
    tmp_path: Path,
) -> None:
    spelled = [
        Route("l/{n}", ".well-known/{n}.json"),
        Route("p/{r+}", "{r}"),
        Route("c", "a/.c.json"),
    ]
    selection = Selection(spelled)
    tree(tmp_path, [".well-known/app.json", ".well-known/.b.json", "a/.c.json", "a/.d.json"])
    tree(tmp_path, [".vscode/settings.json", "a/.well-known/app.json"])
    assert keys(tmp_path, selection=selection) == [".well-known/app.json", "a/.c.json"]
    assert passed_over(tmp_path, selection=selection) == [
        *(".vscode/", ".well-known/.b.json", "a/.d.json", "a/.well-known/")
    ]


def test_what_is_wrong_below_a_directory_that_a_route_spells_is_a_fault(tmp_path: Path) -> None:
    """As in any other directory, so that no document is skipped without a word."""
    tree(tmp_path, [".well-known/app.txt", ".well-known/a/b.json"])
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".links").symlink_to("elsewhere")
    spelled = [Route("l/{n}", ".well-known/{n}.json"), Route("m/{n}", ".links/{n}.json")]
    found = check(files([tmp_path], Selection(spelled)), same, Selection(spelled))
    assert [
        fault.source.removeprefix(f"{tmp_path}/") for fault in found if isinstance(fault, Fault)
    ] == [*(".links", ".well-known/a/b.json", ".well-known/app.txt")]


def test_an_excluded_name_is_passed_over_with_all_that_is_below_it(tmp_path: Path) -> None:
    tree(tmp_path, ["a.json", "drafts/a.json", "drafts/b/c.json", "b/drafts/d.json", "b/x.txt"])
    selection = Selection(None, ["drafts/", "*.txt"])
    assert keys(tmp_path, selection=selection) == ["a.json", "b/drafts/d.json"]
    assert passed_over(tmp_path, selection=selection) == ["b/x.txt", "drafts/"]


def test_a_file_named_alone_is_passed_over_only_if_it_is_excluded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree(tmp_path, ["a.json", ".b.json", "c.json"]))
    selection = Selection([Route("p/{id}", "{id}.json")], ["c*"])
    given_files = [Path("a.json"), Path(".b.json"), Path("c.json")]
    found = list(check(files(given_files, selection), same, selection))
    assert [type(each) for each in found] == [Fault, Document, PassedOver]


@given(st.lists(st.lists(names, min_size=1, max_size=3).map(lambda parts: "/".join(parts))))
def test_files_are_in_the_order_of_an_s3_listing(
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


def test_several_paths_are_merged_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, ["one/b.json", "one/d.json", "two/a.json", "two/c.json", "bb.json"])
    assert keys(Path("one"), Path("two"), Path("bb.json")) == [
        *("a.json", "b.json", "bb.json", "c.json", "d.json")
    ]


def test_key_of_a_single_file_is_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert key_of_path(Path("products/1.json")) == "products/1.json"
    assert key_of_path(Path("./products/1.json")) == "products/1.json"
    assert key_of_path(tmp_path / "products" / "1.json") == "products/1.json"


def faults(*paths: Path) -> list[str]:
    found = check(files(paths, EVERY), same, EVERY)
    return [str(fault) for fault in found if isinstance(fault, Fault)]


def test_link_to_a_directory_is_a_fault(tmp_path: Path) -> None:
    tree(tmp_path, ["a/b.json"])
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    (fault,) = faults(tmp_path)
    assert fault.startswith(f"{tmp_path}/a/round: not a .json file")


def test_link_to_a_file_is_read(tmp_path: Path) -> None:
    tree(tmp_path, ["a.json"], '"linked"')
    (tmp_path / "b.json").symlink_to("a.json")
    found = check(files([tmp_path], EVERY), same, EVERY)
    bodies = [document.stored for document in found if isinstance(document, Document)]
    assert bodies == [b'"linked"', b'"linked"']


def test_two_files_of_one_key_are_a_fault(tmp_path: Path) -> None:
    tree(tmp_path, ["one/a.json", "two/a.json"])
    (fault,) = faults(tmp_path / "one", tmp_path / "two")
    assert fault.startswith(f"{tmp_path}/two/a.json: ")
    assert f"{tmp_path}/one/a.json" in fault


def test_every_fault_of_a_file_is_reported(tmp_path: Path) -> None:
    tree(tmp_path, ["a b.json"], "{")
    key, body = faults(tmp_path)
    assert "'a b.json'" in key
    assert "JSON" in body


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_without_read_permission_is_a_fault(tmp_path: Path) -> None:
    tree(tmp_path, ["a.json"])
    (tmp_path / "a.json").chmod(0)
    assert "Permission denied" in faults(tmp_path)[-1]


def test_missing_file_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path / "none.json")[-1].startswith(f"{tmp_path}/none.json: ")


def test_pipes_and_devices_are_faults(tmp_path: Path) -> None:
    """Reading a pipe without a writer would never end."""
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    assert [fault.partition(": ")[0] for fault in faults(tmp_path)] == [
        f"{tmp_path}/{name}.json" for name in ("pipe", "zero")
    ]


@pytest.mark.parametrize("keep", [same, lambda body: body + b"compressed"])
def test_file_over_the_size_limit_is_not_read_whole(
    tmp_path: Path, keep: Callable[[bytes], bytes]
) -> None:
    """A file of 2 TB, which is in no memory."""
    file = tmp_path / "a.json"
    with file.open("wb") as opened:
        opened.truncate(2 * 1024**4)
    found = load(File("a.json", str(file)), keep)
    assert isinstance(found, Fault)
    assert missing(["2,199,023,255,552", "10,485,760"], found.what) == []


def test_compressed_document_may_exceed_the_size_limit(tmp_path: Path) -> None:
    file, body = tmp_path / "a.json", b'"' + b"x" * 2 * MAX_BYTES + b'"'
    file.write_bytes(body)
    found = load(File("a.json", str(file)), md5_of)
    assert isinstance(found, Document)
    assert found.stored == md5_of(body)


def test_only_changed_files_are_checked_again(tmp_path: Path) -> None:
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


def test_md5_is_of_the_stored_bytes(tmp_path: Path) -> None:
    file = File("a.json", str(tree(tmp_path, ["a.json"]) / "a.json"))
    found = load(file, lambda body: body * 2)
    assert isinstance(found, Document)
    assert found.stored == b"11"
    assert found.md5 == "6512bd43d9caa6e02c990b0a82652dca"


READ, FSTAT = os.read, os.fstat


@pytest.fixture
def short_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a network file system or FUSE: a read gives at most 4 KiB."""
    monkeypatch.setattr(os, "read", lambda descriptor, size: READ(descriptor, min(size, 4096)))


@pytest.mark.usefixtures("short_reads")
@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 8192, 100_000])
def test_a_file_is_read_to_its_end_however_little_a_read_gives(tmp_path: Path, size: int) -> None:
    file = tmp_path / "a.json"
    file.write_text("1" * size)
    found = load(File("a.json", str(file)), same)
    assert isinstance(found, Document)
    assert len(found.stored) == size


@pytest.mark.usefixtures("short_reads")
def test_a_file_that_is_large_and_kept_small_is_read_to_its_end(tmp_path: Path) -> None:
    file, body = tmp_path / "a.json", b'"' + b"x" * MAX_BYTES + b'"'
    file.write_bytes(body)
    found = load(File("a.json", str(file)), md5_of)
    assert isinstance(found, Document)
    assert found.stored == md5_of(body)


@pytest.mark.parametrize("size", [0, 10])
def test_a_file_is_whole_though_its_file_system_gives_too_small_a_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    file = tmp_path / "a.json"
    file.write_text("1" * 100)

    def fstat(descriptor: int) -> os.stat_result:
        found = list(FSTAT(descriptor))
        found[6] = size
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", fstat)
    found = load(File("a.json", str(file)), same)
    assert isinstance(found, Document)
    assert found.stored == b"1" * 100


CHANGES: dict[str, Callable[[Path], object]] = {
    "shrinks": lambda file: os.truncate(file, 5000),
    "grows": lambda file: file.write_text("1" * 14_000),
    "is rewritten": lambda file: os.utime(file, (1, 1)),
}


def changing(monkeypatch: pytest.MonkeyPatch, file: Path, change: Callable[[Path], object]) -> None:
    """The file changes once its beginning is read."""
    left = [change]

    def fstat(descriptor: int) -> os.stat_result:
        found = FSTAT(descriptor)
        if left and found.st_ino == file.stat().st_ino:
            left.pop()(file)
        return found

    monkeypatch.setattr(os, "fstat", fstat)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_changes_while_it_is_read_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]
) -> None:
    file = tmp_path / "a.json"
    file.write_text("1" * 9000)
    changing(monkeypatch, file, change)
    assert isinstance(load(File("a.json", str(file)), same), Fault)
    assert isinstance(load(File("a.json", str(file)), same), Document), "it changes no more"


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_single_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]
) -> None:
    file = tmp_path / "a.json"
    file.write_text("1" * 9000)
    changing(monkeypatch, file, change)
    with pytest.raises(ConfigError):
        read_file(file)
    assert read_file(file) == file.read_bytes()


def test_a_file_that_is_replaced_while_it_is_read_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By renaming another over it, as documents are best replaced."""
    file, fresh = tmp_path / "a.json", tmp_path / "fresh.json"
    file.write_text("1" * 9000)
    fresh.write_text("2" * 100)
    changing(monkeypatch, file, fresh.rename)
    found = load(File("a.json", str(file)), same)
    assert isinstance(found, Document)
    assert found.stored == b"1" * 9000


def test_a_single_file_may_be_a_pipe() -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"[1]")
    os.close(theirs)
    assert read_file(Path(f"/dev/fd/{ours}")) == b"[1]"
    os.close(ours)


def test_file_that_is_deleted_after_its_check_is_not_called_unreadable(tmp_path: Path) -> None:
    file = File("a.json", str(tmp_path / "a.json"))
    (tmp_path / "a.json").write_text("{}")
    checked = load(file, same)
    assert isinstance(checked, Document)
    (tmp_path / "a.json").unlink()
    found = load(file, same, checked.md5)
    assert isinstance(found, Fault)
    assert "deleted" in found.what


def test_error_at_the_end_names_the_file_that_became_invalid_and_why() -> None:
    fault = Fault("data/a.json", "it changed while it was read", "publish it once it is written")
    result = PublishResult(1, 0, 0, 1, 0, 0, 2, 0.1, became_invalid=1, first_fault=fault)
    with pytest.raises(Unfinished) as caught:
        result.raise_for_status()
    assert missing([fault.source, fault.what, fault.hint], caught.value) == []
