"""Ministack as it comes, without this package's additions, in the embedded AWS's environment."""

import http.client
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from places import Place

from readmodel_cfn.sandbox.home import Home

PATIENCE = 30.0
START = "import ministack.app; ministack.app.main()"


@contextmanager
def running(folder: Path) -> Iterator[Place]:
    """A server with IAM enforced on a free port; ended at the end. The sandbox installed it."""
    port = _free_port()
    place = Place(f"http://127.0.0.1:{port}", "AKIA" + 16 * "B", secrets.token_urlsafe(30))
    with (folder / "ministack.log").open("wb") as log:
        server = subprocess.Popen(
            [str(Home.at(None).python), "-I", "-c", START],
            cwd=folder,
            env=_environment(folder, port, place),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(server, port)
        yield place
    finally:
        server.terminate()
        server.wait()


def _environment(folder: Path, port: int, place: Place) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": place.key,
        "AWS_SECRET_ACCESS_KEY": place.secret,
        "LOG_LEVEL": "WARNING",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder / 'no-docker'}",
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number: int = listener.getsockname()[1]
        return number


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/_ministack/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise SystemExit("ministack without the additions did not start")
