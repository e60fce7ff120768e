"""A folder of documents, a bucket of the sandbox, and the command line for both."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from fault_http import Answer, Request
from fault_kinds import Fault
from fault_proxy import Proxy
from readmodel_cfn.cli import main
from readmodel_cfn.local.sandbox import Sandbox
from stacks import TIMEOUT

ROUTES = """
[[routes]]
path = "samples"
key = "payload.json"
[[routes]]
path = "products/{id}"
key = "products/{id}.json"
"""


@dataclass
class Site:
    """`url` is that of the sandbox or of a proxy before it; `key` replaces the key of its root."""

    folder: Path
    sandbox: Sandbox
    bucket: str
    s3: Any
    url: str = ""
    described: str = ""
    key: tuple[str, str] | None = None

    @property
    def data(self) -> Path:
        """The folder of documents."""
        return self.folder / "data"

    def write(self, count: int, version: object = 1) -> None:
        """Write this number of products."""
        (self.data / "products").mkdir(parents=True, exist_ok=True)
        for n in range(count):
            self.put(f"products/{n:05}.json", {"n": n, "version": version, "text": "x" * 500})

    def put(self, path: str, value: object) -> None:
        """Write a file."""
        (self.data / path).write_text(json.dumps(value))

    def command(self, *arguments: str) -> list[str]:
        """The arguments of `publish`."""
        given = arguments or [str(self.data)]
        return ["publish", *given, "--bucket", self.bucket, *self.place]

    @property
    def place(self) -> list[str]:
        """The options of every command."""
        config = self.folder / "readmodel.toml"
        stack = "" if "[stack]" in self.described else '[stack]\nname = "publishing"'
        config.write_text(f"{stack}\n{self.described}\n{ROUTES}")
        return ["--config", str(config), "--endpoint-url", self.url or self.sandbox.endpoint_url]

    def run(self, *arguments: str, exits: int = 0) -> Result:
        """Any command."""
        done = CliRunner().invoke(main, [*arguments, *self.place], env=self.environment)
        assert done.exit_code == exits, done.output
        return done

    @property
    def environment(self) -> Mapping[str, str]:
        """The access key of the publisher."""
        root = self.sandbox.access_key_id, self.sandbox.secret_access_key
        key_id, secret = self.key or root
        return {
            "AWS_ACCESS_KEY_ID": key_id,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": self.sandbox.region,
        }

    def __call__(self, *arguments: str, exits: int = 0) -> Result:
        """Publish the folder, or the arguments."""
        done = CliRunner().invoke(main, self.command(*arguments), env=self.environment)
        assert done.exit_code == exits, done.output
        return done

    def counts(self, *options: str, exits: int = 0) -> tuple[int, int]:
        """Publish the folder; returns the counts of sent and unchanged documents."""
        done = self(str(self.data), "--json", *options, exits=exits)
        found = json.loads(done.stdout.splitlines()[-1])["result"]
        return found["sent"], found["unchanged"]

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        """Publish in another process."""
        return subprocess.Popen(
            [sys.executable, "-m", "readmodel_cfn", *self.command(*arguments)],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def etags(self) -> dict[str, str]:
        """The ETags in the bucket, by key."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return {entry["Key"]: entry["ETag"] for page in pages for entry in page.get("Contents", [])}

    def listed(self) -> list[str]:
        """The keys in the bucket."""
        return list(self.etags())

    def body(self, key: str) -> bytes:
        """The content of a key."""
        return bytes(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def head(self, key: str) -> Mapping[str, Any]:
        """The headers of a key."""
        found: Mapping[str, Any] = self.s3.head_object(Bucket=self.bucket, Key=key)
        return found

    def versions(self, key: str) -> list[str]:
        """The versions of a key, the newest first."""
        found = self.s3.list_object_versions(Bucket=self.bucket, Prefix=key)
        return [
            version["VersionId"] for version in found.get("Versions", []) if version["Key"] == key
        ]

    def is_whole(self) -> bool:
        """Does the bucket hold the folder's documents, each whole, and no others?"""
        paths = [path for path in self.data.rglob("*.json") if path.is_file()]
        expected = {
            path.relative_to(self.data).as_posix(): _etag(path.read_bytes()) for path in paths
        }
        return expected == self.etags()


def _etag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


class S3Proxy(Proxy):
    """Applies `faults` to the nth put of an object; forwards every other request.

    The puts after the first `pause_after` wait until `release`. `active` counts the requests in
    progress.
    """

    faults: Mapping[int, str] = {}
    pause_after = sys.maxsize
    puts = 0
    active = 0

    def answer(self, request: Request) -> Answer | None:
        """Respond to a request; None is a reset connection."""
        with self._lock:
            self.active += 1
        try:
            return super().answer(request)
        finally:
            with self._lock:
                self.active -= 1

    def _fault(self, action: str) -> Fault | None:
        if "PUT /*/" not in action:
            return None
        with self._lock:
            self.puts += 1
            number = self.puts
        if number > self.pause_after:
            self._held.set()
            assert self._released.wait(TIMEOUT)
        kind = self.faults.get(number)
        return Fault(kind) if kind else None

    def wait_until_paused(self, process: "subprocess.Popen[str]") -> None:
        """Wait until a put is paused."""
        while not self._held.wait(0.05):
            assert process.poll() is None, "it ended before the pause"

    def release(self) -> None:
        """Forward the paused puts, and all later ones."""
        self.pause_after = sys.maxsize
        self._released.set()
