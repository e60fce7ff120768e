"""`init`: questions, validated answers or options, and a readmodel.toml with them."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_tree import LEAVES
from functional_aws import Aws, error_of, run, stubbed
from processes import on_terminal

from readmodel_cfn import Api, ReadModel, Route, Writer
from readmodel_cfn.config.file import load
from readmodel_cfn.config.starter import stack_name_for
from readmodel_cfn.config.values import Config, StackSettings
from readmodel_cfn.local import sandbox
from readmodel_cfn.local.sandbox import Sandbox
from widths import too_long

FILE = Path("readmodel.toml")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def answered(tmp_path: Path, *answers: str, more: tuple[str, ...] = ()) -> tuple[str, int]:
    """The terminal's content after these answers were typed, and the exit code."""
    typed = "".join(f"{answer}\n" for answer in answers).encode()
    seen = on_terminal(
        ["init", *more],
        tmp_path,
        {"NO_COLOR": "1", "COLUMNS": "80"},
        streams=["stdin", "stderr"],
        typed=typed,
    )
    if not more:
        assert seen.other == b"", "questions go to stderr"
    return seen.terminal.decode().replace("\r\n", "\n"), seen.code


def defaults(folder: Path) -> Config:
    return Config(StackSettings(name=stack_name_for(folder)))


@pytest.mark.parametrize("more", [(), ("--yes",)])
def test_init_without_a_terminal_or_with_yes_writes_the_defaults(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    assert run("init", *more).exit_code == 0
    assert load(FILE) == defaults(tmp_path)


def test_answers_make_the_config(tmp_path: Path) -> None:
    routes = ["products/{id}", "news=latest.json", ""]
    principals = "123456789012, arn:aws:iam::123456789012:role/backend"
    seen, code = answered(
        tmp_path, "shop", "eu-west-1", *routes, "https://www.example.com", principals
    )
    assert code == 0
    assert "products/{id}.json" in seen
    made = load(tmp_path / FILE)
    assert (made.stack.name, made.stack.region) == ("shop", "eu-west-1")
    assert made.model == ReadModel(
        routes=[Route("products/{id}", "products/{id}.json"), Route("news", "latest.json")],
        api=Api(cors_origin="https://www.example.com"),
        writer=Writer(kind="role", principals=tuple(principals.split(", "))),
    )


def test_empty_answers_mean_the_defaults(tmp_path: Path) -> None:
    _, code = answered(tmp_path, "", "", "", "", "", "")
    assert code == 0
    assert load(tmp_path / FILE) == defaults(tmp_path)


@pytest.mark.parametrize(("answer", "kind"), [("user", "user"), ("none", "none")])
def test_a_writer_without_principals_is_answered_by_its_kind(
    tmp_path: Path, answer: str, kind: str
) -> None:
    answered(tmp_path, "", "", "", "", "", "role", "nobody", answer)
    assert load(tmp_path / FILE).model.writer.kind == kind


def test_questions_that_options_answer_are_not_asked(tmp_path: Path) -> None:
    options = ["--stack-name", "shop", "--region", "eu-west-1", "--route", "a"]
    options += ["--cors-origin", "*", "--writer", "none"]
    seen = on_terminal(["init", *options], tmp_path, streams=["stdin", "stderr"])
    assert seen.code == 0
    made = load(tmp_path / FILE)
    assert made.stack == StackSettings(name="shop", region="eu-west-1")
    assert made.model == ReadModel(
        routes=[Route("a", "a.json")], api=Api(cors_origin="*"), writer=Writer(kind="none")
    )


def test_options_make_the_config_without_a_terminal() -> None:
    routes = ["--route", "products/{id}", "--route", "news=latest.json"]
    assert run("init", *routes, "--principal", "123456789012").exit_code == 0
    assert load(FILE).model == ReadModel(
        routes=[Route("products/{id}", "products/{id}.json"), Route("news", "latest.json")],
        writer=Writer(kind="role", principals=("123456789012",)),
    )


def test_subject_as_principal_prints_the_command_that_creates_its_provider() -> None:
    result = run("init", "--json", "--principal", "repo:acme/shop:environment:production")
    assert load(FILE).model.writer.principals == ("repo:acme/shop:environment:production",)
    assert json.loads(result.stdout)["next"][0] == (
        "aws iam create-open-id-connect-provider "
        "--url https://token.actions.githubusercontent.com --client-id-list sts.amazonaws.com"
    )


def test_other_principals_need_no_provider() -> None:
    result = run("init", "--json", "--principal", "123456789012")
    assert not [command for command in json.loads(result.stdout)["next"] if "aws iam" in command]


@pytest.mark.parametrize("comma", [",", ", "])
def test_several_origins_are_joined_by_commas(comma: str) -> None:
    text = comma.join(["https://a.example", "https://b.example"])
    assert run("init", "--cors-origin", text).exit_code == 0
    assert load(FILE).model.api.cors_origins == ("https://a.example", "https://b.example")


def test_several_origins_are_given_one_by_one() -> None:
    origins = ("https://a.example", "https://b.example")
    assert run("init", *[f"--cors-origin={origin}" for origin in origins]).exit_code == 0
    assert load(FILE).model.api.cors_origins == origins


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--stack-name", "1a"], "--stack-name"),
        (["--stack-name", ""], "--stack-name"),
        (["--region", "Ireland"], "--region"),
        (["--route", "/a"], "--route"),
        (["--route", "="], "--route"),
        (["--route", "a={id}"], "--route"),
        (["--route", "a", "--route", "a"], "--route"),
        (["--route", "a/{id}", "--route", "a/{sku}"], "--route"),
        (["--cors-origin", "example.com"], "--cors-origin"),
        (["--cors-origin", "https://a.example,b.example"], "--cors-origin"),
        (["--writer", "role"], "--principal"),
        (["--writer", "role", "--principal", "backend"], "--principal"),
        (["--writer", "user", "--principal", "123456789012"], "--principal"),
        (["--principal", "repo:acme/*:pull_request"], "--principal"),
        (["--writer", "nobody"], "--writer"),
    ],
    ids=str,
)
def test_an_invalid_option_is_named_and_no_file_is_written(options: list[str], named: str) -> None:
    assert named in error_of(run("init", *options), 2)
    assert not FILE.exists()


