"""Waiting for a stack operation: its events, pauses, errors and interruptions."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from readmodel_cfn.aws.errors import UnreadableResponse
from readmodel_cfn.aws.retry import Clock
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.events import EventStream, OnInterrupt, OperationEnd, new_events
from readmodel_cfn.deploy.values import Stack, StackEvent
from readmodel_cfn.errors import Unfinished

STACK = Stack("arn:stack/shop/1", "shop", "UPDATE_IN_PROGRESS", "", {}, {}, {}, False)
DONE = replace(STACK, status="UPDATE_COMPLETE")
THEN = datetime(2026, 1, 1, tzinfo=UTC)

Look = tuple[Stack | Exception | None, str]


def event(name: str, seconds: int = 0) -> StackEvent:
    """An event; all have the same time by default."""
    time = THEN + timedelta(seconds=seconds)
    return StackEvent(
        name, time, f"Resource{name}", "p", "AWS::S3::Bucket", "UPDATE_IN_PROGRESS", ""
    )


class Scripted(StackClient):
    """CloudFormation as a list of looks: the stack, and all its events so far, oldest first."""

    def __init__(self, *looks: Look) -> None:
        super().__init__(None)
        self.looks = iter(looks)
        self.now: Look = (None, "")
        self.events_read = 0

    def describe(self, name: str) -> Stack | None:
        assert name == STACK.id
        self.now = next(self.looks)
        if isinstance(self.now[0], Exception):
            raise self.now[0]
        return self.now[0]

    def events(self, name: str) -> Iterator[StackEvent]:
        assert name == STACK.id
        for id_ in reversed(self.now[1]):
            self.events_read += 1
            yield event(id_)


class Instant(Clock):
    """A clock on which time passes only while it is waited for."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def now(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def followed(
    client: StackClient, seen: str = "", limit: float | None = None
) -> tuple[OperationEnd, str, list[float]]:
    """How it ended, the events as they were reported, and the pauses that were made."""
    reported: list[str] = []
    clock = Instant()
    following = EventStream(client, STACK.id, set(seen), limit, clock=clock)
    ended = following.wait(lambda event_: reported.append(event_.id))
    return ended, "".join(reported), clock.pauses


def test_events_of_one_timestamp_are_reported_once_and_in_order() -> None:
    client = Scripted((STACK, "ab"), (STACK, "ab"), (STACK, "abcd"), (DONE, "abcde"))
    ended, reported, _ = followed(client)
    assert reported == "abcde"
    assert (ended.stack, ended.events) == (DONE, [event(id_) for id_ in "abcde"])


