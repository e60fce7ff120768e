"""The race on the embedded AWS, and on sites that are wrong, each of which is found out."""

import json
import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from click.testing import CliRunner, Result
from race_site import (
    Site,
    always_unmodified,
    backward,
    cut_off,
    future,
    half,
    mixed,
    right,
    served,
    silent,
    stale,
    throttled,
    unasked,
    unavailable,
)

from readmodel_cfn.cli import main
from readmodel_cfn.deploy import plan
from readmodel_cfn.deploy.outputs import ModelOutputs
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.verify.probe import ProbeDocument
from readmodel_cfn.verify.race import race
from readmodel_cfn.verify.race.history import PHASES, Kind, Measured, RacePlan, Span, Verdict, check
from readmodel_cfn.verify.race.measure import Readers, measure

BODY = 5_000_000
SHORT = RacePlan(size=100_000, readers=2, seconds=0.9)


def raced(site: Site, plan: RacePlan = SHORT) -> tuple[Measured, Verdict]:
    """A race at the site; it takes longer on a busy machine, until enough has happened."""
    with served(site) as (url, documents):
        found = measure(plan, url, documents.put, lambda _: True, lambda _: None)
    if plan.seconds < 60 and not all(map(enough, found.spans)):
        return raced(site, replace(plan, seconds=2 * plan.seconds))
    return found, check(found.writes, found.reads)


def enough(span: Span) -> bool:
    """Whether several versions were written and read in a phase that replaces the document."""
    return span.phase.written != "this" or (len(span.writes) > 2 and len(span.reads) > 3)


# --- sites ---


def test_correct_site_passes_with_and_without_conditions() -> None:
    found, verdict = raced(right)
    assert not verdict.violations
    assert len(found.writes) > 3
    assert {read.version for read in found.reads} > {1, 2}
    assert {read.status for read in found.spans[-1].reads} == {200, 304}


@pytest.mark.parametrize(
    ("site", "kind"),
    [
        (half, Kind.TORN),
        (cut_off, Kind.TORN),
        (mixed, Kind.TORN),
        (stale, Kind.STALE),
        (always_unmodified, Kind.STALE),
        (backward, Kind.BACKWARD),
        (future, Kind.FUTURE),
        (unasked, Kind.ERROR),
        (unavailable, Kind.ERROR),
        (silent, Kind.ERROR),
    ],
)
def test_wrong_site_is_detected(site: Site, kind: Kind) -> None:
    _, verdict = raced(site)
    assert {violation.kind for violation in verdict.violations} == {kind}


def test_measurement_ends_at_the_limit_of_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readmodel_cfn.verify.race.history._READS", 60)
    monkeypatch.setattr("readmodel_cfn.verify.race.history._WRITES", 10)
    found, _ = raced(right, RacePlan(size=100_000, readers=2, seconds=300))
    assert 50 <= len(found.reads) <= 60
    assert 1 < len(found.writes) <= 10


def test_interruption_ends_all_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[str]] = []

    class Noted(subprocess.Popen[str]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Noted)
    with served(right) as (url, documents), pytest.raises(KeyboardInterrupt):
        measure(SHORT, url, documents.put, documents.put, interrupt)
    assert len(started) == SHORT.readers
    assert all(process.returncode is not None for process in started)


def test_reader_that_ends_early_is_an_error() -> None:
    with pytest.raises(ReadModelError), Readers("ftp:", 1) as readers:
        readers.read(0, "no number", False)  # type: ignore[arg-type]


# --- the embedded AWS ---

Verify = Callable[..., Result]


PRODUCTS, SAMPLES = ("products/{id}", "products/{id}.json"), ("samples", "payload.json")


@pytest.fixture
def route() -> tuple[str, str]:
    """Path and key of the stack's route."""
    return PRODUCTS


@pytest.fixture
def verify(tmp_path: Path, sandbox: Sandbox, route: tuple[str, str]) -> Iterator[Verify]:
    """Deploys a stack, and runs `verify --concurrency` on it."""
    config = tmp_path / "readmodel.toml"
    name = f"race-{secrets.token_hex(4)}"
    path, key = route
    config.write_text(f'[stack]\nname = "{name}"\n[[routes]]\npath = "{path}"\nkey = "{key}"\n')

    def run(*arguments: str) -> Result:
        place = ["--config", str(config), "--endpoint-url", sandbox.endpoint_url]
        environment = {
            "AWS_ACCESS_KEY_ID": sandbox.access_key_id,
            "AWS_SECRET_ACCESS_KEY": sandbox.secret_access_key,
            "AWS_DEFAULT_REGION": sandbox.region,
            "READMODEL_CFN_HOME": str(tmp_path),
        }
        return CliRunner().invoke(main, [*arguments, *place], env=environment)

    def verify(*more: str, seconds: str = "1.5", size: str = "100000") -> Result:
        return run(*RACE, "--seconds", seconds, "--size", size, *more)

    deployed = run("deploy", "--yes")
    assert deployed.exit_code == 0, deployed.output
    yield verify
    run("delete", "--yes", f"--with-data={name}")


