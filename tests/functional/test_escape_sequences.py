"""Escape sequences in names and keys of other people never reach a terminal."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from functional_aws import enter_project, run

from memory_s3 import MemoryS3, Response, memory_s3
from readmodel_cfn.cli import output
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.consent import Consent
from readmodel_cfn.progress import Count, Note, Step
from readmodel_cfn.publish.history import Restored
from readmodel_cfn.publish.results import Kept, Lost, Published, StaleVersion

# The screen is cleared, the window has another title, the clipboard another text; C1's CSI, and
# text in the other direction.
HOSTILE = "\x1b[31mred\x1b[2J\x1b]0;title\x07\x1b]52;c;eA==\x07\x9b2J\u202e"
ROUTES = '[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'
KEY = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_REGION": "eu-west-1"}


def is_escaped(text: str) -> bool:
    """Whether the hostile text is there, and nothing but own colours is not printable."""
    plain = re.sub(r"\x1b\[(0|1|3[0-9])m", "", text)
    return r"\x1b[2J" in text and r"\x1b[31mred" in text and plain.replace("\n", "").isprintable()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[MemoryS3]:
    enter_project(monkeypatch, tmp_path)
    (tmp_path / "readmodel.toml").write_text(ROUTES)
    (tmp_path / "data/products").mkdir(parents=True)
    (tmp_path / "data/products/1.json").write_text("1")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with memory_s3() as made:
        yield made


def call(s3: MemoryS3, *words: str) -> Result:
    colour = {"FORCE_COLOR": "1"}  # click removes some sequences where there are no colours
    return run(*words, "--bucket", "mine", "--endpoint-url", s3.url, env={**KEY, **colour})


@pytest.mark.parametrize("words", [("ls",), ("ls", "products/"), ("ls", HOSTILE)])
def test_keys_in_the_bucket_are_printed_escaped(s3: MemoryS3, words: tuple[str, ...]) -> None:
    s3.put(f"products/{HOSTILE}.json", b"2")
    done = call(s3, *words)
    assert is_escaped(done.output)


@pytest.mark.parametrize("name", [f"{HOSTILE}.json", f"{HOSTILE}\n.txt"])
@pytest.mark.parametrize("words", [("publish", "data"), ("publish", "data", "FILE")])
def test_names_of_files_are_printed_escaped(
    s3: MemoryS3, tmp_path: Path, words: tuple[str, ...], name: str
) -> None:
    file = tmp_path / "data/products" / name
    file.write_text("{")
    done = call(s3, *(str(file) if word == "FILE" else word for word in words))
    assert done.exit_code == 2
    assert is_escaped(done.output)


@pytest.mark.parametrize("words", [("audit",), ("lint",), ("graph",), ("openapi",), ("serve",)])
def test_a_name_that_does_not_exist_is_printed_escaped(words: tuple[str, ...]) -> None:
    done = run(*words, HOSTILE, env={"FORCE_COLOR": "1"})
    assert done.exit_code
    assert is_escaped(done.output)


@pytest.mark.parametrize("words", [("ls",), ("publish", "data"), ("unpublish", "a", "--yes")])
def test_messages_of_aws_are_printed_escaped(s3: MemoryS3, words: tuple[str, ...]) -> None:
    hostile = HOSTILE.replace("\x1b", "&#27;").replace("\x07", "&#7;")
    body = f'<?xml version="1.1"?><Error><Code>Bad</Code><Message>{hostile}</Message></Error>'
    s3.faults = lambda *_: Response(400, body.encode())
    done = call(s3, *words)
    assert done.exit_code == 1
    assert re.sub(r"\x1b\[(0|3[0-9])m", "", done.output).replace("\n", "").isprintable()


def template(path: Path) -> Path:
    """A template with hostile logical IDs, paths and ARNs."""
    api = {"Ref": f"Api{HOSTILE}"}
    uri = f"arn:aws:apigateway:eu-west-1:s3:path/b{HOSTILE}/{{key}}.json"
    integration = {"Type": "AWS", "IntegrationHttpMethod": "GET", "Uri": uri}
    resources = {
        f"Api{HOSTILE}": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": HOSTILE}},
        f"Path{HOSTILE}": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {
                "PathPart": HOSTILE,
                "RestApiId": api,
                "ParentId": {"Fn::GetAtt": [f"Api{HOSTILE}", "RootResourceId"]},
            },
        },
        f"Get{HOSTILE}": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "HttpMethod": "GET",
                "AuthorizationType": "NONE",
                "RestApiId": api,
                "ResourceId": {"Ref": f"Path{HOSTILE}"},
                "Integration": {**integration, "Credentials": f"arn:aws:iam::1:role/{HOSTILE}"},
            },
        },
    }
    file = path / f"{HOSTILE}.json"
    file.write_text(json.dumps({"Resources": resources}))
    return file


@pytest.mark.parametrize("command", ["audit", "graph", "openapi", "lint"])
def test_names_in_a_template_are_printed_escaped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    enter_project(monkeypatch, tmp_path)
    done = run(command, str(template(tmp_path)), env={"FORCE_COLOR": "1"})
    plain = re.sub(r"\x1b\[(0|1|3[0-9])m", "", done.output)
    assert plain.replace("\n", "").isprintable()
    assert "\x1b[31mred" not in done.output


RESULTS = [
    Lost(HOSTILE),
    Kept(HOSTILE),
    StaleVersion(HOSTILE, "1", "2", "e"),
    Published("mine", HOSTILE, "e", None, 1),
    Restored("mine", HOSTILE, "v1", "v2", "e"),
]


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)
def test_results_are_escaped_texts(result: object) -> None:
    assert is_escaped(str(result))


PRINTED: dict[str, Callable[[], object]] = {
    "note": lambda: Reporter()(Note(HOSTILE)),
    "log": lambda: output.log(HOSTILE),
    "echo": lambda: output.echo(HOSTILE),
    "table": lambda: output.table([["key", HOSTILE]]),
    "url": lambda: output.urls([f"https://{HOSTILE}"]),
    "changed": lambda: output.changed("Published to", HOSTILE),
    "colour": lambda: output.log(output.style(HOSTILE, fg="red")),
    "published": lambda: output.published(Published(HOSTILE, HOSTILE, "e", None, 1)),
}


@pytest.mark.parametrize("name", PRINTED)
def test_everything_that_prints_text_escapes_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    PRINTED[name]()
    assert is_escaped("".join(capsys.readouterr()))


def test_steps_and_counts_are_escaped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("readmodel_cfn.cli.reporter._FIRST", 0)
    times = iter([0.0, 10.0])
    with Reporter(now=lambda: next(times)) as report:
        report(Count(HOSTILE, 1, "documents"))
        report(Count(HOSTILE, 2, "documents"))
    assert is_escaped("".join(capsys.readouterr()))
    step = Step(HOSTILE)
    assert step.text == HOSTILE  # programs get it unchanged


def test_questions_are_escaped() -> None:
    from readmodel_cfn.cli.consent import _sentence

    consent = Consent("unpublish", "mine", f"unpublish {HOSTILE}")
    assert is_escaped(_sentence(consent))