def test_invalid_answer_is_asked_again(tmp_path: Path) -> None:
    seen, code = answered(tmp_path, "a b", " shop ", "Ireland", "eu-west-1", "/a", "b", "", "", "")
    assert code == 0
    errors = [line for line in seen.splitlines() if "Error: " in line]
    assert len(errors) == 3
    for answer, error in zip(("'a b'", "'Ireland'", "'/a'"), errors, strict=True):
        assert answer in error
    made = load(tmp_path / FILE)
    assert (made.stack.name, made.model.routes[0].path) == ("shop", "b")


def test_end_of_input_leaves_no_file(tmp_path: Path) -> None:
    seen, code = answered(tmp_path, "shop", "\x04")  # the end of input
    assert code == 1
    assert seen.splitlines()[-1].startswith("Error: ")
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("arguments", [[], ["--yes"]])
def test_existing_file_is_not_overwritten(arguments: list[str]) -> None:
    FILE.write_text("precious")
    line = error_of(run("init", *arguments), 1)
    assert line.startswith("readmodel.toml: ")
    assert FILE.read_text() == "precious"


def test_dangling_symlink_is_not_overwritten() -> None:
    FILE.symlink_to("nowhere")
    assert error_of(run("init", "--yes"), 1).startswith("readmodel.toml: ")
    assert not Path("nowhere").exists()


def test_file_created_meanwhile_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(*_: object) -> str:
        FILE.write_text("precious")
        return "mine"

    monkeypatch.setattr("readmodel_cfn.config.starter.starter", meanwhile)
    assert error_of(run("init", "--yes"), 1).startswith("readmodel.toml: ")
    assert FILE.read_text() == "precious"


def test_failed_write_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readmodel_cfn.config.starter.starter", lambda *_: "\udc80")  # no UTF-8
    assert run("init", "--yes").exit_code == 1
    assert not FILE.exists()


def test_json_result_is_one_object() -> None:
    route = {"path": "samples", "key": "payload.json"}
    assert json.loads(run("init", "--stack-name", "shop", "--json").stdout) == {
        "file": "readmodel.toml",
        "stack": {"name": "shop", "region": None},
        "route": route,
        "routes": [route],
        "cors_origin": None,
        "writer": {"kind": "user", "principals": []},
        "next": [
            "readmodel-cfn deploy",
            "readmodel-cfn publish FILE --key payload.json",
            "readmodel-cfn read samples",
        ],
    }


def test_questions_are_not_printed_to_stdout(tmp_path: Path) -> None:
    typed = b"shop\n\nproducts/{id}/{part}\n\n\n\n"
    seen = on_terminal(["init", "--json"], tmp_path, streams=["stdin", "stderr"], typed=typed)
    assert json.loads(seen.other)["route"]["key"] == "products/{id}/{part}.json"


