"""`init`: three questions, validated answers, and a readmodel.toml with them."""

import json
import shlex
from pathlib import Path

import pytest
from command_tree import LEAVES
from functional_aws import error_of, run
from processes import on_terminal

from readmodel_cfn.config.load import Config, load
from readmodel_cfn.template.routes import Route

FILE = Path("readmodel.toml")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def answered(tmp_path: Path, *answers: str, more: tuple[str, ...] = ()) -> tuple[str, int]:
    """The terminal's content after these answers were typed, and the exit code."""
    typed = "".join(f"{answer}\n" for answer in answers).encode()
    seen = on_terminal(
        ["init", *more], tmp_path, {"NO_COLOR": "1"}, streams=["stdin", "stderr"], typed=typed
    )
    if not more:
        assert seen.other == b"", "questions go to stderr"
    return seen.terminal.decode().replace("\r\n", "\n"), seen.code


def test_init_with_yes_writes_the_defaults() -> None:
    assert run("init", "--yes").exit_code == 0
    assert load(FILE) == Config()


def test_three_answers_make_the_config(tmp_path: Path) -> None:
    seen, code = answered(tmp_path, "shop", "eu-west-1", "products/{id}")
    assert code == 0
    assert "products/{id}.json" in seen
    made = load(tmp_path / FILE)
    assert (made.stack.name, made.stack.region) == ("shop", "eu-west-1")
    assert made.model.routes == (Route("products/{id}", "products/{id}.json"),)


def test_empty_answers_mean_the_defaults(tmp_path: Path) -> None:
    _, code = answered(tmp_path, "", "", "")
    assert code == 0
    assert load(tmp_path / FILE) == Config()


def test_invalid_answer_is_asked_again(tmp_path: Path) -> None:
    seen, code = answered(tmp_path, "a b", " shop ", "Ireland", "eu-west-1", "/a", "b")
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


def test_init_without_a_terminal_requires_yes() -> None:
    line = error_of(run("init"), 1)
    assert "--yes" in line
    assert not FILE.exists()


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
    assert json.loads(run("init", "--yes", "--json").stdout) == {
        "file": "readmodel.toml",
        "stack": {"name": "read-model", "region": None},
        "route": {"path": "samples", "key": "payload.json"},
        "next": [
            "readmodel-cfn deploy",
            "readmodel-cfn publish FILE --key payload.json",
            "readmodel-cfn read samples",
        ],
    }


def test_questions_are_not_printed_to_stdout(tmp_path: Path) -> None:
    typed = b"shop\n\nproducts/{id}/{part}\n"
    seen = on_terminal(["init", "--json"], tmp_path, streams=["stdin", "stderr"], typed=typed)
    assert json.loads(seen.other)["route"]["key"] == "products/{id}/{part}.json"


@pytest.mark.parametrize(
    "path", ["samples", "products/{id}", "{a}/{b}/x", "files/{rest+}", "a.json"]
)
def test_suggested_commands_are_valid(tmp_path: Path, path: str) -> None:
    typed = f"\n\n{path}\n".encode()
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
    lines = run("init", "--yes").stderr.splitlines()
    assert "readmodel.toml" in lines[0]
    assert [line.split("  # ")[0].split()[1] for line in lines[1:4]] == [
        "deploy",
        "publish",
        "read",
    ]
    assert "--sandbox" in lines[4]
