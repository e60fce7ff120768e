"""`verify`: check that a deployed stack keeps the promises of its read model."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.http import Response, request
from readmodel_cfn.consent import Confirm, Consent, require_consent
from readmodel_cfn.deploy.advice import with_location
from readmodel_cfn.deploy.live.values import Live
from readmodel_cfn.errors import PromiseBroken, ReadModelError, Stuck
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.target import Target
from readmodel_cfn.verify import checks
from readmodel_cfn.verify.cdn import CdnReads, judge_cdn, not_read, read_cdn
from readmodel_cfn.verify.contract import CheckedStack, Contract, ProbePlan
from readmodel_cfn.verify.cors import cors
from readmodel_cfn.verify.outcome import Outcome, not_checked
from readmodel_cfn.verify.probe import REMOVE_IT, ProbeDocument, while_probes_exist
from readmodel_cfn.verify.session import AccessChecks, Api, Reads, check_access, read


@dataclass(frozen=True)
class VerifyResult:
    """The outcome of each promise.

    Attributes:
        where: The stack, as it is named in messages.
        route: Path of the probed route.
        key: Key of the probe document.
        url: URL that was read.
        left: Parts of the probe that could not be removed, one line each; usually empty.
        promises: The outcomes, in a fixed order.
        target: The account, region and stack.
    """

    where: str
    route: str
    key: str
    url: str
    left: tuple[str, ...]
    promises: tuple[Outcome, ...]
    target: Target = field(default_factory=Target)

    @property
    def broken(self) -> tuple[Outcome, ...]:
        """The broken promises."""
        return tuple(outcome for outcome in self.promises if outcome.status == "broken")

    def as_dict(self) -> dict[str, Any]:
        """The result as `verify --json` prints it."""
        return {
            "route": self.route,
            "key": self.key,
            "url": self.url,
            "left": list(self.left),
            "promises": [asdict(outcome) for outcome in self.promises],
            **self.target.as_dict(),
        }

    def __str__(self) -> str:
        return f"{self.where}: {self._counts()}"

    def _counts(self) -> str:
        kept = sum(outcome.status == "kept" for outcome in self.promises)
        hidden = len(self.promises) - kept - len(self.broken)
        broken = f", {len(self.broken)} broken" if self.broken else ""
        return f"{counted(kept, 'promise')} kept, {hidden} not checked{broken}"

    def raise_if_broken(self) -> None:
        """Raise an error if a promise is broken, or the probe could not be removed.

        Raises:
            PromiseBroken: promises are broken; the error names them, and the remedy of the first.
            Stuck: no promise is broken, but the probe could not be removed.
        """
        if self.broken:
            names = ", ".join(outcome.title for outcome in self.broken)
            hint = self.broken[0].todo
            raise PromiseBroken(f"{self._counts()}: {names}", where=self.where, hint=hint)
        if self.left:
            raise Stuck(
                f"no promise is broken, but {self.left[0]}", where=self.where, hint=REMOVE_IT
            )


def verify(
    stack: CheckedStack,
    contract: Contract,
    probe: ProbePlan,
    live: Live,
    *,
    timeout: float = 15,
    not_ours: bool = False,
    confirm: Confirm | None = None,
    on_progress: OnProgress = ignore,
) -> VerifyResult:
    """Write the probe document, send requests that check the promises, and remove the probe.

    `live` is the comparison of the deployed stages with the template. `timeout` is the time in
    seconds in which the first read must succeed and throttled requests are retried. `not_ours`
    allows a stack without this tool's tag. Readers of a route without parameters get the probe for
    some seconds, which requires consent.

    Raises:
        ReadModelError: the stack does not have the tag, or the server does not respond, or refuses
            this reader.
        ConsentRequired: `confirm` did not agree.
        Unfinished: another document was published to the key meanwhile, or the API is throttled.
    """
    if not not_ours:
        stack.require_managed()
    connection = stack.location.connection
    s3 = connection.client("s3")
    settings = Settings(contract.cache_control, contract.gzip_stored)
    document = ProbeDocument(s3, stack.bucket, probe.key, settings, probe.token)
    _announce(stack, probe, document, confirm, on_progress)
    trusted = connection.ca_bundle
    api = Api(stack.api_url, contract, timeout, ca_bundle=trusted, authorize=stack.authorize)
    plain_s3 = _plain_s3(connection, s3)
    access = partial(check_access, s3, stack.bucket, probe.key, plain_s3, api.url, trusted)
    cdn = partial(_read_cdn, stack, contract, probe) if stack.cdn_url else None
    found = examine(api, probe, document, access, on_progress, cdn)
    check_not_refused(contract, found.reads.first)
    outcomes = judge(contract, found.reads, found.access, live)
    if stack.disabled_url:
        outcomes.append(checks.default_endpoint(_at_disabled(stack, probe.path)))
    outcomes += judge_cdn(found.cdn) if found.cdn else ()
    return VerifyResult(
        where=str(stack.location),
        route=probe.route.path,
        key=probe.key,
        url=found.reads.first.url,
        left=found.left,
        promises=tuple(
            replace(outcome, todo=with_location(outcome.todo, stack.location))
            for outcome in outcomes
        ),
        target=stack.location.target,
    )


def check_not_refused(contract: Contract, first: Response) -> None:
    """Check that API Gateway has not refused this reader: then the responses show nothing.

    Raises:
        ReadModelError: it has.
    """
    is_open = contract.auth == "public" and not contract.restricts_network
    if is_open or first.status != 403 or first.header("x-amzn-ErrorType") is None:
        return
    hint = {
        "public": "run it in a network that [access] allows",
        "iam": "add this caller to principals under [access], or allow it execute-api:Invoke",
        "api-key": "run it again after a minute: a new API key is not effective at once",
    }[contract.auth]
    if contract.restricts_network and contract.auth != "public":
        hint += "; source_ips and source_vpces must have this network"
    raise ReadModelError("the API refuses this reader with 403", where=first.url, hint=hint)


def _at_disabled(stack: CheckedStack, path: str) -> Response | None:
    """The response of API Gateway's own URL; None with an emulator, which does not disable it."""
    url, connection = f"{stack.disabled_url}/{path}", stack.location.connection
    return None if connection.emulator_url else request(url, ca_bundle=connection.ca_bundle)


