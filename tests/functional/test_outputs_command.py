"""`outputs`: reachable URLs, and secrets masked unless they are to be shown."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from functional_aws import OUTPUTS, Aws, enter_project, error_of, run, stubbed

from readmodel_cfn import ReadModel, ReadModelStack, Route, build_article, build_template
from readmodel_cfn.local import sandbox
from readmodel_cfn.local.sandbox import Sandbox

KEY = {"DataStoreAccessKeyId": "AKIA1", "DataStoreSecretAccessKey": "s3cret"}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def outputs(*arguments: str) -> Any:
    return run("outputs", "--region", "eu-west-1", *arguments)


def described(aws: Aws, outputs: dict[str, str], *arguments: str) -> None:
    """The responses for a command with these arguments: the URLs of routes need another one."""
    for _ in range(1 if "--json" in arguments else 2):
        aws.stack(outputs=outputs)


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_outputs_mask_the_secret_key(aws: Aws, arguments: tuple[str, ...]) -> None:
    described(aws, {**OUTPUTS, **KEY}, *arguments)
    done = outputs(*arguments)
    assert "s3cret" not in done.output
    assert "****" in done.stdout
    assert "AKIA1" in done.stdout


def test_outputs_mask_a_prefixed_secret_key(aws: Aws) -> None:
    described(aws, {f"Shop{name}": value for name, value in KEY.items()})
    assert "s3cret" not in outputs().output


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_show_secrets_prints_the_secret_key(aws: Aws, arguments: tuple[str, ...]) -> None:
    described(aws, KEY, *arguments)
    assert "s3cret" in outputs("--show-secrets", *arguments).stdout


def test_json_of_outputs_is_one_object(aws: Aws) -> None:
    aws.stack()
    assert json.loads(outputs("--json").stdout) == OUTPUTS


def test_outputs_end_with_the_url_of_each_route(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text(
        '[[routes]]\npath = "samples"\nkey = "payload.json"\n'
        '[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'
    )
    described(aws, OUTPUTS)
    api = OUTPUTS["ApiUrl"]
    urls = [f"{api}/samples", f"{api}/products/{{id}}"]
    assert outputs().stdout.splitlines()[-2:] == urls


def test_outputs_of_an_emulator_have_reachable_urls(aws: Aws) -> None:
    aws.stack()
    found = json.loads(outputs("--json", "--endpoint-url", "http://127.0.0.1:4566").stdout)
    assert found["ApiUrl"] == "http://127.0.0.1:4566/_aws/execute-api/abc123/v1"
    assert found["S3BucketName"] == "data-bucket"


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_stack_without_outputs_prints_none(aws: Aws, arguments: tuple[str, ...]) -> None:
    described(aws, {}, *arguments)
    done = outputs(*arguments)
    assert done.exit_code == 0
    assert done.stdout.strip() in ("", "{}")


def test_outputs_in_python_show_secrets_by_default(aws: Aws) -> None:
    stack = ReadModelStack("read-model", region="eu-west-1")
    for show_secrets in (True, False):
        aws.stack(outputs=KEY)
        found = stack.outputs(show_secrets=show_secrets)
        assert ("s3cret" in found.values()) is show_secrets
        assert found["DataStoreAccessKeyId"] == "AKIA1"


def test_missing_stack_names_the_deploy_command(aws: Aws) -> None:
    aws.no_stack()
    command_line = "readmodel-cfn deploy --stack-name read-model --region eu-west-1"
    assert error_of(outputs(), 1).endswith(command_line)


def test_missing_stack_on_the_sandbox_names_the_sandbox_option(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Sandbox("http://127.0.0.1:1", 1, 1, "AKIA1", "s3cret", "first")
    monkeypatch.setattr(sandbox, "start", lambda **_: box)
    aws.no_stack()
    line = error_of(outputs("--sandbox"), 1)
    assert "readmodel-cfn deploy" in line
    assert line.endswith(" --sandbox")


ROUTES = [Route("products/{id}", "products/{id}.json"), Route("files/{rest+}", "files/{rest}")]
OF_ROUTES = {route.path: f"{OUTPUTS['ApiUrl']}/{route.path}" for route in ROUTES}


def test_route_urls_of_a_model_need_no_template(aws: Aws) -> None:
    aws.stack()
    found = ReadModelStack("read-model", ReadModel(routes=ROUTES), region="eu-west-1").route_urls()
    assert found == OF_ROUTES


@pytest.mark.parametrize("prefix", ["", "Shop"])
def test_route_urls_without_a_model_are_those_of_the_deployed_template(
    aws: Aws, prefix: str
) -> None:
    aws.stack(outputs={f"{prefix}{name}": value for name, value in OUTPUTS.items()})
    aws.template(build_template(ReadModel(routes=ROUTES), prefix).to_dict())
    assert ReadModelStack("read-model", region="eu-west-1").route_urls() == OF_ROUTES


def test_route_urls_of_the_articles_stack_are_those_of_its_template(aws: Aws) -> None:
    url = OUTPUTS["SamplesUrl"]
    for is_article in (False, True):
        aws.stack(outputs={"SamplesUrl": url})
        if not is_article:
            aws.template(build_article().to_dict())
        shop = ReadModelStack("read-model", region="us-east-1", article=is_article)
        assert shop.route_urls() == {"samples": url}


@pytest.mark.parametrize("model", [None, ReadModel()])
def test_stack_without_an_api_has_no_route_urls(aws: Aws, model: ReadModel | None) -> None:
    aws.stack(outputs={"TopicArn": "arn"})
    assert ReadModelStack("read-model", model, region="eu-west-1").route_urls() == {}