RACE = ("verify", "--concurrency", "--readers", "4")


@dataclass
class Bucket:
    """The bucket of this test's stack."""

    s3: Any
    name: str

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=body)

    def versions(self) -> list[str]:
        """The keys of all versions and delete markers."""
        found = self.s3.list_object_versions(Bucket=self.name)
        entries = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
        return [entry["Key"] for entry in entries]


@pytest.fixture
def bucket(verify: Verify, clients: Callable[..., Any]) -> Bucket:  # noqa: ARG001 - it deploys
    s3 = clients("s3")
    (name,) = (
        bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if "race-" in bucket["Name"]
    )
    return Bucket(s3, name)


def test_readers_of_large_documents_see_them_whole_and_current(
    verify: Verify, bucket: Bucket
) -> None:
    done = verify("--yes", "--json", size=str(BODY))
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["passed"]
    assert found["document_bytes"] == BODY
    assert found["reads"] > 0
    assert found["versions"] > 0
    assert [ratio["to"] for ratio in found["ratios"]] == [PHASES[0].name, PHASES[1].name]
    assert bucket.versions() == []


def test_output_has_a_table_a_plot_and_counts(verify: Verify) -> None:
    done = verify("--yes")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines[1:5]] == [phase.name for phase in PHASES]
    for kind in Kind:
        assert f"0 {kind.value}" in lines[-1]
    assert "10,000" in done.stderr


@pytest.mark.parametrize("route", [SAMPLES])
def test_document_is_restored_after_the_race(verify: Verify, bucket: Bucket) -> None:
    bucket.put("payload.json", b'{"mine": 1}')
    done = verify("--yes")
    assert done.exit_code == 0, done.output
    assert "samples" in done.stderr
    assert bucket.versions() == ["payload.json"]
    found = bucket.s3.get_object(Bucket=bucket.name, Key="payload.json")
    assert found["Body"].read() == b'{"mine": 1}'


def test_failed_check_exits_7_and_leaves_nothing(
    verify: Verify, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(unavailable) as (url, _):
        monkeypatch.setattr(ModelOutputs, "api_url", lambda *_: url)
        done = verify("--yes")
    assert done.exit_code == 7
    assert "503" in done.stderr.splitlines()[-1]
    assert bucket.versions() == []


def test_throttled_race_exits_9(
    verify: Verify, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack itself sets the limit, and no reader got a wrong document."""
    with served(throttled) as (url, _):
        monkeypatch.setattr(ModelOutputs, "api_url", lambda *_: url)
        done = verify("--yes")
    assert done.exit_code == 9
    assert bucket.versions() == []


def test_interrupted_race_leaves_nothing(
    verify: Verify, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        assert len(bucket.versions()) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(Readers, "read", interrupted)
    assert verify("--yes").exit_code == 1
    assert bucket.versions() == []


class Troubled:
    """A document whose write gets this status, or no response."""

    def __init__(self, status: int | None) -> None:
        self.status = status

    def put(self, _: bytes) -> str:
        if self.status is None:
            raise ReadTimeoutError(endpoint_url="https://s3")
        response: Any = {"Error": {}, "ResponseMetadata": {"HTTPStatusCode": self.status}}
        raise ClientError(response, "PutObject")


@pytest.mark.parametrize("status", [None, 500, 503])
def test_write_without_a_clear_response_is_not_acknowledged(status: int | None) -> None:
    assert race._put(cast(ProbeDocument, Troubled(status)))(b"") is False


def test_denied_write_ends_the_race() -> None:
    with pytest.raises(ClientError):
        race._put(cast(ProbeDocument, Troubled(403)))(b"")


@pytest.mark.parametrize(
    ("managed", "arguments", "fact"),
    [(False, ["--yes"], "readmodel-cfn = managed"), (True, [], "--yes")],
)
def test_race_without_tag_or_consent_writes_nothing(
    verify: Verify,
    monkeypatch: pytest.MonkeyPatch,
    managed: bool,
    arguments: list[str],
    fact: str,
) -> None:
    monkeypatch.setattr(plan, "is_managed", lambda _: managed)
    monkeypatch.setattr(race, "measure", None)
    done = verify(*arguments)
    assert done.exit_code == 1
    assert fact in done.stderr


def test_not_ours_allows_a_race_without_the_tag(
    verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "is_managed", lambda _: False)
    done = verify("--yes", "--not-ours", seconds="0.5")
    assert done.exit_code == 0, done.output


def test_unwritable_plot_is_refused_before_the_race(
    verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the results would be lost, and the exit code with them."""
    monkeypatch.setattr(race, "measure", None)
    done = verify("--yes", "--plot", str(tmp_path / f"{'x' * 300}.svg"))
    assert done.exit_code == 1
    assert "File name too long" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("size", ["151", "10485761"])
def test_invalid_size_is_a_usage_error(verify: Verify, size: str) -> None:
    done = verify("--yes", size=size)
    assert done.exit_code == 2
    assert "152" in done.stderr
    assert "10,485,760" in done.stderr
