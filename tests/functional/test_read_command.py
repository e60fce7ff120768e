"""`read`: GET through the API; exit code 10 for 404, 7 for other statuses but 2xx and 304."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from functional_aws import NO_AWS, OUTPUTS, Aws, enter_project, error_of, run, stubbed

from readmodel_cfn import ReadModel, ReadModelStack
from readmodel_cfn.aws import http
from readmodel_cfn.aws.http import Response
from readmodel_cfn.cli import main
from readmodel_cfn.errors import NoSuchDocument, PromiseBroken

ARTICLE = {"SamplesUrl": OUTPUTS["SamplesUrl"]}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def response(url: str, status: int, body: bytes, **headers: str) -> Response:
    found = headers or {"ETag": '"e"'}
    return Response("GET", url, status, tuple(found.items()), body, 0.0123)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requested URLs; each responds with 200, or with the status at its end."""
    urls: list[str] = []

    def request(url: str, **_: object) -> Response:
        urls.append(url)
        last = url.rpartition("/")[2]
        return response(url, int(last) if last.isdigit() else 200, b"{}")

    monkeypatch.setattr(http, "request", request)
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
    monkeypatch.setattr(http, "request", lambda url, **_: response(url, 200, body))
    aws.stack()
    runner = CliRunner(charset="ascii", env=NO_AWS)
    done = runner.invoke(main, ["read", "--region", "eu-west-1"], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.stdout_bytes == body + b"\n"


def test_json_replaces_undecodable_bytes_of_the_body(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "request", lambda url, **_: response(url, 200, b"\xffa"))
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
    ("status", "code"),
    [(200, 0), (204, 0), (304, 0), (301, 7), (403, 7), (404, 10), (429, 7), (500, 7), (502, 7)],
)
def test_exit_code_is_that_of_the_status(
    aws: Aws, asked: list[str], status: int, code: int
) -> None:
    aws.stack()
    done = read(str(status))
    assert done.exit_code == code
    assert done.stdout == "{}\n"
    if code:
        assert error_of(done, code).startswith(f"{asked[0]}: ".lower())


ROUTES = [("samples", "payload.json"), ("products/{id}", "products/{id}.json")]
UNKNOWN = {
    "x-amzn-ErrorType": "MissingAuthenticationTokenException"
}  # API Gateway has no such path


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> Callable[..., list[str]]:
    """Let the API respond with a status and headers; returns the last line, split into words."""

    def answer(path: str, status: int, routes: Any = ROUTES, **headers: str) -> list[str]:
        lines = [f'[[routes]]\npath = "{path}"\nkey = "{key}"' for path, key in routes]
        Path("readmodel.toml").write_text("\n".join(lines), encoding="utf-8")
        monkeypatch.setattr(
            http, "request", lambda url, **_: response(url, status, b"{}", **headers)
        )
        aws.stack()
        lines = read(*([path] if path else [])).stderr.splitlines()
        return str(lines[-1]).split()

    return answer


def test_missing_document_is_named_with_the_command_that_publishes_it(
    answer: Callable[..., list[str]],
) -> None:
    words = answer("products/44", 404)
    command = "readmodel-cfn publish --stack-name read-model --region eu-west-1 FILE --key"
    assert words[-9:] == [*command.split(), "products/44.json"]
    assert "products/{id}" in words
    assert answer("", 404)[-1] == "payload.json"


@pytest.mark.parametrize("path", ["product/44", "products/a/b", "products/.hidden"])
@pytest.mark.parametrize("status", [404, 403])
def test_unknown_path_is_named_with_the_routes(
    answer: Callable[..., list[str]], path: str, status: int
) -> None:
    words = answer(path, status, **UNKNOWN)
    assert {"samples,", "products/{id}"} <= set(words)
    assert "publish" not in words


def test_unknown_path_is_named_with_the_most_similar_of_many_routes(
    answer: Callable[..., list[str]],
) -> None:
    routes = [(f"documents-{number:03}", f"{number}.json") for number in range(100)]
    words = answer("document-042", 404, routes, **UNKNOWN)
    assert "documents-042," in words
    assert "100" in words
    assert len([word for word in words if word.startswith("documents-")]) == 5


def test_route_that_is_not_deployed_needs_a_deploy(answer: Callable[..., list[str]]) -> None:
    words = answer("products/44", 404, **UNKNOWN)
    assert "deploy" in words
    assert "publish" not in words


def test_path_that_only_the_deployed_api_has_needs_a_diff(
    answer: Callable[..., list[str]],
) -> None:
    assert "diff" in answer("other", 404)


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("products/44", 403, "products/44.json;"),
        ("removed", 403, "serial"),
        ("products/44", 429, "later"),
        ("products/44", 500, "verify"),
        ("products/44", 503, "verify"),
        ("products/44", 301, "status"),
    ],
)
def test_hint_of_other_statuses(
    answer: Callable[..., list[str]], path: str, status: int, word: str
) -> None:
    assert word in answer(path, status)


def test_library_raises_what_the_command_exits_with(aws: Aws, asked: list[str]) -> None:
    aws.stack()
    found = ReadModelStack("read-model", ReadModel(), region="eu-west-1").read("404")
    assert found.status == 404
    with pytest.raises(NoSuchDocument) as raised:
        found.raise_for_status()
    assert raised.value.where == asked[0]
    assert raised.value.hint == found.hint


def test_missing_document_of_the_article_is_a_500_with_the_publish_command(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "request", lambda url, **_: response(url, 500, b"{}"))
    aws.stack(outputs=ARTICLE)
    found = ReadModelStack("read-model", article=True, region="eu-west-1").read()
    with pytest.raises(PromiseBroken, match=r"publish .*payload\.json"):
        found.raise_for_status()


def test_response_of_another_client_has_a_hint_too() -> None:
    with pytest.raises(NoSuchDocument, match=r"; .*routes"):
        response("https://a.example/v1/p", 404, b"").raise_for_status()


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


DOMAIN = """
[domain]
name = "data.example.com"
certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d"
"""
OF_DOMAIN = {
    "ApiUrl": "https://data.example.com",
    "SamplesUrl": "https://data.example.com/samples",
    "DefaultEndpointUrl": OUTPUTS["ApiUrl"],
}


@pytest.mark.parametrize(
    ("resolves", "more", "base"),
    [
        (True, "", "https://data.example.com"),
        (False, "", OUTPUTS["ApiUrl"]),
        (False, "default_endpoint = false", "https://data.example.com"),
    ],
)
def test_domain_name_is_read_where_it_resolves_or_is_the_only_url(
    aws: Aws,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    resolves: bool,
    more: str,
    base: str,
) -> None:
    with Path("readmodel.toml").open("a") as file:
        file.write(f"{DOMAIN}{more}\n")
    monkeypatch.setattr(http, "resolves", lambda _: resolves)
    aws.stack(outputs=OF_DOMAIN)
    assert read("samples").exit_code == 0
    assert asked == [f"{base}/samples"]
