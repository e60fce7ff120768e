"""The judge of `verify --releases`: which reads are wrong while releases are activated."""

import pytest

from readmodel_cfn.verify.releases.judge import Kind, Read, Switch, judge

SWITCHES = [Switch(1, 0, 10), Switch(2, 100, 110), Switch(3, 200, 210)]


def read(
    at: int,
    number: int | None,
    *,
    page: int = 1,
    connection: tuple[int, int] = (0, 1),
    status: int = 200,
    header: int | None = -1,
) -> Read:
    """A read from this time on, of five nanoseconds; the header is that of the body."""
    found = number if header == -1 else header
    return Read(connection, page, at, at + 5, status, number, found)


def kinds(*reads: Read) -> list[Kind]:
    return [violation.kind for violation in judge(SWITCHES, reads).violations]


def test_each_release_in_turn_is_right() -> None:
    found = judge(SWITCHES, [read(20, 1), read(30, 1), read(120, 2, page=2), read(220, 3, page=3)])
    assert (found.violations, found.reads, found.mixed, found.pages) == ((), 4, 0, 1)


def test_page_read_during_a_switch_is_right_if_the_old_document_is_first() -> None:
    found = judge(SWITCHES, [read(90, 1), read(105, 2)])
    assert (found.violations, found.crossing, found.mixed) == ((), 1, 0)


def test_page_with_the_old_document_second_is_mixed() -> None:
    found = judge(SWITCHES, [read(120, 2), read(130, 1)])
    assert (found.mixed, found.crossing) == (1, 0)
    assert [violation.kind for violation in found.violations] == [Kind.BACKWARD]


def test_older_release_on_a_later_page_is_backward() -> None:
    assert kinds(read(120, 2), read(130, 2), read(140, 1, page=2)) == [Kind.BACKWARD]


def test_older_release_on_another_connection_is_right() -> None:
    assert kinds(read(120, 2), read(130, 1, connection=(1, 1))) == []
    assert kinds(read(120, 2), read(130, 1, connection=(0, 2))) == []


def test_old_release_long_after_the_switch_is_measured_not_wrong() -> None:
    found = judge(SWITCHES, [read(120, 1), read(150, 2, page=2), read(230, 3, page=3)])
    assert found.violations == ()
    assert found.first_seen == (115, 45, 25)
    assert found.last_old == (0, 10, 0)


def test_release_before_its_activation_is_from_the_future() -> None:
    assert kinds(read(50, 2)) == [Kind.FUTURE]
    assert kinds(read(97, 2)) == []  # it ended after the activation had started
    assert kinds(read(500, 9)) == [Kind.FUTURE]


@pytest.mark.parametrize("header", [None, 1, 3])
def test_header_of_another_release_is_wrong(header: int | None) -> None:
    assert kinds(read(120, 2, header=header)) == [Kind.HEADER]


def test_incomplete_body_and_other_statuses_are_wrong() -> None:
    assert kinds(read(20, None)) == [Kind.TORN]
    assert kinds(read(20, None, status=404), read(30, None, status=0)) == [Kind.ERROR] * 2
