"""The comparison: a row for each deployment and request, with the parts that differ."""

from collections.abc import Iterator
from dataclasses import dataclass

from readmodel_cfn.report import story
from second_opinion.answers import Answer, Reader
from second_opinion.known import Difference, Known, known
from second_opinion.places import Place
from second_opinion.sites import Site, deploy
from second_opinion.steps import ABSENT, Ask, Case, Publish


@dataclass(frozen=True)
class Row:
    """What was asked of both places, and how their answers differ; each with why, if known."""

    place: str
    asked: str
    answered: str
    differences: tuple[tuple[Difference, Known | None], ...]

    @property
    def unknown(self) -> list[Difference]:
        """The differences that nobody has explained."""
        return [found for found, why in self.differences if why is None]

    @property
    def known(self) -> list[Known]:
        """Those that explain the other differences, each once."""
        whys = [why for _, why in self.differences if why is not None]
        return [why for at, why in enumerate(whys) if why not in whys[:at]]


def compare(case: Case, ours: Place, theirs: Place) -> Iterator[Row]:
    """Deploy the case in both places and go through its steps."""
    story(f"deploying {case.name} in both places")
    left, right = deploy(ours, case), deploy(theirs, case)
    yield _row(f"{case.name}/deploy", "deploy as it is", left.ended, _deployments(left, right))
    readers = Reader(left.url), Reader(right.url)
    for step in case.steps:
        if isinstance(step, Publish):
            left.publish(step)
            right.publish(step)
        else:
            yield _asked(case, step, *(reader.ask(step) for reader in readers))


def _asked(case: Case, one: Ask, left: Answer, right: Answer) -> Row:
    request = f"{one.method} {one.path}"
    return _row(f"{case.name}/{one.name}", request, str(left.status), _answers(one, left, right))


def _row(place: str, asked: str, answered: str, found: Iterator[Difference]) -> Row:
    whys = ((one, known(place, answered, one)) for one in found)
    return Row(place, asked, answered, tuple(whys))


def _deployments(left: Site, right: Site) -> Iterator[Difference]:
    if left.ended != right.ended:
        yield Difference("end", left.ended, right.ended)
    if left.outputs.keys() != right.outputs.keys():
        yield Difference("outputs", _names(left), _names(right))


def _names(site: Site) -> str:
    return " ".join(sorted(site.outputs))


def _answers(one: Ask, left: Answer, right: Answer) -> Iterator[Difference]:
    if left.status != right.status:
        yield Difference("status", str(left.status), str(right.status))
    elif one.status not in (None, left.status):
        yield Difference(f"status, not {one.status}", str(left.status), str(right.status))
    if left.content != right.content:
        yield Difference("body", left.content, right.content)
    elif one.body not in (None, left.body):
        yield Difference("body, not as it should be", repr(left.body), repr(right.body))
    yield from _headers(one, left, right)


def _headers(one: Ask, left: Answer, right: Answer) -> Iterator[Difference]:
    for name in sorted({*left.headers, *right.headers, *one.gives}):
        values = left.headers.get(name, ABSENT), right.headers.get(name, ABSENT)
        if values[0] != values[1]:
            yield Difference(name, *values)
        elif values[0] != one.gives.get(name, values[0]):
            yield Difference(f"{name}, not {one.gives[name]}", *values)
