"""LocalStack: installed once, pinned, in an environment of its own; run in a process of its own.

Its settings keep it on 127.0.0.1, without Docker, without the network, and away from the user's
files: all that it writes is below a directory that the caller removes.
"""

import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from filelock import FileLock

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.report import story
from readmodel_cfn.sandbox.server import free_port

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_PATIENCE = 120.0  # seconds until it answers; it takes one to three
_GRACE = 15.0  # seconds to end by itself before it is killed
_DONE = "complete"  # the file, written last, that makes an installation complete
# Its S3 keeps files in one directory of the whole machine, which no setting changes.
_LAUNCH = """\
import sys
from localstack.services.s3 import provider
provider.DEFAULT_S3_TMP_DIR = sys.argv.pop()
from localstack.runtime.main import main
main()
"""


def ensure_installed(home: Path) -> Path:
    """The interpreter of LocalStack's environment below `home`, after installing it if needed."""
    home.mkdir(parents=True, exist_ok=True)
    identity = f"{platform.python_version()} {sys.implementation.name}".encode()
    digest = hashlib.sha256(REQUIREMENTS.read_bytes() + identity).hexdigest()
    venv = home / f"venv-{digest[:12]}"
    python = venv / "bin" / "python"
    with FileLock(home / "install.lock"):
        if not (venv / _DONE).is_file() or not python.exists():
            story(f"installing LocalStack into {venv} (about 515 MB, once)")
            _install(venv, home / "install.log")
            (venv / _DONE).touch()
    return python


def _install(venv: Path, log: Path) -> None:
    shutil.rmtree(venv, ignore_errors=True)
    pip = [str(venv / "bin" / "python"), "-I", "-m", "pip", "install", "--no-input"]
    with log.open("wb") as out:
        for command in ([sys.executable, "-m", "venv", str(venv)], [*pip, "-r", str(REQUIREMENTS)]):
            done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False)
            if done.returncode:
                what, hint = "LocalStack was not installed", "check the network and pip's settings"
                raise ReadModelError(what, where=str(log), hint=hint)


@contextmanager
def running(home: Path, root: Path) -> Iterator[str]:
    """LocalStack's endpoint while it runs, with its files below `root` and its log in `home`."""
    python, port, log = ensure_installed(home), free_port(), home / "localstack.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [str(python), "-c", _LAUNCH, str(root / "s3")],
            cwd=root,
            env=_environment(root, port, python),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _wait(child, f"http://127.0.0.1:{port}", log)
    finally:
        _end(child)


def _environment(root: Path, port: int, python: Path) -> dict[str, str]:
    """Its whole environment: nothing of the user's settings gets in."""
    (root / "tmp").mkdir()
    return {
        "PATH": f"{python.parent}:{os.defpath}",
        "HOME": str(root),
        "TMPDIR": str(root / "tmp"),
        "FILESYSTEM_ROOT": str(root),
        "OVERRIDE_IN_DOCKER": "0",
        "GATEWAY_SERVER": "hypercorn",
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "LOCALSTACK_HOST": f"localhost:{port}",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "EAGER_SERVICE_LOADING": "0",
    }


def _wait(child: subprocess.Popen[bytes], endpoint: str, log: Path) -> str:
    """The endpoint, once it answers there."""
    opener, deadline = build_opener(ProxyHandler({})), time.monotonic() + _PATIENCE
    while child.poll() is None and time.monotonic() < deadline:
        with suppress(URLError, OSError), opener.open(f"{endpoint}/_localstack/health", timeout=5):
            return endpoint
        time.sleep(0.1)
    raise ReadModelError("LocalStack did not start", where=str(log))


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started: they are a group of their own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE)
