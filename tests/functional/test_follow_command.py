"""`follow`: the operation in progress until it ends, or the last operation; and Ctrl-C."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from functional_aws import STACK_ID, Aws, enter_project, error_of, event, run, stubbed

from readmodel_cfn.cli import operation
from readmodel_cfn.cli import output as report

BEGAN = event(1, "read-model", "UPDATE_IN_PROGRESS", physical_id=STACK_ID)
FAILED = event(2, "DataStore", "UPDATE_FAILED", "no")
AGAIN = "readmodel-cfn follow --stack-name read-model --region eu-west-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def follow(*arguments: str) -> Any:
    return run("follow", "--region", "eu-west-1", *arguments)


def test_operation_in_progress_is_shown_from_its_first_event(aws: Aws) -> None:
    earlier = event(0, "Earlier", "CREATE_COMPLETE")
    aws.stack("UPDATE_IN_PROGRESS")
    aws.events(BEGAN, earlier)
    aws.stack("UPDATE_COMPLETE")
    aws.events(event(2, "DataStore", "UPDATE_COMPLETE"), BEGAN, earlier)
    done = follow()
    assert done.exit_code == 0
    lines = done.stderr.splitlines()
    assert [line.split()[2] for line in lines[:2]] == ["read-model", "DataStore"]
    assert "UPDATE_COMPLETE" in lines[2]


def test_follow_exits_with_the_result_of_the_last_operation(aws: Aws) -> None:
    for _ in range(2):
        aws.stack("UPDATE_ROLLBACK_COMPLETE")
        aws.events(FAILED, BEGAN)
    aws.answers("cloudformation", "describe_events", {"OperationEvents": []})
    line = error_of(follow(), 4)
    assert "DataStore" in line
    assert "[data_store]" in line


def test_followed_deletion_succeeds(aws: Aws) -> None:
    aws.stack("DELETE_IN_PROGRESS")
    aws.events(event(1, "read-model", "DELETE_IN_PROGRESS", physical_id=STACK_ID))
    aws.stack("DELETE_COMPLETE")
    aws.events()
    assert follow().exit_code == 0


@pytest.mark.parametrize(
    ("started", "ended"),
    [("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"), ("DELETE_IN_PROGRESS", "DELETE_COMPLETE")],
)
def test_json_output_ends_with_the_result(aws: Aws, started: str, ended: str) -> None:
    aws.stack(started)
    aws.events(BEGAN)
    aws.stack(ended)
    aws.events(event(2, "DataStore", ended), BEGAN)
    *events, result = map(json.loads, follow("--json").stdout.splitlines())
    assert [list(record) for record in events] == [["event"], ["event"]]
    assert result == {"result": {"status": ended}}


def test_missing_stack_is_an_error(aws: Aws) -> None:
    aws.no_stack()
    assert "read-model" in error_of(follow(), 1)


def test_stack_in_review_has_no_operation_to_follow(aws: Aws) -> None:
    aws.stack("REVIEW_IN_PROGRESS")
    assert "read-model" in error_of(follow(), 1)


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(operation, "sys", type("Sys", (), {"stdin": Terminal(), "stderr": None}))


@pytest.fixture
def press(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool, bool], None]:
    """Ctrl-C at the first event, perhaps again while it waits, and the answer to the question."""

    def press(again: bool, yes: bool) -> None:
        def once(event: Any) -> None:
            if event.id == "1":
                raise KeyboardInterrupt

        def waiting(_: float) -> None:
            if again:
                raise KeyboardInterrupt

        monkeypatch.setattr(report, "event", once)
        monkeypatch.setattr(time, "sleep", waiting)
        monkeypatch.setattr(click, "confirm", lambda *_, **__: yes)
        aws.stack("UPDATE_IN_PROGRESS")
        aws.events(BEGAN)
        aws.stack("UPDATE_IN_PROGRESS")
        aws.events(BEGAN)

    return press


Press = Callable[[bool, bool], None]


def test_ctrl_c_without_a_terminal_detaches(press: Press) -> None:
    press(True, True)
    line = error_of(follow(), 9)
    assert line.endswith(AGAIN)


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize(("again", "yes"), [(False, True), (True, False)])
def test_ctrl_c_at_a_terminal_detaches_unless_confirmed(
    press: Press, aws: Aws, again: bool, yes: bool
) -> None:
    press(again, yes)
    assert error_of(follow(), 9).endswith(AGAIN)
    assert aws.wrote() == []


@pytest.mark.usefixtures("at_a_terminal")
def test_the_update_of_a_stack_without_the_tag_is_never_cancelled(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "event", interrupt)
    monkeypatch.setattr(time, "sleep", interrupt)
    monkeypatch.setattr(click, "confirm", lambda *_, **__: True)
    for _ in range(2):
        aws.stack("UPDATE_IN_PROGRESS", tags={})
        aws.events(BEGAN)
    assert error_of(follow(), 9).endswith(AGAIN)
    assert aws.wrote() == []


def ask_nothing(*_: object, **__: object) -> None:
    pytest.fail("SIGTERM leaves nobody to ask")


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize("after_ctrl_c", [False, True])
def test_sigterm_at_a_terminal_detaches_without_a_question(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, after_ctrl_c: bool
) -> None:
    signals = [signal.SIGINT, signal.SIGTERM] if after_ctrl_c else [signal.SIGTERM]
    interrupt = lambda _: signal.raise_signal(signals.pop(0))  # noqa: E731
    monkeypatch.setattr(report, "event", interrupt)
    monkeypatch.setattr(time, "sleep", interrupt)
    monkeypatch.setattr(click, "confirm", ask_nothing)
    for _ in range(2):
        aws.stack("UPDATE_IN_PROGRESS")
        aws.events(BEGAN)
    assert error_of(follow(), 9).endswith(AGAIN)
    assert signals == []
    assert aws.wrote() == []


@pytest.mark.usefixtures("at_a_terminal")
def test_ctrl_c_instead_of_an_answer_detaches(
    press: Press, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def abort(*_: object, **__: object) -> None:
        raise click.Abort

    press(True, True)
    monkeypatch.setattr(click, "confirm", abort)
    assert error_of(follow(), 9).endswith(AGAIN)
    assert aws.wrote() == []


@pytest.mark.usefixtures("at_a_terminal")
def test_second_ctrl_c_confirmed_cancels_the_update(press: Press, aws: Aws) -> None:
    press(True, True)
    aws.answers("cloudformation", "cancel_update_stack", {}, StackName=STACK_ID)
    aws.stack("UPDATE_ROLLBACK_COMPLETE")
    aws.events(FAILED, BEGAN)
    aws.answers("cloudformation", "describe_events", {"OperationEvents": []})
    assert "DataStore" in error_of(follow(), 4)
    assert aws.wrote() == ["CancelUpdateStack"]


@pytest.mark.usefixtures("at_a_terminal")
def test_update_that_cannot_be_cancelled_is_left_in_progress(press: Press, aws: Aws) -> None:
    press(True, True)
    why = "CancelUpdateStack cannot be called from current stack status"
    aws.refuses("cloudformation", "cancel_update_stack", "ValidationError", why)
    done = follow()
    assert error_of(done, 9).endswith(AGAIN)
    assert why in done.stderr