def _read_cdn(stack: CheckedStack, contract: Contract, probe: ProbePlan) -> CdnReads:
    """What the distribution answers while the second document of the probe exists."""
    connection, url = stack.location.connection, str(stack.cdn_url)
    emulated = connection.emulator_url is not None
    reason = not_read(url, probe, contract.cache_control, emulated=emulated)
    return reason or read_cdn(url, probe, probe.documents[1], connection.ca_bundle)


def _announce(
    stack: CheckedStack,
    probe: ProbePlan,
    document: ProbeDocument,
    confirm: Confirm | None,
    on_progress: OnProgress,
) -> None:
    """Report which key is written; require consent if readers can get the probe."""
    where = f"{document.where} of {stack.location}"
    if not probe.route.is_static:
        on_progress(Note(f"A probe document is written to {where} and removed afterwards"))
        return
    then = "the current document" if document.saved else "the current response"
    on_progress(
        Note(
            f"Readers of /{probe.path} get a probe document for some seconds, then {then} again "
            f"({where})"
        )
    )
    location = stack.location
    text = f"serve a probe document to readers of /{probe.path} of {location}"
    require_consent(Consent("verify", location.name, text, target=location.target), confirm)


def _plain_s3(connection: Connection, s3: Any) -> Any | None:
    """S3 without TLS; None if one endpoint replaces all AWS services."""
    if connection.emulator_url:
        return None
    plain = s3.meta.endpoint_url.replace("https:", "http:", 1)
    return replace(connection, endpoint_url=plain).client("s3")


@dataclass(frozen=True)
class Observations:
    """All observations, and the parts of the probe that could not be removed."""

    reads: Reads
    access: AccessChecks
    left: tuple[str, ...]
    cdn: CdnReads | None = None


def examine(
    api: Api,
    probe: ProbePlan,
    document: ProbeDocument,
    access: Callable[[], AccessChecks],
    on_progress: OnProgress,
    cdn: Callable[[], CdnReads] | None = None,
) -> Observations:
    """Send all requests while the probe exists; the probe is removed even after an error.

    Raises:
        ReadModelError, KeyboardInterrupt: after the probe was removed.
    """

    def observe() -> tuple[Reads, AccessChecks, CdnReads | None]:
        on_progress(Step(f"Sending requests to {api.url}"))
        return read(api, probe, document), access(), cdn() if cdn else None

    (reads, found, through_cdn), left = while_probes_exist([document], observe, on_progress)
    return Observations(reads, found, left, through_cdn)


# Promises that can be checked only if the document is served.
_DOCUMENT_CHECKS: dict[str, Callable[[Contract, Reads], Outcome]] = {
    "Content-Type": checks.content_type,
    "ETag": checks.etag,
    "Cache-Control": checks.cache_control,
    "304 on a matching If-None-Match": checks.not_modified,
    "a change is seen": checks.change,
    "HEAD": checks.head,
    "compression": checks.compression,
    "Vary": checks.vary,
}


def judge(contract: Contract, reads: Reads, access: AccessChecks, live: Live) -> list[Outcome]:
    """The outcomes of all promises, in the order in which they are printed."""
    outcomes = [
        checks.served(contract, reads),
        *_document_outcomes(contract, reads),
        checks.missing(contract, reads),
        checks.unknown(contract, reads),
        checks.other_methods(contract, reads),
        cors(contract, reads),
        *checks.authorization(contract, reads),
        checks.readable(access),
        checks.listable(access),
        checks.bucket_tls(access),
        checks.api_tls(access),
        checks.old_tls(access),
        checks.throttling(),
        checks.live(live),
    ]
    return [_for_article(outcome) for outcome in outcomes] if contract.article else outcomes


def _document_outcomes(contract: Contract, reads: Reads) -> Iterator[Outcome]:
    for name, check in _DOCUMENT_CHECKS.items():
        if reads.is_served:
            yield check(contract, reads)
        else:
            yield not_checked(name, f"no document is served: GET returns {reads.first.status}")


def _for_article(outcome: Outcome) -> Outcome:
    """The outcome for the article's stack, which a deploy cannot fix."""
    if outcome.status != "broken":
        return outcome
    todo = "the article's template does not promise this: deploy the current one under another name"
    return replace(outcome, todo=todo)
