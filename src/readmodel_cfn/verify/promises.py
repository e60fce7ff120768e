"""All promises, in the order in which they are told. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from readmodel_cfn.deploy.live.values import Live
from readmodel_cfn.verify import judge_doors, judge_errors, judge_reads, judge_wire
from readmodel_cfn.verify.contract import Contract
from readmodel_cfn.verify.outcome import Outcome, not_shown
from readmodel_cfn.verify.seen import Doors, Reads

_NEVER = "the article's template never promised it: deploy the production one under another name"
_OF_A_PAYLOAD: dict[str, Callable[[Contract, Reads], Outcome]] = {
    "Content-Type": judge_reads.content_type,
    "ETag": judge_reads.etag,
    "Cache-Control": judge_reads.cache_control,
    "304 on a matching If-None-Match": judge_reads.not_modified,
    "a change is seen": judge_reads.change,
    "HEAD": judge_reads.head,
    "compression": judge_wire.compression,
    "Vary": judge_wire.vary,
}


def judge(contract: Contract, reads: Reads, doors: Doors, found: Live) -> list[Outcome]:
    """What became of every promise.

    Where no payload is served, its headers say nothing: those promises cannot be shown.
    """
    outcomes = [
        judge_reads.served(contract, reads),
        *_of_a_payload(contract, reads),
        judge_errors.missing(contract, reads),
        judge_errors.unknown(contract, reads),
        judge_errors.other_methods(contract, reads),
        judge_wire.cors(contract, reads),
        judge_doors.readable(doors),
        judge_doors.listable(doors),
        judge_doors.bucket_tls(doors),
        judge_doors.api_tls(doors),
        judge_doors.old_tls(doors),
        judge_doors.throttling(),
        judge_doors.live(found),
    ]
    return [_of_article(one) for one in outcomes] if contract.article else outcomes


def _of_a_payload(contract: Contract, reads: Reads) -> Iterator[Outcome]:
    for name, judged in _OF_A_PAYLOAD.items():
        if reads.is_served:
            yield judged(contract, reads)
        else:
            yield not_shown(name, f"no payload is served: GET answers {reads.first.status}")


def _of_article(one: Outcome) -> Outcome:
    """The same for the article's stack, which no deploy of it will mend."""
    return replace(one, todo=_NEVER) if one.status == "broken" else one
