"""The result of verify: its JSON, and which error it raises."""

import pytest

from readmodel_cfn.errors import PromiseBroken, Stuck
from readmodel_cfn.target import Target
from readmodel_cfn.verify.outcome import Outcome, broken, kept, not_checked
from readmodel_cfn.verify.verify import VerifyResult

KEPT, HIDDEN = kept("ETag", "strong"), not_checked("throttling", "no load")
BROKEN = broken("Vary", "none", "map Vary"), broken("HEAD", "404", "add HEAD")


def result(*promises: Outcome, left: tuple[str, ...] = ()) -> VerifyResult:
    return VerifyResult("stack shop", "p/{id}", "p/1.json", "https://a/p/1", left, promises)


def test_promises_not_checked_raise_nothing() -> None:
    result(KEPT, HIDDEN).raise_if_broken()


def test_error_names_the_broken_promises_and_the_remedy_of_the_first() -> None:
    with pytest.raises(PromiseBroken, match=r"^stack shop: .*2 broken.*Vary.*HEAD.*map Vary"):
        result(KEPT, *BROKEN, left=("b/k: denied",)).raise_if_broken()


def test_probe_that_is_left_is_stuck() -> None:
    with pytest.raises(Stuck, match=r"^stack shop: .*b/k: denied"):
        result(KEPT, left=("b/k: denied",)).raise_if_broken()


def test_json_has_route_key_url_left_and_promises() -> None:
    assert result(KEPT, HIDDEN, left=("b/k: denied",)).as_dict() == {
        "route": "p/{id}",
        "key": "p/1.json",
        "url": "https://a/p/1",
        "left": ["b/k: denied"],
        "promises": [
            {"name": "ETag", "status": "kept", "what": "strong", "todo": ""},
            {"name": "throttling", "status": "cannot be shown", "what": "no load", "todo": ""},
        ],
        **Target().as_dict(),
    }


def test_people_read_a_plain_title_and_programs_the_name() -> None:
    outcome = broken("missing key", "200", "map 404")
    result = VerifyResult("stack shop", "a", "a.json", "http://localhost", (), (outcome,))
    with pytest.raises(PromiseBroken, match="missing document"):
        result.raise_if_broken()
    (promise,) = result.as_dict()["promises"]
    assert promise == {"name": "missing key", "status": "broken", "what": "200", "todo": "map 404"}
