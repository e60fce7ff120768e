"""Results print as one line of text."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from documents import ROOT
from readmodel_cfn.analysis.audit import AuditReport, PublicMethod, Unchecked
from readmodel_cfn.analysis.audit import Finding as AuditFinding
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.http import Response
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.config.starter import Starter
from readmodel_cfn.config.values import Config
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.deploy.all_status import AllStatus, EnvironmentStatus
from readmodel_cfn.deploy.delete import DeleteResult
from readmodel_cfn.deploy.deploy import DeployResult
from readmodel_cfn.deploy.diagnosis import Diagnosis
from readmodel_cfn.deploy.follow import FollowResult
from readmodel_cfn.deploy.live.values import Live
from readmodel_cfn.deploy.stack_diff import PropertyChange, ResourceDiff, StackDiff
from readmodel_cfn.deploy.status import StackStatus
from readmodel_cfn.deploy.values import Stack, StackResource
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.estimate.cost import Usage, estimate
from readmodel_cfn.estimate.prices import known_prices
from readmodel_cfn.lint import Finding as LintFinding
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.plural import counted
from readmodel_cfn.publish.deletion import Refused
from readmodel_cfn.publish.history import Restored, Version
from readmodel_cfn.publish.release.results import (
    Activated,
    Pruned,
    Release,
    ReleaseResult,
    ReleaseStarted,
)
from readmodel_cfn.publish.results import Published, PublishPlan, PublishResult
from readmodel_cfn.publish.stored import StoredDocument
from readmodel_cfn.publish.unpublish import Missing, Unpublished, UnpublishResult
from readmodel_cfn.publish.unpublish_version import PruneResult
from readmodel_cfn.target import Target
from readmodel_cfn.verify.releases.judge import Verdict
from readmodel_cfn.verify.releases.result import SwitchResult
from readmodel_cfn.verify.verify import VerifyResult

WHERE = StackLocation("shop", Connection("eu-west-1"))
STACK = Stack("id", "shop", "UPDATE_FAILED", "it\nfailed", {}, {}, {}, False)
TIME = datetime(2026, 1, 2, tzinfo=UTC)
BUCKET, TOPIC = (
    StackResource(name, f"my-{name}", type_, "CREATE_COMPLETE")
    for name, type_ in (("bucket", "AWS::S3::Bucket"), ("topic", "AWS::SNS::Topic"))
)
DIFF = StackDiff(
    (
        ResourceDiff("add", "A", "AWS::SNS::Topic"),
        ResourceDiff("modify", "B", "AWS::SNS::Topic"),
        ResourceDiff("modify", "C", "AWS::SNS::Topic"),
    )
)
ESTIMATE = estimate(Usage(1, 1, Decimal(0), None), "us-east-1", known_prices())
RESPONSE = Response("GET", "http://localhost/v1/a", 200, (), b"x" * 123, 0.1)
VERSION = Version("v1", TIME, 12, '"e"', current=True)
RESULTS: list[Any] = [
    DeployResult("stack shop", "CREATE_COMPLETE", {"A": "1"}),
    DIFF,
    StackDiff(),
    FollowResult("stack shop", "UPDATE_COMPLETE"),
    StackStatus(WHERE, STACK, (BUCKET,), None, Live(), None, False),
    Diagnosis(WHERE, "shop", "CREATE_COMPLETE", None, None, None, None, None, (), 0, None),
    PublishPlan(("a.json",)),
    PublishResult(1, 2, 3, 4, 5, 6, 7, 8.0),
    Published("bucket", "a.json", '"e"', "v1", 12),
    VERSION,
    replace(VERSION, size=None, etag=None),
    Restored("bucket", "a.json", "v1", "v2", '"e"'),
    StoredDocument("a\nb.json", 12, TIME, '"e"', "{id}", "a"),
    Unpublished("a.json", "v1"),
    Missing("a.json"),
    Refused("a.json", "AccessDenied"),
    UnpublishResult("bucket", (Unpublished("a.json", None, 3),), ("b.json",)),
    PruneResult("bucket", ("a.json",), ("b.json",)),
    ReleaseStarted("one", 2, continued=True),
    ReleaseResult("one", 3, 1, 2, 0, 0, 0, 12, 8.0),
    Release("one", True, TIME, 3, 12, "9f86", live=True),
    Release("two", False, None),
    Activated("one", "v1", None, 3, "bucket"),
    Pruned(("one",), 3, {}, "bucket"),
    SwitchResult("shop", "v1", ("a", "b"), 50, 4, Verdict(9, 4, 0, 1, (), (1,), (0,)), (), ()),
    RESPONSE,
    VerifyResult("stack shop", "a", "a.json", "http://localhost", (), ()),
    DeleteResult("shop", (BUCKET, TOPIC), {"bucket": 3}),
    ESTIMATE,
    ESTIMATE.designs[0],
    ESTIMATE.prices[0],
    AuditFinding("R1", "name", "low", "Api", "Properties", 3, "what", "meaning", "todo"),
    AuditReport((), 3, 1, 2, (Unchecked("Api", "Properties/BodyS3Location", "in S3"),)),
    PublicMethod("Get", "GET", "/items", "reads", "bucket", "a.json", False),
    Unchecked("Api", "Properties/BodyS3Location", "it is in S3"),
    LintFinding("E1", "error", "Resources", "message", "meaning"),
    Sandbox("http://127.0.0.1:4566", 4566, 7, "key", "secret", "instance"),
    Starter(Path("readmodel.toml"), Config()),
    EnvironmentStatus("production", Target(), error=ReadModelError("it\nfailed")),
    AllStatus((EnvironmentStatus("production", Target(), error=ReadModelError("it\nfailed")),)),
]


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)
def test_result_prints_as_one_line_and_not_as_its_repr(result: Any) -> None:
    text = str(result)
    assert text
    assert len(text.splitlines()) == 1
    assert f"{type(result).__name__}(" not in text


def test_every_result_of_the_library_has_its_own_text() -> None:
    """The results are the classes in the last column of the table of calls."""
    page = (ROOT / "docs/library.md").read_text(encoding="utf-8")
    column = " ".join(re.findall(r"^\|.*\| ([^|]+) \|$", page, re.MULTILINE))
    named = set(re.findall(r"\b[A-Z]\w+", column))
    named -= {"None", "URL", "PolicyDocument"}  # the last one is a class of awacs
    tested = {type(result).__name__ for result in RESULTS} | {"RaceResult"}  # in test_race_result
    assert named <= tested


def test_consent_that_is_required_names_each_loss_once() -> None:
    consent = Consent("erase-documents", "shop", "delete all documents in a-bucket", ("a-bucket",))
    assert str(ConsentRequired(consent)).count("a-bucket") == 1
    other = replace(consent, lost=("a-bucket", "b-bucket"))
    text = str(ConsentRequired(other))
    assert (text.count("a-bucket"), text.count("b-bucket")) == (1, 1)


def test_diff_counts_its_changes_by_kind() -> None:
    assert {"3 changes", "1 add", "2 modify"} <= set(re.split(": |, ", str(DIFF)))
    other = replace(DIFF, others=(PropertyChange("/Tags/a", None, "b"),))
    assert str(other).startswith("4 changes")
    assert not re.search(r"\d", str(StackDiff()))


def test_response_prints_its_url_status_and_size() -> None:
    assert {RESPONSE.url, "200", "123"} <= set(re.split(": |, | ", str(RESPONSE)))


@pytest.mark.parametrize(("count", "text"), [(0, "0 items"), (1, "1 item"), (1003, "1,003 items")])
def test_noun_agrees_with_its_number(count: int, text: str) -> None:
    assert counted(count, "item") == text