@pytest.mark.parametrize(
    "path", ["samples", "products/{id}", "{a}/{b}/x", "files/{rest+}", "a.json"]
)
def test_suggested_commands_are_valid(tmp_path: Path, path: str) -> None:
    typed = f"\n\n{path}\n\n\n\n".encode()
    seen = on_terminal(["init", "--json"], tmp_path, streams=["stdin", "stderr"], typed=typed)
    found = json.loads(seen.other)
    route = Route(**found["route"])
    for line in found["next"]:
        _, command, *arguments = shlex.split(line)
        LEAVES[command].make_context(command, list(arguments))
        if command == "publish":
            assert route.match_key(arguments[-1])
        if command == "read":
            assert len(arguments[0].split("/")) == len(path.split("/"))


def test_suggested_commands_are_printed() -> None:
    *_, first, deploy, publish, read, last = run("init", "--yes").stderr.splitlines()
    assert "readmodel.toml" in first
    commands = [line.split("  # ")[0].split()[1] for line in (deploy, publish, read)]
    assert commands == ["deploy", "publish", "read"]
    assert "--sandbox" in last


# A stack of this name.


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with stubbed(monkeypatch) as made:
        yield made


HERE = ["--stack-name", "read-model", "--region", "eu-west-1"]


def test_a_new_name_is_accepted(aws: Aws) -> None:
    aws.no_stack()
    done = run("init", *HERE)
    assert done.exit_code == 0
    assert "exist" not in done.stderr
    assert aws.calls == ["DescribeStacks"]


@pytest.mark.parametrize(
    ("tags", "fact"), [({"readmodel-cfn": "managed"}, "with the tag"), ({}, "without the tag")]
)
def test_the_name_of_an_existing_stack_is_refused_unless_it_is_meant(
    aws: Aws, tags: dict[str, str], fact: str
) -> None:
    aws.stack(tags=tags)
    line = error_of(run("init", *HERE), 1)
    for part in ("read-model", "eu-west-1", fact, "--existing"):
        assert part in line
    assert not FILE.exists()
    aws.stack(tags=tags)
    done = run("init", *HERE, "--existing")
    assert done.exit_code == 0
    assert fact in done.stderr
    assert load(FILE).stack.name == "read-model"


def test_at_a_terminal_the_name_is_checked_before_the_other_questions(aws: Aws) -> None:
    aws.stack()
    done = run("init", typed="read-model\neu-west-1\n")
    assert "--existing" in error_of(done, 1)
    assert not FILE.exists()


@pytest.mark.parametrize(
    ("env", "options"),
    [
        ({}, []),
        ({}, ["--region", "eu-west-1"]),
        ({}, ["--profile", "nobody"]),
        ({}, ["--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:1"]),
    ],
    ids=str,
)
def test_where_aws_cannot_be_asked_the_file_is_written_and_it_says_so(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], options: list[str]
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    key = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret"}
    done = run("init", "--stack-name", "shop", *options, env=env | key if options[2:] else env)
    assert done.exit_code == 0, done.output
    assert "Could not check whether stack shop exists" in done.stderr
    assert load(FILE).stack.name == "shop"


def test_denied_lookup_writes_the_file(aws: Aws) -> None:
    aws.refuses("cloudformation", "describe_stacks", "AccessDenied", "not authorized", 403)
    done = run("init", *HERE)
    assert done.exit_code == 0
    assert "Could not check" in done.stderr


def test_a_lookup_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def call_within(seconds: float, _: object) -> None:
        raise TimeoutError(f"no response within {seconds:g} s")

    monkeypatch.setattr("readmodel_cfn.stack.deploying.call_within", call_within)
    done = run("init", *HERE)
    assert done.exit_code == 0
    assert "Could not check" in done.stderr
    assert load(FILE).stack.name == "read-model"


@pytest.mark.parametrize(
    ("env", "options"), [({}, ["--sandbox"]), ({"READMODEL_CFN_SANDBOX": "1"}, [])], ids=str
)
def test_the_sandbox_is_asked_if_it_runs_and_not_started(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], options: list[str]
) -> None:
    monkeypatch.setattr(sandbox, "status", lambda: None)
    monkeypatch.setattr(sandbox, "start", lambda **_: pytest.fail("it was started"))
    assert run("init", *HERE, *options, env=env).exit_code == 0
    assert not aws.connections
    FILE.unlink()
    box = Sandbox("http://127.0.0.1:1", 1, 1, "AKIA1", "s3cret", "i", "eu-west-1", False, "t")
    monkeypatch.setattr(sandbox, "status", lambda: box)
    monkeypatch.setattr(sandbox, "start", lambda **_: box)
    aws.stack()
    assert "--existing" in error_of(run("init", *HERE, *options, env=env), 1)


def test_questions_fit_the_terminal(tmp_path: Path) -> None:
    seen, code = answered(tmp_path, *[""] * 6)
    assert code == 0
    questions = re.sub(r": (?=[A-Z])", ":\n", seen)  # no terminal echoes the answers here
    assert too_long(questions, 80) == []
