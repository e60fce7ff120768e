"""Following: each event once, oldest first, until the operation ends; and what went wrong first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from readmodel_cfn.errors import Unfinished
from readmodel_cfn.stacks.client import Event, Stack, StackClient
from readmodel_cfn.stacks.events import Ended, follow, new_events

STACK = Stack("arn:stack/shop/1", "shop", "UPDATE_IN_PROGRESS", "", {}, {}, {}, False)
DONE = replace(STACK, status="UPDATE_COMPLETE")
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def event(name: str, status: str = "UPDATE_IN_PROGRESS", reason: str = "") -> Event:
    """One of many at the very same time."""
    return Event(
        name, THEN, f"Resource{name}", f"physical-{name}", "AWS::S3::Bucket", status, reason
    )


class Scripted(StackClient):
    """CloudFormation as a list of looks: the stack, and all its events so far, oldest first."""

    def __init__(self, *looks: tuple[Stack | Exception | None, str]) -> None:
        super().__init__(None)
        self.looks = iter(looks)
        self.now: tuple[Stack | Exception | None, str] = (None, "")
        self.events_read = 0

    def describe(self, name: str) -> Stack | None:
        assert name == STACK.id
        self.now = next(self.looks)
        if isinstance(self.now[0], Exception):
            raise self.now[0]
        return self.now[0]

    def events(self, name: str) -> Iterator[Event]:
        assert name == STACK.id
        for one in reversed(self.now[1]):
            self.events_read += 1
            yield event(one)


def followed(client: StackClient, seen: str = "") -> tuple[Ended, str, list[float]]:
    """How it ended, the events as they were reported, and the pauses that were made."""
    told: list[str] = []
    pauses: list[float] = []
    ended = follow(client, STACK.id, set(seen), lambda one: told.append(one.id), pauses.append)
    return ended, "".join(told), pauses


def test_each_event_is_told_once_and_in_order_though_all_are_of_one_time() -> None:
    client = Scripted((STACK, "ab"), (STACK, "ab"), (STACK, "abcd"), (DONE, "abcde"))
    ended, told, _ = followed(client)
    assert told == "abcde"
    assert ended == Ended(DONE, [event(one) for one in "abcde"])


def test_events_of_earlier_operations_are_not_told() -> None:
    assert followed(Scripted((DONE, "abcde")), seen="abc")[1] == "de"


def test_a_look_reads_back_no_further_than_the_last() -> None:
    client = Scripted((DONE, "abcdef"))
    seen = set("abcd")
    client.describe(STACK.id)
    assert [one.id for one in new_events(client, STACK.id, seen)] == ["e", "f"]
    assert client.events_read == 3
    assert seen == set("abcdef")


def test_the_last_events_are_told_before_the_end() -> None:
    """The stack is looked at first, so no event can come between the last look and the end."""
    assert followed(Scripted((DONE, "ab")))[1] == "ab"


def test_a_stack_whose_very_id_is_gone_is_deleted() -> None:
    ended, _, _ = followed(Scripted((STACK, "a"), (None, "a")))
    assert ended.status == "DELETE_COMPLETE"
    assert ended.why == ""


def test_no_pause_is_made_after_the_end() -> None:
    assert followed(Scripted((DONE, "a")))[2] == []


def test_pauses_grow_while_nothing_happens_and_begin_anew_with_an_event() -> None:
    quiet = [(STACK, "a")] * 12
    pauses = followed(Scripted(*quiet, (STACK, "ab"), (DONE, "ab")))[2]
    assert pauses[:12] == sorted(pauses[:12])
    assert pauses[0] < pauses[1]
    assert pauses[10] == pauses[11] == max(pauses)
    assert pauses[12] == pauses[0]


def test_the_cause_is_the_first_failure_that_was_not_merely_cancelled() -> None:
    happened = [
        event("1", "CREATE_FAILED", "Resource creation cancelled"),
        event("2", "CREATE_FAILED", "Name is taken"),
        event("3", "CREATE_FAILED", "Something else"),
    ]
    failed = replace(STACK, status="ROLLBACK_COMPLETE", reason="The following failed: [...]")
    assert Ended(failed, happened).why == "Resource2 (AWS::S3::Bucket): Name is taken"


def test_the_stacks_own_event_is_no_cause_while_a_resource_has_one() -> None:
    own = replace(event("1", "DELETE_FAILED", "failed to delete: [A]"), physical_id=STACK.id)
    failed = replace(STACK, status="DELETE_FAILED", reason="failed to delete: [A]")
    assert Ended(failed, [own, event("2", "DELETE_FAILED", "not empty")]).why.endswith("not empty")
    assert Ended(failed, [own]).why == "failed to delete: [A]"


def test_a_success_is_no_cause() -> None:
    assert Ended(DONE, [event("1", "CREATE_COMPLETE")]).why == ""


LOST = [
    ReadTimeoutError(endpoint_url="https://x"),
    ClientError({"Error": {"Code": "ExpiredToken", "Message": "old"}}, "DescribeStacks"),
]


@pytest.mark.parametrize("error", LOST, ids=["connection", "credentials"])
def test_what_is_lost_on_the_way_leaves_the_operation_unfinished_not_failed(
    error: Exception,
) -> None:
    with pytest.raises(Unfinished, match="no longer following: AWS") as lost:
        followed(Scripted((STACK, "a"), (error, "a")))
    assert lost.value.exit_code == 9
    assert "goes on by itself" in str(lost.value)
