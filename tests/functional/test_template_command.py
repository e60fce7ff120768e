"""`template` and `lint`: the same text on stdout every time, and findings with exit code 3."""

import json
import os
import re
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


def test_template_is_the_only_output() -> None:
    done = run("template", "--example")
    assert done.exit_code == 0
    assert done.stdout == render(build_template(ReadModel()))
    assert done.stderr == ""


def test_article_option_prints_the_article() -> None:
    assert run("template", "--article").stdout == render(build_article())


def test_yaml_equals_json() -> None:
    assert yaml.safe_load(run("template", "--format", "yaml").stdout) == CONTENT


def test_output_option_writes_the_same_bytes() -> None:
    done = run("template", "--example", "--output", "t.json")
    assert done.output == ""
    assert Path("t.json").read_bytes() == run("template").stdout_bytes


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_check_of_an_up_to_date_file_is_silent(form: str) -> None:
    run("template", "--example", "--format", form, "--output", "t")
    written = Path("t").read_bytes()
    for content in (written, written.replace(b"\n", b"\r\n")):
        Path("t").write_bytes(content)
        done = run("template", "--example", "--format", form, "--check", "t")
        assert (done.exit_code, done.output) == (0, "")


@pytest.mark.parametrize("file", ["t.yaml", "t.yml", "t.json", "t"])
def test_format_of_a_file_comes_from_its_name(file: str) -> None:
    run("template", "--output", file)
    form = "yaml" if file.startswith("t.y") else "json"
    assert Path(file).read_bytes() == run("template", "--format", form).stdout_bytes
    assert run("template", "--check", file).exit_code == 0
    other = {"yaml": "json", "json": "yaml"}[form]
    error_of(run("template", "--format", other, "--check", file), 5)


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"{}"])
def test_check_of_an_outdated_file_exits_5_and_writes_nothing(content: bytes | None) -> None:
    if content is not None:
        Path("t").write_bytes(content)
    line = error_of(run("template", "--check", "t"), 5)
    for name in ("t: ", "readmodel.toml", "--output"):
        assert name in line
    assert Path("t").exists() == (content is not None)
    assert content is None or Path("t").read_bytes() == content


def test_check_and_output_exclude_each_other() -> None:
    done = run("template", "--check", "t", "--output", "t")
    line = error_of(done, 2)
    assert "--check" in line
    assert "--output" in line
    assert not Path("t").exists()


def test_template_is_identical_for_every_hash_seed() -> None:
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


def test_readmodel_toml_of_the_working_directory_is_read() -> None:
    Path("readmodel.toml").write_text(ONE_ROUTE)
    assert "ProductsResource" in run("template").stdout


def test_config_option_reads_another_file() -> None:
    Path("readmodel.toml").write_text("broken")
    Path("other.toml").write_text(ONE_ROUTE)
    assert "ProductsResource" in run("template", "--config", "other.toml").stdout


def test_article_option_reads_no_config() -> None:
    Path("readmodel.toml").write_text("broken")
    assert run("template", "--article").exit_code == 0


def unreadable(name: str) -> list[str]:
    """The option for a config file that cannot be read."""
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
    ("name", "fact"),
    [
        ("missing.toml", "No such file"),
        ("binary.toml", "UTF-8"),
        ("directory.toml", "directory"),
    ],
)
def test_unreadable_config_is_a_one_line_error_of_every_command(
    command: str, name: str, fact: str
) -> None:
    line = error_of(run(command, *unreadable(name)), 2)
    assert name in line
    assert fact in line


def test_directory_named_readmodel_toml_is_not_ignored() -> None:
    Path("readmodel.toml").mkdir()
    assert error_of(run("template"), 2).startswith("readmodel.toml: ")


def test_invalid_config_value_is_a_one_line_error() -> None:
    Path("readmodel.toml").write_text(ONE_ROUTE.replace("products.json", "a b"))
    assert error_of(run("template"), 2).startswith("readmodel.toml: routes[1].key: 'a b'")


def test_output_into_a_missing_directory_is_a_one_line_error() -> None:
    assert error_of(run("template", "--output", "no/such/t.json"), 1).startswith("no/such/t.json: ")


def test_output_below_a_file_is_a_one_line_error() -> None:
    Path("file").touch()
    assert error_of(run("template", "--output", "file/t.json"), 1).startswith("file/t.json: ")


def test_output_onto_a_directory_is_a_usage_error(tmp_path: Path) -> None:
    assert str(tmp_path) in error_of(run("template", "--output", str(tmp_path)), 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
@pytest.mark.parametrize("redirected", [True, False])
def test_full_disk_is_a_one_line_error(redirected: bool) -> None:
    command = [sys.executable, "-m", "readmodel_cfn", "template", "--example"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command if redirected else [*command, "--output", "/dev/full"],
            stdout=full if redirected else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "No space left on device" in line


@pytest.mark.parametrize("arguments", [(), ("--article",)])
def test_lint_of_both_templates_has_no_findings(arguments: tuple[str, ...]) -> None:
    done = run("lint", *arguments)
    assert done.exit_code == 0
    assert done.stdout == ""


def test_lint_of_a_file_prints_each_finding_with_its_meaning() -> None:
    Path("t.json").write_text(BAD)
    done = run("lint", "t.json")
    assert re.match(r"t\.json: .*\b1\b", error_of(done, 3))
    finding, meaning = done.stdout.splitlines()
    assert finding.startswith("E3006 Resources/A/Type: ")
    assert meaning.strip()


def test_lint_in_json_is_a_list_of_findings() -> None:
    Path("t.json").write_text(BAD)
    (found,) = json.loads(run("lint", "t.json", "--json").stdout)
    assert found.keys() == {"rule", "level", "place", "message", "meaning"}
    assert found["rule"] == "E3006"


def test_lint_checks_for_the_region_of_the_config() -> None:
    Path("readmodel.toml").write_text('[stack]\nregion = "xx-north-1"')
    assert "xx-north-1" in error_of(run("lint"), 2)


@pytest.mark.parametrize(
    "content", [b"", b"- 1", b"a: b", b'{"a":', b"null", b"\x00"], ids=lambda content: repr(content)
)
def test_lint_of_an_invalid_template_is_a_finding(content: bytes) -> None:
    Path("t").write_bytes(content)
    done = run("lint", "t")
    error_of(done, 3)
    assert done.stdout


@pytest.mark.parametrize(("content", "fact"), [(None, "No such file"), (b"\xff\xfe", "UTF-8")])
def test_lint_of_an_unreadable_file_is_a_one_line_error(content: bytes | None, fact: str) -> None:
    if content is not None:
        Path("t").write_bytes(content)
    line = error_of(run("lint", "t"), 2)
    assert line.startswith("t: ")
    assert fact in line


def test_broken_cfnlintrc_is_a_one_line_error() -> None:
    Path(".cfnlintrc").write_text("nope: 1")
    assert error_of(run("lint"), 2).startswith(".cfnlintrc: ")


def test_prefix_starts_every_logical_id_and_output() -> None:
    Path("readmodel.toml").write_text('[stack]\nprefix = "Shop"\n')
    content = json.loads(run("template").stdout)
    assert all(name.startswith("Shop") for name in [*content["Resources"], *content["Outputs"]])
    assert "DataStore" in json.loads(run("template", "--article").stdout)["Resources"]
