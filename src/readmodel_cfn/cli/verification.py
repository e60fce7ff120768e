"""A verification: the probe announced, the stack examined, the outcomes told and judged."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import click

from readmodel_cfn.aws.http import reachable_url
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import template_of
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, consent
from readmodel_cfn.deploy.status import StackStatus as State
from readmodel_cfn.deploy.status import status
from readmodel_cfn.deploy.wanted import MANAGED_TAG
from readmodel_cfn.errors import PromiseBroken, ReadModelError, Stuck
from readmodel_cfn.publish.publish import Settings
from readmodel_cfn.template.model import ReadModel
from readmodel_cfn.template.render import render
from readmodel_cfn.verify.contract import Contract, Promised
from readmodel_cfn.verify.doors import try_doors
from readmodel_cfn.verify.examine import Examined, examine
from readmodel_cfn.verify.keeping import ProbeDocument
from readmodel_cfn.verify.outcome import Outcome
from readmodel_cfn.verify.probe import Probe, choose
from readmodel_cfn.verify.promises import judge
from readmodel_cfn.verify.session import Api

_ANOTHER = (
    "readmodel.toml, or the default without one, says what is promised, and it differs from what "
    "is deployed; run: readmodel-cfn diff"
)


@dataclass(frozen=True)
class Asked:
    """What the command line says."""

    route: str | None
    yes: bool
    as_json: bool
    timeout: float
    not_ours: bool


def contract_of(model: ReadModel, *, article: bool = False) -> Contract:
    """What the stack of a model promises; `article` says that it is the article's."""
    compress_from = model.api.compress_from
    return Contract(
        routes=tuple(Promised(route.path, route.key) for route in model.routes),
        cache_control=model.data_store.cache_control,
        gzip_stored=model.data_store.gzip_stored,
        cors_origin=model.api.cors_origin,
        missing=model.api.missing,
        compress_from=None if compress_from == "never" else compress_from,
        article=article,
    )


def verify_stack(target: Target, contract: Contract, asked: Asked) -> None:
    """Examine the deployed stack and tell what became of each promise.

    Raises:
        PromiseBroken: one is broken; the error names the first.
        Stuck: none is broken, but something is left of the probe.
    """
    probe = choose(contract, asked.route, secrets.token_hex(8))
    with slow("Comparing what is served with the template"):
        location = StackLocation(target.stack_name, target.connection)
        templates = (template_of(target.config, article) for article in (False, True))
        state = status(location, (render(template, "compact") for template in templates))
    if not asked.not_ours:
        _refuse_others(target, state)
    if state.differs:
        report.story(_ANOTHER)
    found = _examined(target, state, contract, probe, asked)
    outcomes = judge(contract, found.reads, found.doors, state.live)
    _tell(outcomes, found, asked.as_json)
    _conclude(target, outcomes, found.left)


def _refuse_others(target: Target, state: State) -> None:
    if not MANAGED_TAG.items() <= state.stack.tags.items():
        hint = "give --not-ours to write the probe into its bucket all the same"
        what = "it lacks the tag readmodel-cfn = managed"
        raise ReadModelError(what, where=target.where, hint=hint)


def _examined(
    target: Target, state: State, contract: Contract, probe: Probe, asked: Asked
) -> Examined:
    """The probe in the stack's bucket, announced, and all that came of it."""
    outputs = target.outputs(state.stack)
    bucket = target.required(outputs, "S3BucketName")
    url = reachable_url(target.api_url(outputs), target.connection.endpoint_url)
    api = Api(url, contract, asked.timeout)
    s3 = target.connection.client("s3")
    settings = Settings(contract.cache_control, contract.gzip_stored)
    document = ProbeDocument(s3, bucket, probe.key, settings, secrets.token_hex(8))
    _announce(document, probe, asked.yes)
    doors = partial(try_doors, s3, bucket, probe.key, _plain_s3(target, s3), api.url)
    with slow("Asking the API"):
        return examine(api, probe, document, doors, report.story)


def _plain_s3(target: Target, s3: Any) -> Any | None:
    """S3 without TLS; None where one endpoint stands for all of AWS."""
    if target.connection.endpoint_url:
        return None
    plain = s3.meta.endpoint_url.replace("https:", "http:", 1)
    return replace(target.connection, endpoint_url=plain).client("s3")


def _announce(document: ProbeDocument, probe: Probe, yes: bool) -> None:
    """Say what is written where; ask where readers may get to see it."""
    if not probe.route.is_static:
        report.story(f"A probe is written to {document.where} and removed after.")
        return
    again = "the document that is there" if document.saved else "what they get now"
    report.story(
        f"Readers of /{probe.path} get a probe for some seconds, then {again} again "
        f"({document.where})."
    )
    consent(f"Let readers of /{probe.path} get a probe?", yes)


def _tell(outcomes: Sequence[Outcome], found: Examined, as_json: bool) -> None:
    if as_json:
        probe, url = found.reads.probe, found.reads.first.url
        about = {"route": probe.route.path, "key": probe.key, "url": url, "left": found.left}
        report.print_json({**about, "promises": [asdict(one) for one in outcomes]})
        return
    report.table([one.status, one.name, one.what] for one in outcomes)
    for one in outcomes:
        if one.status == "broken":
            click.echo(f"{one.name}: {one.todo}")


def _conclude(target: Target, outcomes: Sequence[Outcome], left: Sequence[str]) -> None:
    broken = [one for one in outcomes if one.status == "broken"]
    if broken:
        first, *others = broken
        more = f" (and {len(others)} more)" if others else ""
        what = f"broken: {first.name}: {first.what}{more}"
        raise PromiseBroken(what, where=target.where, hint=first.todo)
    if left:
        hint = "remove it with credentials that may"
        raise Stuck(f"no promise is broken, but {left[0]}", where=target.where, hint=hint)
    hidden = sum(one.status == "cannot be shown" for one in outcomes)
    report.story(f"Kept: {len(outcomes) - hidden} promises; {hidden} cannot be shown here.")
