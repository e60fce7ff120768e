"""A document is replaced only by a newer one, whatever the order of the events is."""

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readmodel_cfn.errors import LostRace
from readmodel_cfn.publish.newer import ATTEMPTS, publish_newer, put_newer
from readmodel_cfn.publish.object_errors import Denied, Exists
from readmodel_cfn.publish.results import Sent, StaleVersion, Unchanged, VersionConflict
from readmodel_cfn.publish.versions import METADATA, DocumentVersion, marked, version_of
from schedules import Schedule, ScheduledObjects

KEY, HEADERS = "products/1.json", {"Cache-Control": "no-cache"}
TIMES = ("2026-01-01T00:00:00Z", "2026-01-01T01:30:00+01:00", "2026-01-01T00:59:59.75Z")


@dataclass(frozen=True)
class Event:
    """One change of the document; deleted is an unpublish."""

    version: int | str
    body: bytes
    deleted: bool = False

    @property
    def parsed(self) -> DocumentVersion:
        found = version_of(self.version)
        assert found
        return found

    def publish(self, objects: ScheduledObjects) -> Any:
        body = marked(self.body, self.parsed)
        pause, deleted = objects.schedule.choose, self.deleted
        return publish_newer(
            objects,
            KEY,
            body,
            HEADERS,
            self.parsed,
            unpublished=deleted,
            pause=lambda _: pause(1),
        )


def schedule_of(choices: list[int]) -> Schedule:
    """The choices in their order, then always the first."""
    rest = iter(choices)
    return Schedule(lambda count: next(rest, 0) % count)


