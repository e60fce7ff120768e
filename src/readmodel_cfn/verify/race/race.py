"""`race`: check on a deployed stack that readers get complete and current documents."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from readmodel_cfn.aws.errors import aws_errors, is_refusal
from readmodel_cfn.consent import Confirm, Consent, require_consent
from readmodel_cfn.errors import ConfigError, PromiseBroken, Stuck, Unfinished
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.publish.documents import MAX_BYTES, Settings
from readmodel_cfn.target import Target
from readmodel_cfn.verify.contract import CheckedStack, Contract, ProbePlan, plan_probe
from readmodel_cfn.verify.probe import REMOVE_IT, ProbeDocument, while_probes_exist
from readmodel_cfn.verify.race import figures, plot
from readmodel_cfn.verify.race.body import SMALLEST
from readmodel_cfn.verify.race.history import Measured, Phase, RacePlan, Verdict, check
from readmodel_cfn.verify.race.measure import Put, measure

_THROTTLED = 429


@dataclass(frozen=True)
class RaceResult:
    """All reads and writes of a race, and which reads are wrong.

    Attributes:
        url: URL that was read.
        bucket: Bucket that was written to.
        plan: Size of the document, number of readers, and seconds.
        measured: The reads and writes of each phase.
        verdict: The wrong reads.
        left: Documents that could not be removed, one line each; usually empty.
        target: The account, region and stack.
    """

    url: str
    bucket: str
    plan: RacePlan
    measured: Measured
    verdict: Verdict
    left: tuple[str, ...]
    target: Target = field(default_factory=Target)

    def as_dict(self) -> dict[str, Any]:
        """The result as `verify --concurrency --json` prints it; latencies in milliseconds."""
        found = figures.as_json(self.plan, self.measured, self.verdict)
        return {**found, "left": list(self.left), **self.target.as_dict()}

    @property
    def rows(self) -> list[figures.Row]:
        """The figures of each phase."""
        return figures.rows(self.measured)

    @property
    def ratios(self) -> list[figures.Ratio]:
        """How much longer reads took while the document was being replaced."""
        return figures.ratios(self.measured)

    @property
    def lines(self) -> list[str]:
        """How many reads passed, and examples of wrong ones."""
        return figures.as_lines(self.measured, self.verdict)

    def __str__(self) -> str:
        return self.lines[0]

    def strips(self, *, ascii_only: bool = False) -> list[str]:
        """Two lines of characters: the newest version read, and the longest read, over time."""
        return plot.strips(self.measured, plot.PLAIN if ascii_only else plot.BLOCKS)

    def svg(self) -> str:
        """A drawing of the versions written and read, and the time of each read."""
        return plot.drawing(self.measured, self.verdict)

    def raise_if_broken(self) -> None:
        """Raise an error if a read is wrong, or the documents could not be removed.

        Raises:
            Unfinished: the only wrong reads are those that were throttled.
            PromiseBroken: a read is torn, stale, from the future, backward, or an error.
            Stuck: no read is wrong, but a document could not be removed.
        """
        violations, reads = self.verdict.violations, self.verdict.reads
        throttled = sum(violation.read.status == _THROTTLED for violation in violations)
        if throttled and throttled == len(violations):
            what = f"throttled: {throttled:,} of {reads:,} reads got 429"
            hint = "use fewer --readers, or raise throttle_rate under [deployment]"
            raise Unfinished(what, where=self.url, hint=hint)
        if violations:
            what = f"{self.verdict.broken:,} of {reads:,} reads are wrong"
            hint = f"the first: {violations[0].kind}, {violations[0].why}"
            raise PromiseBroken(what, where=self.url, hint=hint)
        if self.left:
            raise Stuck(f"no read is wrong, but {self.left[0]}", where=self.bucket, hint=REMOVE_IT)


def plan_race(size: int, readers: int, seconds: float) -> RacePlan:
    """The plan of a race, after checking the document size.

    Raises:
        ConfigError: no numbered document can have the size, or API Gateway cannot return it.
    """
    if not SMALLEST <= size <= MAX_BYTES:
        hint = f"allowed: {SMALLEST} to {MAX_BYTES:,} bytes"
        raise ConfigError(f"{size:,} bytes", where="--size", hint=hint)
    return RacePlan(size, readers, seconds)


def race(
    stack: CheckedStack,
    contract: Contract,
    probe: ProbePlan,
    plan: RacePlan,
    *,
    not_ours: bool = False,
    confirm: Confirm | None = None,
    on_progress: OnProgress = ignore,
) -> RaceResult:
    """Replace the probe's document for some seconds while several processes read it.

    The documents are removed at the end, even after an error. `not_ours` allows a stack without
    this tool's tag.

    Raises:
        ReadModelError: the stack does not have the tag, or the server does not respond.
        ConsentRequired: `confirm` did not agree.
        Unfinished: another document was published to the key meanwhile.
    """
    if not not_ours:
        stack.require_managed()
    url = f"{stack.api_url}/{probe.path}"
    _announce(stack, plan, probe, url, on_progress)
    text = f"race {counted(plan.readers, 'reader')} against one writer on {stack.location}"
    target = stack.location.target
    require_consent(Consent("race", stack.location.name, text, target=target), confirm)
    s3 = stack.location.connection.client("s3")
    settings = Settings(contract.cache_control, contract.gzip_stored)
    this, another = (
        ProbeDocument(s3, stack.bucket, key, settings, probe.token)
        for key in (probe.key, _another_key(contract, probe))
    )

    def report(phase: Phase) -> None:
        on_progress(Step(f"Reading while {phase.name}"))

    ca_bundle = stack.location.connection.ca_bundle
    readers = (ca_bundle, stack.authorize)
    work = partial(measure, plan, url, _put(this), _put(another), report, *readers)
    measured, left = while_probes_exist([this, another], work, on_progress)
    verdict = check(measured.writes, measured.reads)
    return RaceResult(url, stack.bucket, plan, measured, verdict, left, target)


def _another_key(contract: Contract, probe: ProbePlan) -> str:
    """A key that no reader uses, for the document that is not read."""
    if probe.route.is_static:
        return f"{probe.key}-{probe.token}"
    return plan_probe(contract, probe.route.path, f"{probe.token}-2").key


def _announce(
    stack: CheckedStack, plan: RacePlan, probe: ProbePlan, url: str, on_progress: OnProgress
) -> None:
    """Report what will be done, and the maximum number of requests and bytes."""
    gigabytes = plan.reads * plan.size / 1e9
    lines = [
        f"GET {url}",
        f"  for {plan.seconds:g} seconds: at most {plan.reads:,} reads and {plan.writes:,} writes "
        f"of {plan.size:,} bytes, {gigabytes:.1f} GB to read",
        f"  writes {stack.bucket}/{probe.key} and removes it afterwards",
    ]
    if probe.route.is_static:
        lines.append(f"! readers of /{probe.path} get these documents meanwhile")
    for line in lines:
        on_progress(Note(line))


def _put(document: ProbeDocument) -> Put:
    """A function that replaces the last version (If-Match), so that no other document is lost."""

    def put(body: bytes) -> bool:
        try:
            document.put(body)
        except aws_errors() as error:
            if is_refusal(error):
                raise
            return False
        return True

    return put
