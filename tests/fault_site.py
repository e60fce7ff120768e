"""A stack for a scene, and the command line that reaches it through the proxy."""

import os
import secrets
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner

from fault_judge import Run
from fault_kinds import Fault
from fault_proxy import Proxy
from fault_scenes import Scene
from fault_witness import Witness
from readmodel_cfn.aws.http import connect
from readmodel_cfn.cli import main
from readmodel_cfn.local.sandbox import Sandbox

_LONGEST = 120  # seconds that a command may take
_CONSOLE_SCRIPT = Path(sys.executable).with_name("readmodel-cfn")


class TookTooLongError(BaseException):
    """A command did not end; error handlers must not take this for an error of AWS."""


@dataclass(frozen=True)
class Place:
    """A sandbox with a proxy; `clients` creates clients that bypass the proxy."""

    sandbox: Sandbox
    proxy: Proxy
    folder: Path
    clients: Callable[[str], Any]

    @property
    def environment(self) -> Mapping[str, str]:
        """The sandbox's key and no other AWS settings; caches are in the folder."""
        return {
            "AWS_ACCESS_KEY_ID": self.sandbox.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.sandbox.secret_access_key,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "READMODEL_CFN_HOME": str(self.folder),
        }


@dataclass(frozen=True)
class Site:
    """A stack, by its name, for a scene."""

    place: Place
    scene: Scene
    name: str = field(default_factory=lambda: f"fault-{secrets.token_hex(5)}")

    @cached_property
    def witness(self) -> Witness:
        """Looks up the state of the stack directly."""
        return Witness(self.place.clients, self.name)

    def run(self, *faults: Fault) -> Run:
        """Run the scene's command through the proxy, in this process."""
        self.place.proxy.play(*faults)
        silent = any(fault.kind.startswith("silence") for fault in faults)
        arguments = self._arguments(self.scene.command, self.scene.expected, self.place.proxy.url)
        return invoke(arguments, self.place.environment, silent=silent)

    @contextmanager
    def started(self, *faults: Fault) -> Iterator["subprocess.Popen[str]"]:
        """The scene's command as a process, which is killed after the block."""
        self.place.proxy.play(*faults)
        arguments = self._arguments(self.scene.command, self.scene.expected, self.place.proxy.url)
        with started(arguments, self.place.environment) as process:
            yield process

    def prepare(self) -> None:
        """Create the stack that exists before the command, with a document."""
        if self.scene.before:
            url = self.place.sandbox.endpoint_url
            made = self._command(("deploy", "--yes"), self.scene.before, url)
            assert made.exit_code == 0, made
            self.witness.publish()

    def _command(self, command: tuple[str, ...], text: str, url: str) -> Run:
        return invoke(self._arguments(command, text, url), self.place.environment)

    def _arguments(self, command: tuple[str, ...], text: str, url: str) -> list[str]:
        file = self.place.folder / f"{self.name}.toml"
        file.write_text(text)
        where = ["--stack-name", self.name, "--region", self.place.sandbox.region]
        command = tuple(  # which takes the stack's name, known here only
            f"{word}={self.name}" if word == "--with-data" else word for word in command
        )
        return [*command, *where, "--endpoint-url", url, "--config", str(file)]


@contextmanager
def site(place: Place, scene: Scene) -> Iterator[Site]:
    """The stack before the scene's command; it is removed after the block."""
    made = Site(place, scene)
    try:
        made.prepare()
        yield made
    finally:
        place.proxy.play()
        made.witness.clear()


@contextmanager
def started(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[str]"]:
    """A command as a process, which is killed after the block."""
    # Where this process ignores Ctrl-C, as in a shell's background, its children would too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [_CONSOLE_SCRIPT, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


# A person waits for minutes where AWS does not answer; a test need not. Each command seems to be
# run by another process, whose predecessor is no more. cfn-lint has its own tests.
_SHORT = (0.01,) * 4
_HURRIED = {
    "botocore.endpoint.time": SimpleNamespace(sleep=lambda _: None),
    "readmodel_cfn.aws.deletion._PAUSES": _SHORT,
    "readmodel_cfn.aws.retry._FIRST_PAUSE": 0.1,
    "readmodel_cfn.deploy.change_sets._RETRY_SECONDS": 1.0,
    "readmodel_cfn.deploy.change_sets._is_alive": lambda _: False,
    "readmodel_cfn.deploy.events._RETRY_SECONDS": 1.0,
    "readmodel_cfn.lint.lint_once": lambda *_, **__: [],
    "readmodel_cfn.publish.newer._BUSY_PAUSES": _SHORT,
    "readmodel_cfn.publish.objects._RETRIES": {
        "max_retries": 5,
        "backoff": {
            "init_backoff": timedelta(milliseconds=10),
            "max_backoff": timedelta(milliseconds=20),
            "base": 2,
        },
    },
    "readmodel_cfn.publish.release.copy._PAUSES": _SHORT,
    "readmodel_cfn.publish.upload._PAUSES": _SHORT,
    "readmodel_cfn.verify.session._PAUSE": 0.05,
}
# Where AWS keeps silent, each attempt ends after half a second.
_SILENT = {
    "readmodel_cfn.aws.connection._READ_TIMEOUT": 0.5,
    "readmodel_cfn.aws.http.connect": lambda url, _, bundle: connect(url, 0.5, bundle),
    "readmodel_cfn.publish.objects.NO_PROGRESS": 6.0,
    "readmodel_cfn.publish.put.NO_PROGRESS": 6.0,
    "readmodel_cfn.publish.store._TIMEOUT": "500ms",
}


def invoke(
    arguments: Sequence[str], environment: Mapping[str, str], *, silent: bool = False
) -> Run:
    """Run a command in this process, without the long pauses; `silent` also shortens timeouts."""
    try:
        with ExitStack() as stack:
            for name, quicker in (_HURRIED | (_SILENT if silent else {})).items():
                stack.enter_context(patch(name, quicker))
            stack.enter_context(_in_time())
            done = CliRunner().invoke(main, list(arguments), env=dict(environment))
    except TookTooLongError:
        return Run(-1, "", "", f"it took longer than {_LONGEST} s")
    crash = ""
    if done.exception and not isinstance(done.exception, SystemExit):
        crash = "".join(traceback.format_exception(done.exception)[-1:])
    return Run(done.exit_code, done.stdout, done.stderr, crash)


@contextmanager
def _in_time() -> Iterator[None]:
    def stop(_: int, __: FrameType | None) -> None:
        raise TookTooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(_LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
