"""docs/fidelity.md: what `serve` and the sandbox answer as AWS does, from the tests' facts."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from conformance_facts import Fact, facts

_HEAD = """# Fidelity

How far to trust `serve` and the sandbox: facts about API Gateway and S3, and what this project's
gateway does with each. This page is generated from the data of the tests in `tests/conformance`,
which send the requests of every fact over HTTP to `serve`, and those that need no prepared S3 to
the sandbox too.

| what | facts | meaning |
|---|---|---|
| [same](#same) | {same} | the response, and the request to S3, are those of AWS |
| [refused as on AWS](#refused-as-on-aws) | {refused} | AWS does not create the API: neither do \
`serve` and the sandbox, and `audit` reports it, with AWS's reason |
| [not evaluated](#not-evaluated) | {missing} | AWS evaluates it; here it is refused by name |
| [assumed](#assumed) | {assumed} | no answer of AWS and no guide confirms it |

A fact is *recorded* if the tests of [LocalStack](https://github.com/localstack/localstack) recorded
it on AWS, *documented* if a guide of AWS says it, or the guide of a language that AWS names. The
source `localstack` is a test in its directory `tests/aws/services/apigateway`.
"""
_NOT_SEEN = """## Seen by no emulator

The sandbox serves nothing of these resources, so that only AWS has shown what they do, to `verify`
or to you. Their properties are checked against AWS's schemas and documentation by tests.
"""
_UNSEEN = (
    (
        "a [domain name](domain.md): `AWS::ApiGateway::DomainName`, "
        "`AWS::ApiGateway::BasePathMapping`, `AWS::CertificateManager::Certificate`, "
        "`AWS::Route53::RecordSet`",
        "created; the sandbox refuses requests whose host is not this machine, and `read` and "
        "`verify` use its own URL",
    ),
    (
        "`default_endpoint = false`",
        "stored; the URL still answers, and `verify` says that it is not checked",
    ),
    (
        "[access logs](logs.md): `AWS::Logs::LogGroup`, `AWS::ApiGateway::Account`",
        "created, and a stage is refused without the account's role; nothing is written to the log "
        "group. `serve` writes none either",
    ),
    (
        "[alarms](alarms.md): `AWS::CloudWatch::Alarm`, `AWS::CloudWatch::Dashboard`, "
        "`AWS::SNS::Topic`",
        "created; no alarm is compared with its metrics, no expression of an alarm or of the "
        "dashboard is evaluated, and nobody is notified",
    ),
    (
        "the rollback of an update whose alarms fire: `RollbackConfiguration`",
        "accepted; no update is rolled back because of it",
    ),
    (
        "a [distribution](cdn.md): `AWS::CloudFront::Distribution`, "
        "`AWS::CloudFront::CachePolicy`, `AWS::CloudFront::ResponseHeadersPolicy`, "
        "`AWS::CloudFront::OriginAccessControl`, `AWS::CloudFront::Function`",
        "created; it serves nothing, and `verify` says that it is not checked. The function is "
        "tested in a JavaScript engine, and an invalidation is recorded",
    ),
    (
        "a [web ACL](waf.md): `AWS::WAFv2::WebACL`",
        "created; no request is counted or blocked",
    ),
    (
        "the web ACL of a stage: `AWS::WAFv2::WebACLAssociation`",
        "not even created: the sandbox refuses a stack with `[waf]` and without `[cdn]`",
    ),
)
_REFUSED = """## Refused as on AWS

The reason is AWS's own message, or a part of it.
"""
_MISSING = """## Not evaluated

Nothing plausible is returned instead. `serve` names each feature with its file and line when it
starts, `audit` lists it as not looked at if a method reads S3 or is a MOCK, and a request that
meets it gets a 501 with the feature's name, a status that API Gateway itself never returns.
"""
_ASSUMED = """## Assumed

These come from the code of emulators, from public reports, or from reasoning. `verify` checks a
deployed API. What differs is in the last column.
"""


def page() -> str:
    """The text of the page."""
    listed = facts()
    assumed = [fact for fact in listed if fact.confidence == "inferred"]
    sure = [fact for fact in listed if fact.confidence != "inferred"]
    refused = [fact for fact in sure if fact.refused]
    missing = [fact for fact in sure if fact.not_evaluated]
    same = [fact for fact in sure if not fact.refused and not fact.not_evaluated]
    numbers = {"same": same, "refused": refused, "missing": missing, "assumed": assumed}
    parts = [
        _HEAD.format(**{name: len(found) for name, found in numbers.items()}),
        "## Same\n",
        *_by_area(same),
        _REFUSED,
        _table(
            ("fact", "reason", "source"),
            ([fact.fact, _code(fact.refused), _source(fact)] for fact in refused),
        ),
        _MISSING,
        _table(
            ("what AWS evaluates", "named here", "source"),
            ([fact.fact, _code(fact.not_evaluated), _source(fact)] for fact in missing),
        ),
        _NOT_SEEN,
        _table(("what", "in the sandbox"), _UNSEEN),
        _ASSUMED,
        _table(
            ("assumption", "source", "here"),
            ([fact.fact, _source(fact), _here(fact)] for fact in assumed),
        ),
    ]
    return "\n".join(parts)


def _by_area(listed: Sequence[Fact]) -> Iterable[str]:
    for area in dict.fromkeys(fact.area for fact in listed):
        rows = ([fact.fact, fact.confidence, _source(fact)] for fact in listed if fact.area == area)
        yield f"### {area.replace('-', ' ').capitalize()}\n"
        yield _table(("fact", "confidence", "source"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    """The text of a cell; outside of code a star is no emphasis."""
    parts = text.replace("|", "\\|").split("`")
    parts[::2] = [part.replace("*", "\\*") for part in parts[::2]]
    return "`".join(parts)


def _code(text: str) -> str:
    return f"`{text}`"


def _here(fact: Fact) -> str:
    if fact.differs:
        return fact.differs
    if fact.not_evaluated:
        return f"not evaluated: {_code(fact.not_evaluated)}"
    return "the same"


def _source(fact: Fact) -> str:
    kind, _, name = fact.source.partition(": ")
    if kind == "localstack":
        return f"localstack {_code(name)}"
    if fact.url.startswith("https://") and " " not in fact.url:
        title = name or fact.url.removeprefix("https://")
        return f"[{title}]({fact.url})"
    return fact.source
