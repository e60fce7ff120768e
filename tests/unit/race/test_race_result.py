"""The result of a race: which error it raises."""

from dataclasses import replace

import pytest
from race_histories import measured, read

from readmodel_cfn.errors import ConfigError, PromiseBroken, Stuck, Unfinished
from readmodel_cfn.verify.race.body import SMALLEST
from readmodel_cfn.verify.race.history import RacePlan, Read, check
from readmodel_cfn.verify.race.race import RaceResult, plan_race


def result(*more: Read, left: tuple[str, ...] = ()) -> RaceResult:
    found = measured()
    found = replace(found, reads=[*found.reads, *more])
    verdict = check(found.writes, found.reads)
    return RaceResult("https://a.example/v1/p", "bucket", RacePlan(200, 1, 1), found, verdict, left)


THROTTLED, TORN = read(500, 5, None, 429), read(510, 5, None)


def test_correct_race_raises_nothing() -> None:
    result().raise_if_broken()


def test_race_prints_as_one_line() -> None:
    text = str(result(TORN))
    assert len(text.splitlines()) == 1
    assert "RaceResult(" not in text


def test_documents_left_are_stuck() -> None:
    with pytest.raises(Stuck, match=r"^bucket: .*bucket/key"):
        result(left=("bucket/key: denied",)).raise_if_broken()


def test_throttled_reads_alone_are_unfinished() -> None:
    with pytest.raises(Unfinished, match=r"^https://a\.example/v1/p: .*1.*429"):
        result(THROTTLED).raise_if_broken()


def test_other_wrong_read_breaks_the_promise() -> None:
    with pytest.raises(PromiseBroken, match=r"^https://a\.example/v1/p: 2 .*error"):
        result(THROTTLED, TORN, left=("bucket/key: denied",)).raise_if_broken()


def test_json_has_what_is_left() -> None:
    assert result(left=("bucket/key: denied",)).as_dict()["left"] == ["bucket/key: denied"]


@pytest.mark.parametrize("size", [SMALLEST - 1, 10 * 1024 * 1024 + 1])
def test_size_outside_the_limits_is_refused(size: int) -> None:
    with pytest.raises(ConfigError, match=f"{SMALLEST}.*10,485,760"):
        plan_race(size, 1, 1)
