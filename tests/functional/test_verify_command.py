"""`verify`: which stack it checks, what it requires first, and the arguments of the check."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from functional_aws import (
    CONTENT,
    OUTPUTS,
    STACK_ID,
    TAGS,
    Aws,
    enter_project,
    error_of,
    event,
    run,
    stubbed,
)

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.verify import verify as verification
from readmodel_cfn.verify.contract import Contract, PromisedRoute
from readmodel_cfn.verify.race.history import RacePlan

DENIED = "AccessDeniedException"
RESOURCES = [
    (name, resource["Type"], {"ApiGatewayStage": "v1"}.get(name, name))
    for name, resource in CONTENT["Resources"].items()
]
PRODUCTS = '[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def verify(*arguments: str) -> Any:
    return run("verify", "--region", "eu-west-1", *arguments)


def deployed(aws: Aws, **more: Any) -> None:
    """A stable stack of the default template; API Gateway denies its calls."""
    aws.stack(**{"tags": TAGS, **more})
    aws.resources(*RESOURCES)
    aws.template(CONTENT)
    aws.events(event(1, "read-model", "CREATE_COMPLETE", physical_id=STACK_ID))
    aws.refuses("apigateway", "get_stage", DENIED)


@dataclass
class Examination:
    """The arguments of the examination; it stops there."""

    given: list[Any] = field(default_factory=list)

    def __call__(self, *given: Any) -> None:
        self.given = list(given)
        raise ReadModelError("examined")

    @property
    def plain_s3(self) -> Any:
        return self.given[3].args[3]


@pytest.fixture
def examination(monkeypatch: pytest.MonkeyPatch) -> Examination:
    made = Examination()
    monkeypatch.setattr(verification, "examine", made)
    return made


def no_document(aws: Aws) -> None:
    aws.refuses("s3", "get_object", "NoSuchKey", status=404)


# --- which stack, which route ---


def test_missing_stack_names_the_deploy_command(aws: Aws) -> None:
    aws.no_stack()
    assert "readmodel-cfn deploy" in error_of(verify(), 1)


def test_stack_without_the_tag_gets_no_probe(aws: Aws) -> None:
    deployed(aws, tags={"of": "another"})
    line = error_of(verify(), 1)
    assert "readmodel-cfn = managed" in line
    assert "--not-ours" in line
    assert aws.wrote() == []


@pytest.mark.usefixtures("examination")
def test_not_ours_verifies_a_stack_without_the_tag(aws: Aws) -> None:
    deployed(aws, tags={})
    no_document(aws)
    assert error_of(verify("--not-ours", "--yes"), 1) == "examined"


def test_unknown_route_is_refused_before_any_call(aws: Aws) -> None:
    line = error_of(verify("--route", "x"), 2)
    assert line.startswith("--route: ")
    assert "'x'" in line
    assert aws.calls == []


@pytest.mark.parametrize("lost", ["S3BucketName", "SamplesUrl"])
def test_stack_without_an_output_gets_no_probe(aws: Aws, lost: str) -> None:
    outputs = {name: value for name, value in OUTPUTS.items() if name not in (lost, "ApiUrl")}
    deployed(aws, outputs=outputs)
    assert lost in error_of(verify("--yes"), 1)
    assert aws.wrote() == []


def test_document_that_may_not_be_read_is_not_overwritten(aws: Aws) -> None:
    deployed(aws)
    aws.refuses("s3", "get_object", "AccessDenied", "Access Denied", 403)
    line = error_of(verify("--yes"), 1)
    assert "GetObject" in line
    assert "AccessDenied" in line
    assert aws.wrote() == []


# --- notes and consent ---


def test_probe_of_a_static_route_requires_consent(aws: Aws, examination: Examination) -> None:
    deployed(aws)
    no_document(aws)
    done = verify()
    assert "--yes" in error_of(done, 1)
    assert "/samples" in done.stderr
    assert examination.given == []


def test_probe_of_a_parameter_route_needs_no_consent(aws: Aws, examination: Examination) -> None:
    Path("readmodel.toml").write_text(PRODUCTS)
    deployed(aws)
    no_document(aws)
    done = verify()
    assert error_of(done, 1) == "examined"
    assert "data-bucket/products/readmodel-cfn-probe-" in done.stderr
    assert "readmodel-cfn diff" in done.stderr
    assert examination.given[0].url == OUTPUTS["ApiUrl"]


# --- TLS ---


def test_s3_of_aws_is_also_tried_without_tls(
    aws: Aws, examination: Examination, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoints: list[str | None] = []
    client = Connection.client

    def noted(connection: Connection, service: Any) -> Any:
        endpoints.append(connection.endpoint_url)
        return client(connection, service)

    monkeypatch.setattr(Connection, "client", noted)
    deployed(aws)
    no_document(aws)
    verify("--yes")
    assert endpoints[-1] == "http://s3.eu-west-1.amazonaws.com"
    assert examination.plain_s3 is not None


def test_emulator_is_not_tried_without_tls(aws: Aws, examination: Examination) -> None:
    deployed(aws)
    no_document(aws)
    verify("--yes", "--endpoint-url", "http://127.0.0.1:4566")
    assert examination.plain_s3 is None
    assert examination.given[0].url == "http://127.0.0.1:4566/_aws/execute-api/abc123/v1"


# --- the contract ---


def test_contract_and_options_come_from_config_and_arguments(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []

    def race(*arguments: Any, **options: Any) -> None:
        found.extend([*arguments, options])
        raise ReadModelError("raced")

    aws.stack(tags={})
    monkeypatch.setattr("readmodel_cfn.verify.race.race.race", race)
    Path("readmodel.toml").write_text(
        '[api]\ncors_origin = "*"\nmissing = "mask"\ncompress_from = "never"\n'
        '[data_store]\nmax_age = 5\nstored_encoding = "gzip"\n' + PRODUCTS
    )
    options = ["--seconds", "2", "--readers", "3", "--size", "4000", "--not-ours", "--yes"]
    done = verify("--concurrency", *options, "--route", "products/{id}", "--plot", "p.svg")
    assert error_of(done, 1) == "raced"
    stack, contract, probe, plan, more = found
    assert (stack.bucket, stack.api_url, stack.is_managed) == (
        OUTPUTS["S3BucketName"],
        OUTPUTS["ApiUrl"],
        False,
    )
    assert contract == Contract(
        routes=(PromisedRoute("products/{id}", "products/{id}.json"),),
        cache_control="max-age=5",
        gzip_stored=True,
        cors_origins=("*",),
        missing="mask",
        compress_from=None,
    )
    assert probe.route.path == "products/{id}"
    assert plan == RacePlan(size=4000, readers=3, seconds=2)
    assert more["not_ours"] is True


def test_race_requires_consent(aws: Aws) -> None:
    aws.stack()
    assert "--yes" in error_of(verify("--concurrency"), 1)
    assert aws.wrote() == []


def test_refused_race_leaves_no_plot_file(aws: Aws) -> None:
    aws.stack()
    assert verify("--concurrency", "--plot", "p.svg").exit_code == 1
    assert not Path("p.svg").exists()


@pytest.mark.parametrize(
    "option", [("--size", "151"), ("--size", "10485761"), ("--route", "x"), ("--plot", "no/p.svg")]
)
def test_invalid_race_is_refused_before_any_call(aws: Aws, option: tuple[str, str]) -> None:
    assert error_of(verify("--concurrency", *option), 2).startswith(option[0])
    assert aws.calls == []


@pytest.mark.parametrize(
    "option",
    [
        ("--seconds", "0"),
        ("--seconds", "nan"),
        ("--seconds", "inf"),
        ("--seconds", "1e300"),
        ("--readers", "0"),
        ("--readers", "10001"),
        ("--size", "0"),
        ("--timeout", "-1"),
        ("--timeout", "nan"),
        ("--timeout", "inf"),
    ],
)
def test_invalid_numbers_are_usage_errors(option: tuple[str, str]) -> None:
    assert verify(*option).exit_code == 2
