"""`template` and `lint`: the text on stdout, the same every time, and findings with exit 3."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from functional_aws import CONTENT, error_of, run

from readmodel_cfn import ReadModel, build_article, build_template, render

BAD = '{"Resources": {"A": {"Type": "AWS::S3::Bucke"}}}'
ONE_ROUTE = '[[routes]]\npath = "products"\nkey = "products.json"\n'


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_template_goes_to_stdout_and_nothing_else_does() -> None:
    done = run("template")
    assert done.exit_code == 0
    assert done.stdout == render(build_template(ReadModel()))
    assert done.stderr == ""


def test_the_articles_is_the_article() -> None:
    assert run("template", "--article").stdout == render(build_article())


def test_yaml_says_the_same() -> None:
    assert yaml.safe_load(run("template", "--format", "yaml").stdout) == CONTENT


def test_output_writes_the_same_to_a_file() -> None:
    done = run("template", "--output", "t.json")
    assert done.output == ""
    assert Path("t.json").read_bytes() == run("template").stdout_bytes


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_check_of_what_would_be_written_is_silent_whatever_the_line_endings(form: str) -> None:
    run("template", "--format", form, "--output", "t")
    written = Path("t").read_bytes()
    for content in (written, written.replace(b"\n", b"\r\n")):
        Path("t").write_bytes(content)
        done = run("template", "--format", form, "--check", "t")
        assert (done.exit_code, done.output) == (0, "")


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"{}"])
def test_check_of_anything_else_exits_5_and_writes_nothing(content: bytes | None) -> None:
    if content is not None:
        Path("t").write_bytes(content)
    line = error_of(run("template", "--check", "t"), 5)
    assert line == (
        "t: is not what readmodel.toml describes; write it anew: give --output in place of --check"
    )
    assert Path("t").exists() == (content is not None)
    assert content is None or Path("t").read_bytes() == content


def test_a_template_is_not_checked_and_written_at_once() -> None:
    done = run("template", "--check", "t", "--output", "t")
    assert "not both" in error_of(done, 2)
    assert not Path("t").exists()


def test_it_is_the_same_byte_for_byte_in_every_process() -> None:
    texts = {
        subprocess.run(
            [sys.executable, "-m", "readmodel_cfn", "template"],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in range(3)
    }
    assert texts == {run("template").stdout_bytes}


def test_the_file_in_the_working_directory_is_read_by_itself() -> None:
    Path("readmodel.toml").write_text(ONE_ROUTE)
    assert "ProductsResource" in run("template").stdout


def test_another_is_read_when_told() -> None:
    Path("readmodel.toml").write_text("broken")
    Path("other.toml").write_text(ONE_ROUTE)
    assert "ProductsResource" in run("template", "--config", "other.toml").stdout


def test_the_article_needs_no_file_but_a_broken_one_is_told_all_the_same() -> None:
    Path("readmodel.toml").write_text("broken")
    assert "not TOML" in error_of(run("template", "--article"), 2)


def unreadable(name: str) -> list[str]:
    """The ways in which a description cannot be read, and what is said."""
    path = Path(name)
    if name == "binary.toml":
        path.write_bytes(b"\x00\xff")
    elif name == "directory.toml":
        path.mkdir()
    return ["--config", name]


@pytest.mark.parametrize(
    "command", ["template", "lint", "graph", "openapi", "deploy", "outputs", "status", "delete"]
)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.toml", "missing.toml: cannot be read: No such file or directory"),
        ("binary.toml", "binary.toml: cannot be read: not UTF-8 text"),
        ("directory.toml", "'directory.toml' is a directory"),
    ],
)
def test_a_description_that_cannot_be_read_is_one_line_for_every_command(
    command: str, name: str, said: str
) -> None:
    assert said in error_of(run(command, *unreadable(name)), 2)


def test_a_directory_in_place_of_the_file_is_not_passed_over() -> None:
    Path("readmodel.toml").mkdir()
    line = error_of(run("template"), 2)
    assert line == "readmodel.toml: cannot be read: Is a directory"


def test_a_key_of_the_description_that_does_not_fit_is_one_line() -> None:
    Path("readmodel.toml").write_text(ONE_ROUTE.replace("products.json", "a b"))
    assert error_of(run("template"), 2).startswith("readmodel.toml: routes[1].key: 'a b' is not")


def test_output_into_a_directory_that_is_missing_is_one_line() -> None:
    line = error_of(run("template", "--output", "no/such/t.json"), 1)
    assert line == "no/such/t.json: No such file or directory"


def test_output_below_a_file_is_one_line() -> None:
    Path("file").touch()
    assert error_of(run("template", "--output", "file/t.json"), 1) == "file/t.json: Not a directory"


def test_output_onto_a_directory_is_a_usage_error(tmp_path: Path) -> None:
    assert "is a directory" in error_of(run("template", "--output", str(tmp_path)), 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
@pytest.mark.parametrize("redirected", [True, False])
def test_a_full_disk_is_one_line(redirected: bool) -> None:
    command = [sys.executable, "-m", "readmodel_cfn", "template"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command if redirected else [*command, "--output", "/dev/full"],
            stdout=full if redirected else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["Error: No space left on device"]


@pytest.mark.parametrize("arguments", [(), ("--article",)])
def test_lint_is_clean_for_both_stacks(arguments: tuple[str, ...]) -> None:
    done = run("lint", *arguments)
    assert done.exit_code == 0
    assert done.stdout == ""
    assert done.stderr == "No findings.\n"


def test_lint_of_a_file_tells_each_finding_with_its_meaning() -> None:
    Path("t.json").write_text(BAD)
    done = run("lint", "t.json")
    assert error_of(done, 3) == "t.json: 1 finding(s)"
    told, meaning = done.stdout.splitlines()
    assert told.startswith("E3006 Resources/A/Type: ")
    assert meaning.strip()


def test_lint_in_json_is_a_list_of_findings() -> None:
    Path("t.json").write_text(BAD)
    (found,) = json.loads(run("lint", "t.json", "--json").stdout)
    assert found.keys() == {"rule", "level", "place", "message", "meaning"}
    assert found["rule"] == "E3006"
    assert json.loads(run("lint", "--json").stdout) == []


def test_lint_checks_for_the_region_of_the_description() -> None:
    Path("readmodel.toml").write_text('[stack]\nregion = "xx-north-1"')
    assert error_of(run("lint"), 2).startswith("cfn-lint knows no region xx-north-1")


@pytest.mark.parametrize(
    "content", [b"", b"- 1", b"a: b", b'{"a":', b"null", b"\x00"], ids=lambda one: repr(one)
)
def test_lint_of_what_is_no_template_is_a_finding(content: bytes) -> None:
    Path("t").write_bytes(content)
    done = run("lint", "t")
    assert "finding(s)" in error_of(done, 3)
    assert done.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "t: cannot be read: No such file or directory"), (b"\xff\xfe", "t: not UTF-8 text")],
)
def test_lint_of_a_file_that_cannot_be_read_is_one_line(content: bytes | None, said: str) -> None:
    if content is not None:
        Path("t").write_bytes(content)
    assert error_of(run("lint", "t"), 2) == said


def test_a_broken_cfnlintrc_is_one_line() -> None:
    Path(".cfnlintrc").write_text("nope: 1")
    assert error_of(run("lint"), 2).startswith(".cfnlintrc: cannot be used: ")


def test_a_prefix_begins_every_logical_id_and_output() -> None:
    Path("readmodel.toml").write_text('[stack]\nprefix = "Shop"\n')
    content = json.loads(run("template").stdout)
    assert all(name.startswith("Shop") for name in [*content["Resources"], *content["Outputs"]])
    assert "DataStore" in json.loads(run("template", "--article").stdout)["Resources"]
