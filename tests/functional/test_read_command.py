"""`read`: GET through the API; exit code 7 for any status but 2xx and 304."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from functional_aws import NO_AWS, OUTPUTS, Aws, enter_project, error_of, run, stubbed

from readmodel_cfn import stack as stack_module
from readmodel_cfn.aws.http import Response
from readmodel_cfn.cli import main

ARTICLE = {"SamplesUrl": OUTPUTS["SamplesUrl"]}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def response(url: str, status: int, body: bytes) -> Response:
    return Response("GET", url, status, (("ETag", '"e"'),), body, 0.0123)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requested URLs; each responds with 200, or with the status at its end."""
    urls: list[str] = []

    def request(url: str) -> Response:
        urls.append(url)
        last = url.rpartition("/")[2]
        return response(url, int(last) if last.isdigit() else 200, b"{}")

    monkeypatch.setattr(stack_module, "request", request)
    return urls


def read(*arguments: str) -> Any:
    return run("read", "--region", "eu-west-1", *arguments)


@pytest.mark.parametrize(
    ("outputs", "path", "url"),
    [
        (OUTPUTS, (), OUTPUTS["SamplesUrl"]),
        (OUTPUTS, ("products/7",), OUTPUTS["ApiUrl"] + "/products/7"),
        (OUTPUTS, ("/products/7",), OUTPUTS["ApiUrl"] + "/products/7"),
        (ARTICLE, (), OUTPUTS["SamplesUrl"]),
        (ARTICLE, ("other",), OUTPUTS["ApiUrl"] + "/other"),
    ],
)
def test_read_requests_the_path_below_the_stage_url(
    aws: Aws, asked: list[str], outputs: Mapping[str, str], path: tuple[str, ...], url: str
) -> None:
    aws.stack(outputs=outputs)
    assert read(*path).exit_code in (0, 7)
    assert asked == [url]


def test_body_is_on_stdout_and_status_and_headers_on_stderr(aws: Aws, asked: list[str]) -> None:
    aws.stack()
    done = read()
    assert done.stdout == "{}\n"
    url, status, header = done.stderr.splitlines()
    assert asked[0] in url
    assert {"200", "12"} <= set(status.split())
    assert header == 'ETag: "e"'


def test_body_is_printed_byte_for_byte(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "é€".encode() + b"\xff"
    monkeypatch.setattr(stack_module, "request", lambda url: response(url, 200, body))
    aws.stack()
    runner = CliRunner(charset="ascii", env=NO_AWS)
    done = runner.invoke(main, ["read", "--region", "eu-west-1"], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.stdout_bytes == body + b"\n"


def test_json_replaces_undecodable_bytes_of_the_body(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_module, "request", lambda url: response(url, 200, b"\xffa"))
    aws.stack()
    assert json.loads(read("--json").stdout)["body"] == "\N{REPLACEMENT CHARACTER}a"


def test_json_is_one_object_with_lower_case_header_names(aws: Aws, asked: list[str]) -> None:
    aws.stack()
    assert json.loads(read("--json").stdout) == {
        "url": asked[0],
        "status": 200,
        "headers": {"etag": '"e"'},
        "seconds": 0.0123,
        "body": "{}",
    }


@pytest.mark.parametrize(
    ("status", "code"), [(200, 0), (204, 0), (304, 0), (403, 7), (404, 7), (500, 7), (502, 7)]
)
def test_read_exits_7_unless_the_status_is_2xx_or_304(
    aws: Aws, asked: list[str], status: int, code: int
) -> None:
    aws.stack()
    done = read(str(status))
    assert done.exit_code == code
    assert done.stdout == "{}\n"
    if code:
        assert re.match(rf"{re.escape(asked[0])}: .*\b{status}\b", error_of(done, code))


def test_endpoint_url_redirects_the_read(aws: Aws, asked: list[str]) -> None:
    aws.stack()
    read("--endpoint-url", "http://127.0.0.1:4566")
    assert asked == ["http://127.0.0.1:4566/_aws/execute-api/abc123/v1/samples"]


def test_first_route_with_parameters_requires_a_path(aws: Aws) -> None:
    aws.stack(outputs={**OUTPUTS, "SamplesUrl": OUTPUTS["ApiUrl"] + "/products/{id}"})
    assert "PATH" in error_of(read(), 2)


@pytest.mark.parametrize("path", ["a b", "é", "a\nb"])
def test_invalid_path_is_a_usage_error(aws: Aws, path: str) -> None:
    aws.stack()
    error_of(read(path, "--endpoint-url", "http://127.0.0.1:1"), 2)


def test_unreachable_api_is_a_one_line_error(aws: Aws) -> None:
    aws.stack()
    assert "http://127.0.0.1:1" in error_of(read("--endpoint-url", "http://127.0.0.1:1"), 1)


@pytest.mark.parametrize("path", [(), ("x",)])
def test_stack_without_the_output_is_an_error(aws: Aws, path: tuple[str, ...]) -> None:
    aws.stack(outputs={"Other": "x"})
    assert "SamplesUrl" in error_of(read(*path), 1)


def test_output_that_is_no_url_is_a_usage_error(aws: Aws) -> None:
    aws.stack(outputs={"SamplesUrl": "not a url"})
    assert error_of(read(), 2).startswith("not a url: ")
