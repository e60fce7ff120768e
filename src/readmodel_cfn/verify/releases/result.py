"""The result of `verify --releases`."""

from dataclasses import dataclass, field
from typing import Any

from readmodel_cfn.errors import PromiseBroken, Stuck
from readmodel_cfn.target import Target
from readmodel_cfn.verify.releases.judge import Verdict

_EXAMPLES = 3
_MS = 1_000_000  # nanoseconds


@dataclass(frozen=True)
class SwitchResult:
    """All reads while releases were activated, and which of them are wrong.

    Attributes:
        where: The stack, as it is named in messages.
        stage: The stage that was switched.
        urls: The URLs of both documents.
        releases: Number of releases.
        readers: Number of readers.
        verdict: The wrong reads, and how soon each release was seen.
        unseen: The numbers of releases that a reader did not see within ten seconds.
        left: What could not be removed, one line each; usually empty.
        target: The account, region and stack.
    """

    where: str
    stage: str
    urls: tuple[str, str]
    releases: int
    readers: int
    verdict: Verdict
    unseen: tuple[int, ...]
    left: tuple[str, ...]
    target: Target = field(default_factory=Target)

    @property
    def passed(self) -> bool:
        """Whether no read is wrong and each release was seen."""
        return not (self.verdict.violations or self.unseen)

    def as_dict(self) -> dict[str, Any]:
        """The result as `verify --releases --json` prints it; times in milliseconds."""
        verdict = self.verdict
        return {
            "stage": self.stage,
            "urls": list(self.urls),
            "releases": self.releases,
            "readers": self.readers,
            "reads": verdict.reads,
            "pages": verdict.pages,
            "mixed_pages": verdict.mixed,
            "crossing_pages": verdict.crossing,
            "violations": {kind.value: count for kind, count in verdict.counts.items()},
            "examples": [f"{each.kind}: {each.why}" for each in verdict.violations[:_EXAMPLES]],
            "unseen": list(self.unseen),
            "first_seen_ms": _summary(verdict.first_seen),
            "last_old_ms": _summary(verdict.last_old),
            "passed": self.passed,
            "left": list(self.left),
            **self.target.as_dict(),
        }

    @property
    def lines(self) -> list[str]:
        """The result in a few lines."""
        verdict, first, last = self.verdict, *map(_summary, self._delays)
        counts = ", ".join(f"{count:,} {kind}" for kind, count in verdict.counts.items())
        return [
            f"{verdict.reads:,} reads of {self.releases} releases on stage {self.stage}: {counts}",
            f"{verdict.mixed:,} of {verdict.pages:,} pages mixed; {verdict.crossing:,} read during "
            "a switch, the old document first",
            f"a release is first read {first['median']:.0f} ms after its activation (longest "
            f"{first['longest']:.0f} ms), the one before last {last['median']:.0f} ms after it "
            f"(longest {last['longest']:.0f} ms)",
            *(f"  {each.kind}: {each.why}" for each in verdict.violations[:_EXAMPLES]),
        ]

    @property
    def _delays(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return self.verdict.first_seen, self.verdict.last_old

    def __str__(self) -> str:
        return self.lines[0]

    def raise_if_broken(self) -> None:
        """Raise an error if a read is wrong, or something could not be removed.

        Raises:
            PromiseBroken: a read is wrong, or a release was not seen.
            Stuck: no read is wrong, but a part of the test could not be removed.
        """
        verdict = self.verdict
        if verdict.violations:
            first = verdict.violations[0]
            wrong, total = len(verdict.violations), verdict.reads
            what = f"{wrong:,} faults in {total:,} reads, {verdict.mixed:,} mixed pages"
            raise PromiseBroken(
                what, where=self.where, hint=f"the first: {first.kind}, {first.why}"
            )
        if self.unseen:
            what = f"{len(self.unseen)} of {self.releases} releases were not seen within 10 s"
            raise PromiseBroken(what, where=self.where, hint="run it again")
        if self.left:
            hint = "remove it with credentials that have the permission"
            raise Stuck(f"no read is wrong, but {self.left[0]}", where=self.where, hint=hint)


def _summary(delays: tuple[int, ...]) -> dict[str, float]:
    ordered = sorted(delays) or [0]
    values = {"median": ordered[len(ordered) // 2], "longest": ordered[-1]}
    return {name: round(value / _MS, 1) for name, value in values.items()}
