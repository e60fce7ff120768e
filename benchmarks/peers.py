"""Other tools that deploy a template: installed, pinned, and how each is told to do it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from measure import HERE, Command

REQUIREMENTS = HERE / "peers.txt"
SAM, SCEPTRE, AWS = "sam deploy", "sceptre launch", "aws cloudformation deploy"
Deploy = Callable[[str], Command]
"""The command that makes a new stack of a name."""

_SCEPTRE_STACK = """\
template:
  type: file
  path: read-model.json
stack_name: {{ var.name }}
"""


def install(home: Path) -> dict[str, Path]:
    """Each peer's directory of programs, by its distribution's name; kept where it is there."""
    lines = [one for one in REQUIREMENTS.read_text(encoding="utf-8").split("\n") if "==" in one]
    return {line.partition("==")[0]: _installed(home / line, line) for line in lines}


def _installed(venv: Path, requirement: str) -> Path:
    programs, done = venv / "bin", venv / "complete"
    if not done.exists():
        print(f"installing {requirement} into {venv}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        pip = [str(programs / "python"), "-m", "pip", "install", "-qq"]
        subprocess.run([*pip, "--disable-pip-version-check", requirement], check=True)
        done.touch()
    return programs


def deploys(programs: Mapping[str, Path], template: Path, region: str) -> dict[str, Deploy]:
    """How each peer makes a new stack of a template; sceptre's project is written beside it."""
    project = _sceptre_project(template, region)
    sam = [str(programs["aws-sam-cli"] / "sam"), "deploy", "--no-confirm-changeset"]
    sceptre = [str(programs["sceptre"] / "sceptre"), "--dir", str(project)]
    aws = [str(programs["awscli"] / "aws"), "cloudformation", "deploy"]
    what = ["--template-file", str(template), "--capabilities", "CAPABILITY_IAM"]
    return {
        SAM: lambda name: [*sam, *what, "--stack-name", name],
        SCEPTRE: lambda name: [*sceptre, "--var", f"name={name}", "launch", "-y", "stack.yaml"],
        AWS: lambda name: [*aws, *what, "--stack-name", name],
    }


def variables(folder: Path) -> dict[str, str]:
    """What keeps sam from the network and from the user's files."""
    home = folder / "sam"
    home.mkdir()
    checked = json.dumps({"lastVersionCheck": time.time()})  # it asks for a newer one once a week
    (home / "metadata.json").write_text(checked, encoding="utf-8")
    return {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(home)}


def _sceptre_project(template: Path, region: str) -> Path:
    project = template.with_name("sceptre")
    for name, text in {
        "config/config.yaml": f"project_code: bench\nregion: {region}\n",
        "config/stack.yaml": _SCEPTRE_STACK,
        f"templates/{template.name}": template.read_text(encoding="utf-8"),
    }.items():
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return project