def test_each_resource_counts_once_by_its_first_end() -> None:
    happened = [
        ("Bucket", "UPDATE_IN_PROGRESS"),
        ("Bucket", "UPDATE_COMPLETE"),
        ("New", "CREATE_COMPLETE"),
        ("Imported", "IMPORT_COMPLETE"),
        ("shop", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Bucket", "DELETE_COMPLETE"),
        ("Old", "DELETE_COMPLETE"),
        ("Kept", "DELETE_SKIPPED"),
        ("shop", "UPDATE_COMPLETE"),
    ]
    events = [
        StackEvent(
            str(number),
            datetime(2026, 1, 1, tzinfo=UTC),
            logical_id,
            "physical",
            "AWS::CloudFormation::Stack" if logical_id == "shop" else "AWS::S3::Bucket",
            status,
            "",
        )
        for number, (logical_id, status) in enumerate(happened)
    ]
    end = OperationEnd(DONE, events)
    assert end.count("CREATE_COMPLETE", "IMPORT_COMPLETE") == 2
    assert end.count("UPDATE_COMPLETE") == 1
    assert end.count("DELETE_COMPLETE") == 1


def test_events_of_earlier_operations_are_not_reported() -> None:
    assert followed(Scripted((DONE, "abcde")), seen="abc")[1] == "de"


@pytest.mark.parametrize("listed", ["edcba", "eeddccbbaa", "cabed", "edcbaedcba", "abcde"])
def test_repeated_or_unordered_pages_lose_no_events(listed: str) -> None:
    class Shuffled(Scripted):
        def events(self, name: str) -> Iterator[StackEvent]:  # noqa: ARG002
            return (event(id_, seconds="abcde".index(id_)) for id_ in listed)

    assert followed(Shuffled((DONE, "")), seen="a")[1] == "bcde"


def test_known_events_are_not_read_again() -> None:
    class Long(Scripted):
        def events(self, name: str) -> Iterator[StackEvent]:  # noqa: ARG002
            for number in range(5000, 0, -1):
                self.events_read += 1
                yield event(str(number))

    client = Long((DONE, ""))
    seen = {str(number) for number in range(1, 4999)}
    assert [event_.id for event_ in new_events(client, STACK.id, seen)] == ["4999", "5000"]
    assert client.events_read < 300


def test_last_events_are_reported_before_the_end() -> None:
    """The stack is looked at first, so no event can come between the last look and the end."""
    assert followed(Scripted((DONE, "ab")))[1] == "ab"


def test_missing_stack_id_means_deleted() -> None:
    ended, _, _ = followed(Scripted((STACK, "a"), (None, "a")))
    assert ended.status == "DELETE_COMPLETE"


def test_no_pause_after_the_last_event() -> None:
    assert followed(Scripted((DONE, "a")))[2] == []


def test_pauses_grow_without_events_and_restart_with_an_event() -> None:
    quiet: list[Look] = [(STACK, "a")] * 12
    pauses = followed(Scripted(*quiet, (STACK, "ab"), (DONE, "ab")))[2]
    assert pauses[:12] == sorted(pauses[:12])
    assert pauses[0] < pauses[1]
    assert pauses[10] == pauses[11] == max(pauses) <= 3
    assert pauses[12] == pauses[0]


def test_operation_of_many_hours_is_followed_to_the_end() -> None:
    quiet: list[Look] = [(STACK, "a")] * 5_000
    assert followed(Scripted(*quiet, (DONE, "a")))[0].status == "UPDATE_COMPLETE"


def refused(code: str, status: int = 400) -> ClientError:
    metadata = {"HTTPStatusCode": status}
    answer: Any = {"Error": {"Code": code, "Message": "so"}, "ResponseMetadata": metadata}
    return ClientError(answer, "DescribeStacks")


PASSING = [
    refused("Throttling"),
    refused("InternalFailure", 500),
    refused("502", 502),
    ReadTimeoutError(endpoint_url="https://x"),
    UnreadableResponse("DescribeStacks"),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_transient_errors_do_not_fail_a_successful_operation(error: Exception) -> None:
    looks: list[Look] = [(STACK, "a"), (error, ""), (error, ""), (error, ""), (DONE, "ab")]
    ended, reported, pauses = followed(Scripted(*looks))
    assert ended.status == "UPDATE_COMPLETE"
    assert reported == "ab"
    assert pauses[1:] == sorted(pauses[1:])
    assert pauses[1] >= 2


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_persistent_errors_raise_unfinished_after_some_minutes(error: Exception) -> None:
    with pytest.raises(Unfinished, match="AWS"):
        followed(Scripted(*[(error, "")] * 100))


@pytest.mark.parametrize("code", ["ExpiredToken", "AccessDenied", "InvalidClientTokenId"])
def test_permanent_error_is_raised_at_once_with_the_follow_command(code: str) -> None:
    clock = Instant()
    client = Scripted((STACK, "a"), (refused(code, 403), ""))
    following = EventStream(client, STACK.id, set(), again="readmodel-cfn follow", clock=clock)
    with pytest.raises(Unfinished) as lost:
        following.wait(lambda _: None)
    assert lost.value.exit_code == 9
    assert code in str(lost.value)
    assert "readmodel-cfn follow" in str(lost.value)
    assert len(clock.pauses) == 1


def test_time_limit_raises_unfinished() -> None:
    with pytest.raises(Unfinished, match="60"):
        followed(Scripted(*[(STACK, "a")] * 100), limit=60)


def test_operation_within_the_time_limit_is_followed_to_the_end() -> None:
    assert followed(Scripted((STACK, "a"), (DONE, "a")), limit=60)[0].stack == DONE


def interrupted(on_interrupt: OnInterrupt | None) -> tuple[EventStream, list[str]]:
    """A stream whose first event is interrupted, and the IDs of the events that were reported."""
    client, reported = Scripted((STACK, "ab"), (DONE, "abc")), list[str]()
    stream = EventStream(client, STACK.id, set(), on_interrupt=on_interrupt, clock=Instant())

    def interrupt(event_: StackEvent) -> None:
        reported.append(event_.id)
        if event_.id == "a":
            raise KeyboardInterrupt

    with suppress(Unfinished):
        stream.wait(interrupt)
    return stream, reported


def test_waiting_resumes_after_an_interruption() -> None:
    stream, reported = interrupted(lambda *_: True)
    assert reported == ["a", "b", "c"]
    assert [event_.id for event_ in stream.events] == ["a", "b", "c"]


def stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


@pytest.mark.parametrize("on_interrupt", [None, lambda *_: False, stop])
def test_interruption_ends_the_wait_as_unfinished(on_interrupt: OnInterrupt | None) -> None:
    assert interrupted(on_interrupt)[1] == ["a"]
    stream = EventStream(Scripted((STACK, "a")), STACK.id, set(), on_interrupt=on_interrupt)
    with pytest.raises(Unfinished, match="readmodel-cfn follow"):
        stream.wait(stop)