BODIES = st.sampled_from([b'{"a":1}', b'{"a":2}', b"null"])
CHOICES = st.lists(st.integers(0, 11), max_size=60)


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Events in any order, some of them several times, and few different bodies."""
    versions = st.sampled_from(TIMES) if draw(st.booleans()) else st.integers(1, 4)
    event = st.builds(Event, versions, BODIES, st.booleans())
    found = draw(st.lists(event, min_size=1, max_size=5))
    twice = draw(st.lists(st.sampled_from(found), max_size=2))
    return draw(st.permutations([*found, *twice]))


def newest(found: list[Event]) -> list[Event]:
    """The events with the newest version."""
    best = found[0].parsed
    for event in found:
        best = event.parsed if event.parsed.is_newer(best) else best
    return [event for event in found if event.parsed == best]


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    events(),
    CHOICES,
    st.sampled_from([None, b'{"a":1}', b"null"]),
    st.booleans(),
    st.booleans(),
    st.lists(st.booleans(), max_size=4),
)
def test_newest_event_stays_in_any_schedule(
    found: list[Event],
    choices: list[int],
    before: bytes | None,
    kms: bool,
    may_list: bool,
    lost: list[bool],
) -> None:
    lost_responses = iter(lost)
    objects = ScheduledObjects(
        schedule_of(choices), kms, may_list, lambda: next(lost_responses, False)
    )
    if before is not None:
        objects.put(KEY, before, HEADERS)
    results = objects.schedule.run([partial(event.publish, objects) for event in found])

    stored = objects.kept[KEY]
    assert stored.body in {marked(event.body, event.parsed) for event in newest(found)}
    written = [
        version_of_text(made.headers) for _, made in objects.puts if METADATA in made.headers
    ]
    for earlier, later in pairwise(written):
        assert later.is_newer(earlier)
    for event, result in zip(found, results, strict=True):
        assert isinstance(result, Sent | Unchanged | StaleVersion | VersionConflict), result
        if isinstance(result, StaleVersion):
            assert event not in newest(found)
    contents = defaultdict(set)
    for event in found:
        contents[event.parsed].add((event.body, event.deleted))
    for event, result in zip(found, results, strict=True):
        if isinstance(result, VersionConflict):
            assert len(contents[event.parsed]) > 1


def version_of_text(headers: Any) -> DocumentVersion:
    from readmodel_cfn.publish.versions import version_of_text as parsed

    found = parsed(headers[METADATA])
    assert found
    return found


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.builds(Event, st.integers(1, 4), BODIES), max_size=4), CHOICES, st.booleans())
def test_pruning_deletes_no_document(found: list[Event], choices: list[int], kms: bool) -> None:
    """An unpublish, which is older than all events, is pruned while they arrive."""
    objects = ScheduledObjects(schedule_of(choices), kms)
    Event(0, b"null", True).publish(objects)
    tasks = [partial(event.publish, objects) for event in found]
    objects.schedule.run([*tasks, partial(objects.prune, KEY)])
    if found:
        assert objects.version(KEY) == str(newest(found)[0].version)


def test_schedules_are_cooperative_and_repeatable() -> None:
    """The same choices give the same puts."""
    runs = []
    for _ in range(2):
        objects = ScheduledObjects(schedule_of([1, 0, 2, 1, 1, 0]))
        every = [Event(number, b"%d" % number) for number in (2, 3, 1)]
        objects.schedule.run([partial(event.publish, objects) for event in every])
        runs.append([made.body for _, made in objects.puts])
    assert runs[0] == runs[1]


def alone() -> ScheduledObjects:
    return ScheduledObjects(schedule_of([]))


def test_an_equal_version_with_other_bytes_is_a_conflict() -> None:
    objects = alone()
    assert isinstance(Event(1, b"1").publish(objects), Sent)
    assert isinstance(Event(1, b"1").publish(objects), Unchanged)
    conflict = Event(1, b"2").publish(objects)
    assert isinstance(conflict, VersionConflict)
    assert conflict.error.exit_code == LostRace.exit_code
    assert len(objects.puts) == 1


def test_an_equal_version_is_a_conflict_if_only_one_is_unpublished() -> None:
    objects = alone()
    Event(1, b"null", True).publish(objects)
    assert isinstance(Event(1, b"null").publish(objects), VersionConflict)


@pytest.mark.parametrize(
    ("first", "second"), [(1, TIMES[0]), (TIMES[0], 10**20), ("2026-01-01T00:00:00Z", 2)]
)
def test_versions_of_two_kinds_are_a_conflict(first: int | str, second: int | str) -> None:
    objects = alone()
    Event(first, b"1").publish(objects)
    assert isinstance(Event(second, b"2").publish(objects), VersionConflict)
    assert len(objects.puts) == 1


def test_a_version_that_another_tool_has_stored_is_a_conflict() -> None:
    objects = alone()
    objects.put(KEY, b"1", {METADATA: "yesterday"})
    assert isinstance(Event(1, b"2").publish(objects), VersionConflict)


def test_other_headers_are_stored_with_an_equal_version() -> None:
    objects = alone()
    Event(1, b"1").publish(objects)
    version = DocumentVersion(1)
    put = put_newer(objects, KEY, marked(b"1", version), {"Cache-Control": "max-age=1"}, version)
    assert isinstance(put, Sent)
    assert objects.version(KEY) == "1"


def test_force_sends_an_equal_version_and_no_older_one() -> None:
    objects = alone()
    Event(2, b"1").publish(objects)
    two, one = DocumentVersion(2), DocumentVersion(1)
    assert isinstance(put_newer(objects, KEY, marked(b"1", two), HEADERS, two, force=True), Sent)
    stale = put_newer(objects, KEY, marked(b"1", one), HEADERS, one, force=True)
    assert isinstance(stale, StaleVersion)


class AlwaysSecond(ScheduledObjects):
    """Another writer is always first."""

    def put_if(self, *_: Any) -> Any:
        raise Exists("the condition is not met")


def test_a_writer_that_is_never_first_ends_with_an_error() -> None:
    pauses: list[float] = []
    with pytest.raises(LostRace, match="other writers") as lost:
        put_newer(
            AlwaysSecond(schedule_of([])),
            KEY,
            b"1",
            HEADERS,
            DocumentVersion(1),
            pause=pauses.append,
        )
    assert not isinstance(lost.value, Exists)
    assert len(pauses) == ATTEMPTS - 1
    assert len(set(pauses)) > 1


class Unreadable(ScheduledObjects):
    """Reading is not allowed."""

    def stored(self, key: str) -> Any:
        raise Denied("AccessDenied", where=f"AWS HeadObject {key}")


def test_without_the_permission_to_read_only_a_new_key_is_written() -> None:
    objects = Unreadable(schedule_of([]))
    assert isinstance(Event(1, b"1").publish(objects), Sent)
    with pytest.raises(Denied, match="s3:GetObject"):
        Event(2, b"2").publish(objects)
    assert len(objects.puts) == 1
