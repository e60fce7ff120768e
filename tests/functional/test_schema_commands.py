"""`publish` and `openapi` where routes have a JSON Schema, and `openapi --deployed`."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from functional_aws import OUTPUTS, Aws, error_of, run, stack, stubbed
from openapi_spec_validator import validate
from processes import PROGRAM, environment
from troposphere import Template

from fake_objects import FakeObjects
from readmodel_cfn import ReadModel, Route, add_read_model, build_template
from readmodel_cfn.template.article import build_article

READ_MODEL = """
[[routes]]
path = "products/{id}"
key = "products/{id}.json"
schema = "product.schema.json"
[[routes]]
path = "samples"
key = "payload.json"
"""
MODEL = ReadModel(routes=[Route("products/{id}", "products/{id}.json"), Route("b", "b.json")])
PRODUCT = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}
TO = ("--region", "eu-west-1", "--bucket", "mine")


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    monkeypatch.chdir(tmp_path)
    Path("readmodel.toml").write_text(READ_MODEL)
    Path("product.schema.json").write_text(json.dumps(PRODUCT))
    write("data/products/1.json", {"id": 1})
    write("data/products/2.json", {"id": "2", "name": 3})
    write("data/products/3.json", {})
    write("data/payload.json", {})
    with stubbed(monkeypatch) as made:
        yield made


def write(path: str, content: object) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(content))


@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--delete-missing", "--yes")])
def test_publish_prints_a_line_for_each_fault_and_sends_nothing(
    aws: Aws, objects: FakeObjects, more: tuple[str, ...]
) -> None:
    done = run("publish", "data", *TO, *more)
    assert "2" in error_of(done, 2), "the number of invalid documents"
    lines = done.stderr.splitlines()[:-1]
    found = [line.partition(".json: ")[0] for line in lines]
    assert found == ["data/products/2", "data/products/2", "data/products/3"]
    assert {line.split(": ")[1] for line in lines if "products/2" in line} == {"/id", "/name"}
    assert all("product.schema.json" in line for line in lines)
    assert objects.asked == []
    assert not aws.connections


def test_publish_json_has_a_line_for_each_fault_with_its_pointer(objects: FakeObjects) -> None:
    done = run("publish", "data", *TO, "--json")
    error_of(done, 2)
    faults = [json.loads(line)["invalid"] for line in done.stdout.splitlines()]
    assert sorted((fault["source"], fault["pointer"]) for fault in faults) == [
        ("data/products/2.json", "/id"),
        ("data/products/2.json", "/name"),
        ("data/products/3.json", ""),
    ]
    assert objects.asked == []


def test_skip_invalid_sends_the_documents_that_fit(objects: FakeObjects) -> None:
    done = run("publish", "data", *TO, "--skip-invalid", "--json")
    assert done.exit_code == 0
    result = json.loads(done.stdout.splitlines()[-1])["result"]
    assert (result["sent"], result["invalid"]) == (2, 2)
    assert objects.kept.keys() == {"products/1.json", "payload.json"}


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_each_fault_of_a_single_file_is_printed(aws: Aws, more: tuple[str, ...]) -> None:
    key = ("--key", "products/2.json")
    done = run("publish", "data/products/2.json", *key, *TO, *more)
    error_of(done, 2)
    assert [line.split(": ")[1] for line in done.stderr.splitlines()[:-1]] == ["/id", "/name"]
    done = run("publish", "data/products/3.json", *key, *TO, "--json", *more)
    assert "id" in error_of(done, 2)
    (fault,) = map(json.loads, done.stdout.splitlines())
    assert fault["invalid"]["pointer"] == ""
    assert not aws.connections


def test_a_document_from_standard_input_is_checked() -> None:
    done = subprocess.run(
        [*PROGRAM, "publish", "/dev/stdin", "--key", "products/1.json", "--dry-run"],
        input=b'{"id": "1"}',
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"/id" in done.stderr


@pytest.mark.parametrize("command", [("publish", "data", *TO), ("openapi",)])
@pytest.mark.parametrize("problem", ["no extra", "no file", "no JSON", "no schema", "other file"])
def test_a_schema_that_cannot_be_used_is_refused_in_one_line(
    aws: Aws,
    objects: FakeObjects,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    problem: str,
) -> None:
    file = Path("product.schema.json")
    if problem == "no extra":
        monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    elif problem == "no file":
        file.unlink()
    else:
        texts = {"no JSON": "{", "no schema": '{"type": 1}', "other file": '{"$ref": "a.json"}'}
        file.write_text(texts[problem])
    done = run(*command)
    line = error_of(done, 2)
    assert "product.schema.json" in line
    assert ("readmodel-cfn[schema]" in line) == (problem == "no extra")
    assert len(done.output.splitlines()) == 1
    assert objects.asked == []
    assert not aws.connections


@pytest.mark.parametrize("command", ["template", "lint"])
def test_the_template_needs_neither_the_file_nor_the_extra(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    Path("product.schema.json").unlink()
    assert run(command).exit_code == 0


def test_openapi_has_the_schema_of_a_file_elsewhere() -> None:
    Path("conf").mkdir()
    for name in ("readmodel.toml", "product.schema.json"):
        Path(name).rename(Path("conf", name))
    done = run("openapi", "--config", "conf/readmodel.toml")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    validate(found)
    assert found["components"]["schemas"]["Product"] == PRODUCT


def deployed(aws: Aws, body: Any, *options: str) -> Any:
    aws.stack()
    aws.template(body)
    done = run("openapi", "--deployed", *options)
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    validate(found)
    return found


def test_the_deployed_stack_is_described_with_its_url_and_the_schemas(aws: Aws) -> None:
    found = deployed(aws, build_template(MODEL).to_dict())
    assert found["servers"] == [{"url": OUTPUTS["ApiUrl"]}]
    assert found["paths"].keys() == {"/products/{id}", "/b"}, "those that are deployed"
    assert found["components"]["schemas"]["Product"] == PRODUCT
    assert found["info"]["title"] == "read-model Api"


def test_the_deployed_stack_is_described_by_its_name_alone(aws: Aws) -> None:
    Path("readmodel.toml").unlink()
    found = deployed(
        aws, build_template(MODEL).to_dict(), "--stack-name", "read-model", "--region", "eu-west-1"
    )
    assert found["servers"] == [{"url": OUTPUTS["ApiUrl"]}]
    assert found["components"]["schemas"].keys() == {"Error"}


def test_the_deployed_article_is_described(aws: Aws) -> None:
    aws.answers(
        "cloudformation",
        "describe_stacks",
        {"Stacks": [stack_with({"SamplesUrl": "https://a.example.com/v1/samples"})]},
    )
    aws.template(build_article().to_dict())
    found = json.loads(run("openapi", "--deployed", "--article").stdout)
    assert found["servers"] == [{"url": "https://a.example.com/v1"}]


def stack_with(outputs: dict[str, str]) -> dict[str, Any]:
    return stack(outputs=outputs)


def test_the_api_of_the_stacks_own_output_is_chosen_among_several(aws: Aws) -> None:
    both = Template()
    for prefix in ("Shop", "News"):
        add_read_model(both, MODEL, prefix)
    Path("readmodel.toml").write_text(f'[stack]\nprefix = "News"\n{READ_MODEL}')
    outputs = {f"{prefix}ApiUrl": f"https://{prefix}.example.com" for prefix in ("Shop", "News")}
    aws.answers("cloudformation", "describe_stacks", {"Stacks": [stack_with(outputs)]})
    aws.template(both.to_dict())
    found = json.loads(run("openapi", "--deployed").stdout)
    assert found["servers"] == [{"url": "https://News.example.com"}]
    assert "News" in found["info"]["title"]


def test_a_stack_that_does_not_exist_is_an_error(aws: Aws) -> None:
    aws.no_stack()
    error_of(run("openapi", "--deployed", "--region", "eu-west-1"), 1)


@pytest.mark.parametrize(
    "options", [("t.json", "--deployed"), ("--stack-name", "shop"), ("--region", "eu-west-1")]
)
def test_options_that_do_not_fit_together_are_refused(aws: Aws, options: tuple[str, ...]) -> None:
    error_of(run("openapi", *options), 2)
    assert not aws.connections


@pytest.mark.parametrize("schema", [None, "product.schema.json"])
def test_the_extra_is_loaded_only_for_a_route_with_a_schema(schema: str | None) -> None:
    program = f"""
import sys
from readmodel_cfn import ReadModel, ReadModelStack, Route

stack = ReadModelStack("shop", ReadModel(routes=[Route("a", "a.json", schema={schema!r})]))
stack.plan_file("data/products/1.json")
stack.openapi()
sys.exit("jsonschema_rs" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], env=environment(), check=False)
    assert done.returncode == (schema is not None)
