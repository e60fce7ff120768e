"""`serve` answers as AWS does, or says by name that it cannot: the facts of tests/conformance.

One server serves the APIs of all facts, one after the other, in front of an S3 that records what it
is asked.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance_facts import Fact, facts, template
from conformance_runner import PreparedS3, faults, prepared_s3, s3_faults, send
from readmodel_cfn.analysis.audit import audit, audit_report
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local.serve import server
from readmodel_cfn.local.serve.api import Api, api_of
from readmodel_cfn.local.serve.app import App
from readmodel_cfn.local.serve.endpoint import Endpoint
from readmodel_cfn.local.serve.source import Source

FACTS = facts()
REFUSED = ("R08", "R15", "R30", "R59")
"""The rules of the audit for what AWS refuses."""


class Served:
    """A server whose API can be replaced, and the S3 behind it."""

    def __init__(self, app: App, port: int, s3: PreparedS3) -> None:
        self._app, self.port, self.s3 = app, port, s3

    def load(self, fact: Fact, folder: Path) -> Api:
        for key, text in fact.documents.items():
            (folder / key).write_text(text)
        self.s3.prepare(fact.objects)
        source = Source.of(json.dumps(template(fact), indent=1))
        documents: Any = folder if fact.documents else Endpoint(self.s3.url)
        self._app.api = api_of(source, documents, lambda _: None)
        return self._app.api


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    empty: Any = None  # replaced before the first request
    app = App(empty, None, host="own.example")  # a host of a fact
    with (
        prepared_s3() as s3,
        server.listen("127.0.0.1", 0) as listener,
        server.running(app, listener, print),
    ):
        yield Served(app, listener.getsockname()[1], s3)


def outcome(served: Served, fact: Fact) -> list[str]:
    found: list[str] = []
    for request in fact.requests:
        expected = request["get"]
        served.s3.asked.clear()
        found += faults(expected, send(served.port, request))
        if "s3" in expected:
            found += s3_faults(expected["s3"], served.s3.asked)
    return found


def chosen(
    *, refused: bool = False, not_evaluated: bool = False, differs: bool = False
) -> pytest.MarkDecorator:
    required = (refused, not_evaluated, differs)
    listed = [
        fact
        for fact in FACTS
        if (bool(fact.refused), bool(fact.not_evaluated), bool(fact.differs)) == required
    ]
    return pytest.mark.parametrize("fact", listed, ids=str)


@chosen()
def test_answer_is_the_same_as_on_aws(served: Served, fact: Fact, tmp_path: Path) -> None:
    api = served.load(fact, tmp_path)
    assert outcome(served, fact) == []
    assert [finding for finding in api.findings if "AWS_IAM" not in finding] == []


@chosen(refused=True)
def test_template_that_aws_refuses_is_refused_for_the_same_reason(
    served: Served, fact: Fact, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as error:
        served.load(fact, tmp_path)
    assert fact.refused in str(error.value)


@chosen(refused=True)
def test_audit_reports_what_aws_refuses(fact: Fact) -> None:
    found = audit(json.dumps(template(fact)))
    assert [finding for finding in found if finding.rule in REFUSED]


@chosen(not_evaluated=True)
def test_audit_lists_what_is_not_evaluated_as_not_looked_at(fact: Fact) -> None:
    """It looks at integrations and policies itself: other backends are no S3."""
    if fact.not_evaluated.startswith(("integration type", "resource policy")):
        return
    unchecked = audit_report(json.dumps(template(fact))).unchecked
    named = [part for part in unchecked if fact.not_evaluated in part.what]
    assert named
    assert all(part.line for part in named)


@chosen(not_evaluated=True)
def test_feature_that_is_not_evaluated_is_named_with_its_line_and_answers_501(
    served: Served, fact: Fact, tmp_path: Path
) -> None:
    api = served.load(fact, tmp_path)
    named = [finding for finding in api.findings if fact.not_evaluated in finding]
    assert named
    assert all(finding.startswith("template:") for finding in named)
    for request in fact.requests:
        answer = send(served.port, request)
        assert answer.status == 501
        assert fact.not_evaluated in json.loads(answer.body)["message"]
    assert served.s3.asked == []


@chosen(differs=True)
def test_inferred_fact_that_differs_still_does(served: Served, fact: Fact, tmp_path: Path) -> None:
    """If it no longer does, remove `differs` from the fact."""
    served.load(fact, tmp_path)
    assert fact.confidence == "inferred"
    assert outcome(served, fact)


def test_facts_are_complete() -> None:
    assert [name for name, count in Counter(map(str, FACTS)).items() if count > 1] == []
    for fact in FACTS:
        assert fact.confidence in ("recorded", "documented", "inferred"), fact
        assert fact.source, fact
        assert fact.refused or fact.requests, fact
        assert not (fact.differs and fact.confidence != "inferred"), fact
