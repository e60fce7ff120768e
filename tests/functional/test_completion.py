"""Shell completion: what the program prints for a shell, and that real shells load the script."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_tree import LEAVES, PROGRAM, options_of
from functional_aws import NO_AWS, error_of, run
from processes import environment, program

from readmodel_cfn.cli import _COMMANDS, main

SHELLS = ["bash", "zsh", "fish"]


def completed(words: str, tmp_path: Path, shell: str = "bash") -> list[str]:
    """What the program prints for an incomplete line; the word to complete is the last."""
    number = len(words.split(" ")) - 1
    env = {
        "_READMODEL_CFN_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": f"{PROGRAM} {words}",
        "COMP_CWORD": str(number + 1),
    }
    with contextlib.chdir(tmp_path):
        runner = CliRunner(env={**NO_AWS, **env})
        done = runner.invoke(main, prog_name=PROGRAM, catch_exceptions=False)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_command_names_are_completed(tmp_path: Path) -> None:
    assert completed("", tmp_path) == [f"plain,{name}" for name in _COMMANDS]
    assert completed("di", tmp_path) == ["plain,diff", "plain,diagnose"]
    assert completed("sandbox st", tmp_path) == ["plain,start", "plain,status", "plain,stop"]


def test_options_are_completed(tmp_path: Path) -> None:
    found = completed("deploy --", tmp_path)
    expected = {
        f"plain,{option}" for option in options_of(LEAVES["deploy"]) if option.startswith("--")
    }
    assert expected <= set(found)


@pytest.mark.parametrize("words", ["deploy --env ", "status --config other.toml --env "])
def test_environments_are_completed(tmp_path: Path, words: str) -> None:
    text = "[env.staging.stack]\nname = 'a'\n[env.production.stack]\nname = 'b'\n"
    name = "other.toml" if "other" in words else "readmodel.toml"
    (tmp_path / name).write_text(text)
    assert completed(words, tmp_path) == ["plain,staging", "plain,production"]
    assert completed(f"{words}p", tmp_path) == ["plain,production"]


def test_nothing_is_completed_for_an_invalid_file(tmp_path: Path) -> None:
    assert completed("deploy --env ", tmp_path) == [""]
    (tmp_path / "readmodel.toml").write_text("broken")
    assert completed("deploy --env ", tmp_path) == [""]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("template --format ", ["json", "yaml"]),
        ("template --format=y", ["yaml"]),
        ("completion ", SHELLS),
    ],
)
def test_choices_are_completed(tmp_path: Path, words: str, found: list[str]) -> None:
    assert completed(words, tmp_path) == [f"plain,{word}" for word in found]


@pytest.mark.parametrize(
    "words", ["template --config ", "lint ", "publish ", "publish a.json ", "verify --plot "]
)
def test_path_arguments_are_completed_by_the_shell(tmp_path: Path, words: str) -> None:
    assert completed(words, tmp_path) == ["file,"]


@pytest.mark.parametrize("words", ["nope ", "deploy --nope ", "template --format xml --", "'"])
def test_completion_of_an_invalid_line_is_no_error(tmp_path: Path, words: str) -> None:
    completed(words, tmp_path)


def test_completion_ignores_a_broken_readmodel_toml(tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text("broken")
    assert completed("template --format j", tmp_path) == ["plain,json"]


HEAVY = {"boto3", "botocore", "cfnlint", "obstore", "rich", "tomllib", "uvicorn"}
LOADED = """
import json, sys
from readmodel_cfn.cli import main
try:
    main(prog_name="readmodel-cfn")
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("words", ["", "deploy --", "status --region "])
def test_completion_imports_no_heavy_module(tmp_path: Path, words: str) -> None:
    env = {
        "_READMODEL_CFN_COMPLETE": "bash_complete",
        "COMP_WORDS": f"{PROGRAM} {words}",
        "COMP_CWORD": str(len(words.split(" "))),
    }
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=tmp_path,
        env=environment(env),
        capture_output=True,
        check=True,
    )
    loaded = set(json.loads(done.stderr))
    assert "readmodel_cfn.cli" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_answers_in_the_format_of_each_shell(tmp_path: Path, shell: str) -> None:
    env = {
        "_READMODEL_CFN_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": f"{PROGRAM} dep",
        "COMP_CWORD": "dep" if shell == "fish" else "1",
    }
    assert b"deploy" in program([], tmp_path, env).stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_script_calls_this_program(shell: str) -> None:
    script = run("completion", shell).stdout
    assert f"_COMPLETE={shell}_complete" in script


def test_unknown_shell_is_a_usage_error_that_lists_the_known_ones() -> None:
    line = error_of(run("completion", "csh"), 2)
    for name in ("csh", *SHELLS):
        assert name in line


def test_completion_help_names_the_shells_startup_files() -> None:
    help_text = run("completion", "--help").stdout
    for place in ("~/.bashrc", "~/.zshrc", "~/.config/fish/completions/"):
        assert place in help_text


def typed(shell: str, script: str, tmp_path: Path) -> list[str]:
    """What a shell prints for a script, with the program on its path."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    called = tmp_path / "bin" / PROGRAM
    called.parent.mkdir()
    called.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m readmodel_cfn "$@"\n')
    called.chmod(0o755)
    env = {"PATH": f"{called.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    options = {"bash": ["--norc", "-c"], "zsh": ["-f", "-c"], "fish": ["--no-config", "-c"]}[shell]
    done = subprocess.run(
        [found, *options, script],
        cwd=tmp_path,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


IN_BASH = """
eval "$(readmodel-cfn completion bash)"
complete -p readmodel-cfn >&2
COMP_WORDS=(readmodel-cfn {words}) COMP_CWORD={number}
_readmodel_cfn_completion readmodel-cfn
printf "%s\\n" "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["di"], ["diff", "diagnose"]),
        (["sandbox", "sta"], ["start", "status"]),
        (["template", "--format", ""], ["json", "yaml"]),
        (["delete", "--with"], ["--with-data"]),
    ],
)
def test_bash_completes(tmp_path: Path, words: list[str], found: list[str]) -> None:
    line = " ".join(word or "''" for word in words)
    assert typed("bash", IN_BASH.format(words=line, number=len(words)), tmp_path) == found


IN_ZSH = """
autoload -Uz compinit && compinit -u -d "$HOME/dump"
eval "$(readmodel-cfn completion zsh)"
print -- ${_comps[readmodel-cfn]}
"""


def test_zsh_loads_the_completion_script(tmp_path: Path) -> None:
    (function,) = typed("zsh", IN_ZSH, tmp_path)
    assert function == "_readmodel_cfn_completion"


IN_FISH = "readmodel-cfn completion fish | source; complete -C 'readmodel-cfn di'"


def test_fish_completes(tmp_path: Path) -> None:
    lines = typed("fish", IN_FISH, tmp_path)
    assert {line.partition("\t")[0] for line in lines} == {"diff", "diagnose"}
    assert all(line.partition("\t")[2] for line in lines), "fish shows a description of each"
