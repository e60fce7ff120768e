"""Where the commands of fault_commands run: a bucket in memory, or a stack, behind a proxy."""

import json
import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from fault_commands import (
    DATA,
    PRODUCTS,
    RELEASES,
    ROUTES,
    UNVERSIONED,
    Command,
    bucket_states,
    write_documents,
    write_folders,
)
from fault_judge import Run
from fault_kinds import Fault
from fault_proxy import Proxy
from fault_site import Place, invoke, started
from fault_store import State, Store
from memory_s3 import memory_s3

_REGION = "eu-west-1"
_BUCKET_NAME = "data"
_TABLES = "[writer]\nkind = 'none'\n"
_OF_RELEASES = "[releases]\npreview = true\n"


@dataclass(frozen=True)
class Target:
    """A store with its proxy; `states` are the states that commands begin with, by name."""

    store: Store
    proxy: Proxy
    folder: Path
    place: tuple[str, ...]
    environment: Mapping[str, str]
    states: Mapping[str, State]

    def run(self, command: Command, *faults: Fault, again: bool = False) -> Run:
        """Run a command through the proxy, in this process."""
        self.proxy.play(*faults)
        return invoke(
            self.arguments(command, again=again),
            self.environment,
            silent=any(fault.kind.startswith("silence") for fault in faults),
        )

    def restore(self, state: State) -> None:
        """Restore a state, after all that earlier commands have sent."""
        self.proxy.cut()
        self.store.restore(state)

    def state(self) -> State:
        """The state after all that commands have sent."""
        self.proxy.cut()
        return self.store.state()

    def left(self) -> list[str]:
        """The temporary files that commands have left."""
        return [path.name for path in Path(self.environment["TMPDIR"]).iterdir()]

    @contextmanager
    def started(self, command: Command, *faults: Fault) -> Iterator["subprocess.Popen[str]"]:
        """The command as a process, which is killed after the block."""
        self.proxy.play(*faults)
        with started(self.arguments(command), self.environment) as process:
            yield process

    def arguments(self, command: Command, *, again: bool = False) -> list[str]:
        """The command line."""
        data = self.folder / command.folder
        words = command.again if again and command.again else command.arguments
        made = [
            f"{data}{word.removeprefix(DATA)}" if word.startswith(DATA) else word for word in words
        ]
        return [
            *made,
            "--json",
            "--config",
            str(self.folder / f"{command.folder}.toml"),
            *self.place,
        ]


@contextmanager
def bucket_target(folder: Path) -> Iterator[Target]:
    """The bucket in memory, which commands get with --bucket."""
    _write(folder, "none")
    with memory_s3() as s3:
        key = {"AWS_ACCESS_KEY_ID": "AKIAFAULTS", "AWS_SECRET_ACCESS_KEY": "secret"}
        client: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=s3.url,
            region_name=_REGION,
            aws_access_key_id=key["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=key["AWS_SECRET_ACCESS_KEY"],
            config=Config(s3={"addressing_style": "path"}),
        )
        proxy = Proxy(int(s3.url.rpartition(":")[2]))
        place = ("--bucket", _BUCKET_NAME, "--region", _REGION, "--endpoint-url", proxy.url)
        store = Store(_BUCKET_NAME, client)
        yield Target(store, proxy, folder, place, _environment(folder, key), bucket_states())
        proxy.close()


@contextmanager
def stack_target(place: Place, kind: str) -> Iterator[Target]:
    """A stack of the sandbox for a kind of store; it is deleted after the block."""
    name, folder = f"faults-{secrets.token_hex(4)}", place.folder / kind
    _write(folder, name, _OF_RELEASES if kind == RELEASES else "")
    where = ("--region", place.sandbox.region, "--endpoint-url")
    direct = (*where, place.sandbox.endpoint_url, "--config", str(folder / f"{PRODUCTS}.toml"))
    environment = _environment(folder, place.environment)

    def command(*words: str) -> str:
        done = invoke([*words, *direct], environment)
        assert done.exit_code == 0, done
        return done.stdout

    command("deploy", "--yes")
    outputs = json.loads(command("outputs", "--json"))
    gateway = place.clients("apigateway")
    (api,) = (
        each["id"]
        for each in gateway.get_rest_apis(limit=500)["items"]
        if each["id"] in outputs["ApiUrl"]
    )
    store = Store(outputs["S3BucketName"], place.clients("s3"), gateway, api)
    if kind == UNVERSIONED:
        suspended = {"Status": "Suspended"}
        store.s3.put_bucket_versioning(Bucket=store.bucket, VersioningConfiguration=suspended)
    target = Target(store, place.proxy, folder, (*where, place.proxy.url), environment, {})
    try:
        states = _release_states(target, command) if kind == RELEASES else bucket_states()
        yield replace(target, states=states)
    finally:
        place.proxy.play()
        command("delete", "--yes", f"--with-data={name}")


def _release_states(target: Target, command: Any) -> Mapping[str, State]:
    """The states of a bucket with so many releases, of which the newest is live."""
    states = {"none": target.store.state()}
    for version, name in enumerate(("r1", "r2", "r3", "r4"), 11):
        folder = target.folder / "data"
        write_documents(folder, version)
        command("publish", str(folder), "--release", name)
        states[name] = target.store.state()
    return states


def _write(folder: Path, name: str, tables: str = "") -> None:
    """Write the documents, and a readmodel.toml for each folder of them."""
    write_folders(folder)
    for kind, routes in ROUTES.items():
        text = f'[stack]\nname = "{name}"\n{_TABLES}{tables}{routes}'
        (folder / f"{kind}.toml").write_text(text)


def _environment(folder: Path, key: Mapping[str, str]) -> Mapping[str, str]:
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    return {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **key,
        "READMODEL_CFN_HOME": str(folder / "home"),
        "TMPDIR": str(temporary),
    }
