"""The writer records each write, and stops after a lost response."""

from threading import Event

import pytest

from readmodel_cfn.verify.race.body import version_of
from readmodel_cfn.verify.race.measure import Writer, Writing


class Store:
    """Takes bodies; the write of the version `lost` gets no answer, that of `refused` an error."""

    def __init__(self, *, lost: int = 0, refused: int = 0) -> None:
        self.lost, self.refused = lost, refused
        self.versions: list[int | None] = []
        self.has_one, self.has_three = Event(), Event()

    def put(self, body: bytes) -> bool:
        version = version_of(body)
        self.versions.append(version)
        self.has_one.set()
        if len(self.versions) == 3:
            self.has_three.set()
        if version == self.refused:
            raise PermissionError("no")
        return version != self.lost


def test_each_version_is_written_once_and_recorded_with_its_times() -> None:
    store = Store()
    writer = Writer(store.put, 200)
    with Writing(writer, 3):
        assert store.has_three.wait(60)
    assert store.versions == [1, 2, 3]
    ends = [write.acknowledged or 0 for write in writer.writes]
    assert [write.version for write in writer.writes] == [1, 2, 3]
    assert all(write.started <= end for write, end in zip(writer.writes, ends, strict=True))
    assert all(write.started >= end for write, end in zip(writer.writes[1:], ends, strict=False))


def test_writer_writes_until_the_context_ends() -> None:
    store = Store()
    with Writing(Writer(store.put, 200), 10**9):
        assert store.has_three.wait(60)
    written = len(store.versions)
    assert written >= 3
    assert len(store.versions) == written


def test_writer_stops_after_a_lost_response() -> None:
    store = Store(lost=2)
    writer = Writer(store.put, 200)
    writer.write()
    writer.write()
    with Writing(writer, 5):
        assert not store.has_three.wait(0.1)
    assert store.versions == [1, 2]
    assert [write.acknowledged is None for write in writer.writes] == [False, True]


def test_error_of_a_write_is_raised_at_the_end() -> None:
    store = Store(refused=1)
    writer = Writer(store.put, 200)
    writing = Writing(writer, 5)
    with pytest.raises(PermissionError), writing:
        store.has_one.wait(60)
    assert [write.acknowledged for write in writer.writes] == [None]
