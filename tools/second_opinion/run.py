"""The run: both places started, every case compared, and the table printed."""

import signal
import sys
import time
from collections.abc import Iterator, Sequence

from readmodel_cfn.aws import one_line_errors
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.report import table
from second_opinion.answers import shown
from second_opinion.cases import CASES
from second_opinion.compare import Row, compare
from second_opinion.known import KNOWN
from second_opinion.places import both

_WIDEST = 36  # characters of a request in the table


def main() -> int:
    """Compare everything and print it; 1 where a difference is not known."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that both places are stopped
    start = time.monotonic()
    try:
        rows = _compare_all()
    except ReadModelError as error:
        print(error, file=sys.stderr)
        return 1
    _print(rows)
    print(f"It took {time.monotonic() - start:.0f} s.")
    return int(any(row.unknown for row in rows))


def _compare_all() -> list[Row]:
    with one_line_errors(), both() as (ours, theirs):
        return [row for case in CASES for row in compare(case, ours, theirs)]


def _print(rows: Sequence[Row]) -> None:
    table([("STACK/REQUEST", "ASKED", "SANDBOX", "LOCALSTACK"), *map(_cells, rows)])
    print()
    for row in rows:
        for line in _unknown(row):
            print(line)
    for line in _known(rows):
        print(line)
    print(_summary(rows))


def _cells(row: Row) -> tuple[str, str, str, str]:
    asked = row.asked if len(row.asked) <= _WIDEST else f"{row.asked[: _WIDEST - 3]}..."
    words = ["DIFFERENT"] if row.unknown else [one.name for one in row.known]
    return row.place, asked, row.answered, ", ".join(words) or "the same"


def _unknown(row: Row) -> Iterator[str]:
    for one in row.unknown:
        left, right = shown(one.sandbox), shown(one.localstack)
        yield f"DIFFERENT {row.place}: {one.part}: sandbox {left}, LocalStack {right}"


def _known(rows: Sequence[Row]) -> Iterator[str]:
    """Each known difference with its reason, and in how many answers it shows."""
    for one in KNOWN:
        count = sum(one in row.known for row in rows)
        seen = f"answers: {count}" if count else "NOT SEEN ANY MORE, remove it"
        yield f"{one.name} ({seen}): {one.reason}."


def _summary(rows: Sequence[Row]) -> str:
    same = sum(not row.differences for row in rows)
    bad = sum(bool(row.unknown) for row in rows)
    known = len(rows) - same - bad
    return f"{len(rows)} answers: {same} the same, {known} known to differ, {bad} that differ."
