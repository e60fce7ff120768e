"""Where the publishers of a benchmark publish to: an S3 in memory, near or far, or the sandbox."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import HERE, output
from places import Place

FAR = 0.02
"""Seconds until each answer of the far one."""

_NOBODYS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "RCLONE_CONFIG": "",
}


@contextmanager
def near(python: Path) -> Iterator[Place]:
    """Plain HTTP, answered at once; `python` is one that has uvloop."""
    with _serving(python) as port, entered(Place(f"http://127.0.0.1:{port}")) as place:
        yield place


@contextmanager
def far(python: Path, folder: Path) -> Iterator[Place]:
    """TLS, each answer 20 ms late; the certificate is made below the folder, for this run."""
    chain, key = _certificate(folder)
    options = ["--certificate", str(chain), "--key", str(key), "--delay", str(FAR)]
    more = {"AWS_CA_BUNDLE": str(folder / "ca.pem"), "RCLONE_CA_CERT": str(folder / "ca.pem")}
    with _serving(python, *options) as port:
        place = Place(f"https://127.0.0.1:{port}")
        with entered(place, more):
            yield place


@contextmanager
def entered(place: Place, more: Mapping[str, str] = {}) -> Iterator[Place]:
    """The environment leads every client to a place, and none to the user's own files."""
    before = dict(os.environ)
    os.environ.update({**_NOBODYS, **place.variables, **more})
    try:
        yield place
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def bucket(s3: Any, name: str) -> Iterator[str]:
    """A new bucket, removed at the end with all it holds."""
    s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name}
    )
    yield name
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        if found := [{"Key": one["Key"]} for one in page.get("Contents", [])]:
            s3.delete_objects(Bucket=name, Delete={"Objects": found, "Quiet": True})
    s3.delete_bucket(Bucket=name)


def ceiling(python: Path, folder: Path) -> float:
    """PUTs a second that the near one takes from a client that does nothing else."""
    with _serving(python) as port:
        return float(output([str(python), str(HERE / "publish_load.py"), port, "load"], folder))


@contextmanager
def _serving(python: Path, *options: str) -> Iterator[str]:
    """fast_s3.py in a process of its own, by its port; ended by its id."""
    command = [str(python), str(HERE / "fast_s3.py"), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip() or sys.exit("the S3 in memory did not start")
        finally:
            server.terminate()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate and its key for 127.0.0.1, of an authority (ca.pem) made for it."""
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    _openssl(folder, f"req -x509 {new} -subj /CN=bench -keyout ca.key -out ca.pem")
    _openssl(folder, f"req {new} -subj /CN=127.0.0.1 -keyout key.pem -out request")
    signed = "-CA ca.pem -CAkey ca.key -CAcreateserial -extfile names"
    _openssl(folder, f"x509 -req -in request {signed} -out chain.pem")
    return folder / "chain.pem", folder / "key.pem"


def _openssl(folder: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True)
