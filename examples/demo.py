"""Deploys a read model on the embedded AWS, publishes a document, reads it twice and verifies it.

The second read has the ETag of the first and gets a 304. Each step is a command that you can type.
The stack has a random name and the document a random value: the demo fails unless the API returns
that value. At the end, or if it is interrupted, it removes the stack and stops the sandbox if it
started it; KEEP=1 leaves both running.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

PROGRAM = [sys.executable, "-m", "readmodel_cfn"]
TOML = """\
[stack]
name = "{stack}"

[[routes]]
path = "samples"
key = "payload.json"
"""
INTRODUCTION = """\
This demo deploys a read model on an AWS that is embedded on this machine: one
JSON document in S3, served by API Gateway. It publishes the document, reads it
twice (200, then 304 Not Modified with its ETag) and verifies the API.
Lines with $ are commands that you can type beside a readmodel.toml with one
route: path = "samples", key = "payload.json".
"""
SUMMARY = """
Done in {seconds:.0f} s: the API returned what was published, then 304 for its ETag
{etag}."""
END_SECONDS = 30  # for a command that is interrupted


class DemoFailed(Exception):
    """A command failed, or the API returned another document."""


def main() -> int:
    """Run the demo and clean up; the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # KeyboardInterrupt
    status = subprocess.run([*PROGRAM, "sandbox", "status"], capture_output=True, check=False)
    started_here = status.returncode != 0
    stack, folder = f"demo-{secrets.token_hex(4)}", Path(tempfile.mkdtemp(prefix="readmodel-demo-"))
    start, keep = time.monotonic(), False
    try:
        url, etag = demo(stack, folder)
        print(SUMMARY.format(seconds=time.monotonic() - start, etag=etag))
        keep = bool(os.environ.get("KEEP"))
    except (DemoFailed, KeyboardInterrupt) as error:
        print(f"\nFailed: {str(error) or 'interrupted'}", file=sys.stderr)
        return 1
    finally:
        if not keep:
            clean_up(stack, folder, started_here)
    if keep:
        print_next_steps(stack, folder, url)
    else:
        print("Next: make demo KEEP=1 leaves the stack running; docs/tour.md explains each step.")
    return 0


def demo(stack: str, folder: Path) -> tuple[str, str]:
    """Run each command, print its main results, and return the document's URL and its ETag.

    Raises:
        DemoFailed: a command failed, another document was read, or the second read is not a 304.
    """
    document = {"value": secrets.token_hex(8)}
    (folder / "readmodel.toml").write_text(TOML.format(stack=stack))
    (folder / "payload.json").write_text(json.dumps(document))
    print(INTRODUCTION, end="")
    template = json.loads(step(folder, "template"))
    kinds = Counter(resource["Type"].split("::")[1] for resource in template["Resources"].values())
    show(f"{kinds.total()} resources: {', '.join(f'{n} {kind}' for kind, n in kinds.items())}")
    step(folder, "sandbox start", quiet=False)
    result = json.loads(step(folder, "deploy --sandbox --yes", "--json").splitlines()[-1])["result"]
    url = str(result["outputs"]["SamplesUrl"])
    show(f"{result['status']}, {result['created']} resources created")
    stored = json.loads(step(folder, "publish payload.json --sandbox --as-writer", "--json"))
    show(f"s3://{stored['bucket']}/{stored['key']}")
    show(f"ETag {stored['etag']}")
    read = json.loads(step(folder, "read --sandbox", "--json"))
    show(f"{read['status']}, ETag {read['headers']['etag']}: {read['body'].strip()}")
    if json.loads(read["body"]) != document:
        raise DemoFailed(f"published {document}, but the API returned {read['body']}")
    etag = str(read["headers"]["etag"])
    read_again(url, etag)
    checks = json.loads(step(folder, "verify --sandbox --yes", "--json"))["promises"]
    statuses = Counter(check["status"] for check in checks)
    statuses["not checked"] = statuses.pop("cannot be shown", 0)
    counts = ", ".join(f"{n} {status}" for status, n in statuses.items())
    show(f"{len(checks)} checks: {counts} (the command says why)")
    return url, etag


def read_again(url: str, etag: str) -> None:
    """Read with If-None-Match.

    Raises:
        DemoFailed: the document is sent again.
    """
    print_command(f"curl -i -H 'If-None-Match: {etag}' {url}")
    request = urllib.request.Request(url, headers={"If-None-Match": etag})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=END_SECONDS) as response:
            raise DemoFailed(f"the second read has status {response.status}, not 304")
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.NOT_MODIFIED:
            raise DemoFailed(f"the second read has status {error.code}, not 304") from error
        show(f"{error.code} {error.reason}, without a body")
    except OSError as error:
        raise DemoFailed(f"the second read failed: {error}") from error


def step(folder: Path, command: str, *more: str, quiet: bool = True) -> str:
    """Print a command, run it in the folder, and return its stdout.

    Raises:
        DemoFailed: the exit code is not 0.
    """
    print_command(f"readmodel-cfn {command}")
    stderr = subprocess.PIPE if quiet else None
    arguments = [*PROGRAM, *command.split(), *more]
    process = None
    try:
        with interrupts_deferred():  # else a command that has just started would run on
            process = subprocess.Popen(
                arguments, cwd=folder, stdout=subprocess.PIPE, stderr=stderr, text=True
            )
        stdout, errors = process.communicate()
    except KeyboardInterrupt:
        if process:
            end(process)
        raise
    if process.returncode:
        raise DemoFailed(f"{command}: exit code {process.returncode}\n{errors or ''}{stdout}")
    return stdout


def print_command(command: str) -> None:
    """Print a command line."""
    bold, plain = ("\033[1m", "\033[0m") if colour() else ("", "")
    print(f"\n{bold}$ {command}{plain}", flush=True)


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Raise an interrupt at the end of the block."""
    received: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {n: signal.signal(n, lambda number, _: received.append(number)) for n in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        raise KeyboardInterrupt


def end(process: "subprocess.Popen[str]") -> None:
    """Terminate a command; it gets some time to clean up."""
    process.terminate()
    try:
        process.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def show(line: str) -> None:
    """Print the result of a step."""
    print(f"  {line}", flush=True)


def colour() -> bool:
    """Whether the output is a terminal with colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def clean_up(stack: str, folder: Path, started_here: bool) -> None:
    """Delete the stack, or stop the sandbox that holds it if the demo started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    delete = f"delete --sandbox --yes --with-data={stack}"
    command = "sandbox stop" if started_here else delete
    done = subprocess.run(
        [*PROGRAM, *command.split()],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # Ctrl-C does not reach it
    )
    shutil.rmtree(folder)
    print(f"\n$ readmodel-cfn {command}")
    if done.returncode:
        print(f"exit code {done.returncode}: {done.stderr}", file=sys.stderr)


def print_next_steps(stack: str, folder: Path, url: str) -> None:
    """Print commands to try on the running stack."""
    installed = "VIRTUAL_ENV" in os.environ
    program = "readmodel-cfn" if installed else Path(sys.executable).with_name("readmodel-cfn")
    print(f"""
The stack is still running. Try:
  cd {folder}
  curl -i {url}
  {program} status --sandbox
  {program} publish payload.json --sandbox     # edit payload.json before
  {program} delete --sandbox --yes --with-data={stack}
  {program} sandbox stop""")


if __name__ == "__main__":
    sys.exit(main())
