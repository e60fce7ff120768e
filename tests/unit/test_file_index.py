"""The index of local files: a file that has changed in any way is read again."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from readmodel_cfn.publish import file_index
from readmodel_cfn.publish.compare import Checked
from readmodel_cfn.publish.documents import Document
from readmodel_cfn.publish.file_index import FileIndex
from readmodel_cfn.publish.files import File, load
from readmodel_cfn.publish.results import Fault

SECOND = 1_000_000_000
LATER = 4102444800 * SECOND  # every file was old then
Look = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("READMODEL_CFN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(file_index, "FEWEST", 1)
    monkeypatch.setattr(file_index, "_ROWS", 2)
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path / "data")
    for name in "abcde":
        Path(name).write_text(f'"{name}"')
    return tmp_path / "home" / "files"


def read(described: object = "mine", now: int = LATER, names: str = "abcde") -> list[str]:
    """The names of the files that are read; what is found must be what they are."""
    found: list[str] = []

    def loaded(file: File) -> Document | Fault:
        found.append(file.key)
        return load(file, bytes)

    index = FileIndex(described, loaded, lambda: now)
    for name in names:
        if Path(name).exists():
            seen = index.look(File(name, name))
            document = load(File(name, name), bytes)
            assert isinstance(document, Document)
            assert seen == Checked(name, name, document.md5)
    index.save()
    return found


def test_unchanged_files_are_read_once() -> None:
    assert read() == [*"abcde"]
    assert read() == []
    assert read() == []


def with_times_of(name: str, change: Callable[[], object]) -> None:
    """Change a file, but not its size and its time of modification."""
    found = Path(name).stat()
    change()
    os.utime(name, ns=(found.st_atime_ns, found.st_mtime_ns))


def replaced(name: str) -> None:
    Path("new").write_text('"x"')
    Path("new").replace(name)


CHANGES: dict[str, Callable[[], object]] = {
    "content": lambda: Path("c").write_text('"longer"'),
    "same size": lambda: Path("c").write_text('"x"'),
    "same size and time": lambda: with_times_of("c", lambda: Path("c").write_text('"x"')),
    "replaced": lambda: with_times_of("c", lambda: replaced("c")),
    "touched": lambda: os.utime("c"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_changed_file_is_read_again(change: Callable[[], object]) -> None:
    read()
    change()
    assert read() == ["c"]
    assert read() == []


def test_new_and_deleted_files_are_noticed() -> None:
    read(names="bde")
    assert read(names="abcde") == ["a", "c"]
    Path("b").unlink()
    assert read() == []
    Path("b").write_text("1")
    assert read() == ["b"]


@pytest.mark.parametrize("ago", [0, SECOND // 100])
def test_file_that_was_just_written_is_not_recorded(ago: int) -> None:
    """It may be written again within one step of the clock."""
    written = max(Path(name).stat().st_ctime_ns for name in "abcde")
    read(now=written + ago)
    assert "e" in read(now=written + ago)
    assert read(now=LATER) != []
    assert read(now=LATER) == []


def test_times_in_whole_seconds_are_trusted_after_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = (1, 2, 3, 1000 * SECOND, 1000 * SECOND)
    monkeypatch.setattr(file_index, "_stamp", lambda _: stamp)
    assert read(now=1002 * SECOND) == read(now=1002 * SECOND) == [*"abcde"]
    monkeypatch.setattr(file_index, "_stamp", lambda _: (*stamp[:3], 1, 1))
    assert file_index._is_old((1, 2, 3, 1000 * SECOND, 1000 * SECOND), 1004 * SECOND)
    assert not file_index._is_old((1, 2, 3, 2000 * SECOND, 1), 1004 * SECOND)


def test_other_settings_have_an_index_of_their_own() -> None:
    read("gzip")
    assert read("none") == [*"abcde"]
    assert read("gzip") == []


def test_nothing_is_recorded_if_not_described(home: Path) -> None:
    assert read(None) == read(None) == [*"abcde"]
    assert not home.exists()


def test_faulty_file_is_not_recorded() -> None:
    Path("c").write_text("{")
    index = FileIndex("mine", lambda file: load(file, bytes), lambda: LATER)
    for _ in range(2):
        assert isinstance(index.look(File("c", "c")), Fault)
    assert isinstance(index.look(File("missing", "missing")), Fault)
    index.save()


@pytest.mark.parametrize("damage", [b"", b"\0\0\0\5abc", b"\xff" * 50, "half"])
def test_damaged_index_is_ignored(home: Path, damage: bytes | str) -> None:
    read()
    (path,) = home.iterdir()
    path.write_bytes(path.read_bytes()[:60] if isinstance(damage, str) else damage)
    assert {*read()} <= {*"abcde"}
    assert read() == []


def test_directory_that_cannot_be_written_is_ignored(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.parent.mkdir()
    home.write_text("a file")
    assert read() == read() == [*"abcde"]
    home.unlink()

    def full(**_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(file_index, "NamedTemporaryFile", full)
    assert read() == read() == [*"abcde"]


def test_only_the_index_is_left(home: Path) -> None:
    read()
    read("other", names="ab")
    index = FileIndex("third", lambda file: load(file, bytes), lambda: LATER)
    for name in "abcd":
        index.look(File(name, name))
    index.close()
    assert {path.suffix for path in home.iterdir()} == {".index"}
    assert len([*home.iterdir()]) == 2


def test_index_that_is_not_used_is_removed(home: Path) -> None:
    read()
    (old,) = home.iterdir()
    os.utime(old, (0, 0))
    read("other")
    assert old not in [*home.iterdir()]
    assert len([*home.iterdir()]) == 1


def test_few_files_are_not_recorded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_index, "FEWEST", 6)
    assert read() == read() == [*"abcde"]
    assert not home.exists() or not [*home.iterdir()]
