"""With --json stdout has nothing but JSON, whatever happens, and the help describes it."""

import dataclasses
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from command_tree import EXAMPLES, LEAVES, options_of, words_of
from functional_aws import error_of, run

from readmodel_cfn import lint
from readmodel_cfn.analysis import audit
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.lint import Finding
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.publish.deletion import Refused
from readmodel_cfn.publish.history import Restored, Version
from readmodel_cfn.publish.results import Published
from readmodel_cfn.publish.stored import StoredDocument
from readmodel_cfn.publish.unpublish import Unpublished, UnpublishResult

WITH_JSON = [words for words, command in LEAVES.items() if "--json" in options_of(command)]
WITHOUT = {
    "template",
    "graph",
    "openapi",
    "policy",
    "completion",
}  # their output is for programs already
ENDLESS = ("serve", "sandbox start")
KEY = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret"}
READ_MODEL = '[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'
# One example of each command, as a program would call it.
CALLS = {
    words: [*words_of(line), "--json"]
    for words, line in reversed(EXAMPLES)
    if words in WITH_JSON and words not in ENDLESS
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])
    (tmp_path / "readmodel.toml").write_text(READ_MODEL)
    (tmp_path / "42.json").write_text("{}")


def is_json(text: str) -> bool:
    """One value, or a value on each line; or nothing."""
    try:
        json.loads(text)
    except ValueError:
        pass
    else:
        return True
    try:
        return all(isinstance(json.loads(line), dict) for line in text.splitlines())
    except ValueError:
        return False


def called(words: str, *more: str, env: dict[str, str] | None = None) -> Any:
    """The command, whose stdout is JSON."""
    yes = ["--yes"] * ("--yes" in options_of(LEAVES[words]))
    if words.startswith("release") or "--release" in CALLS[words]:
        Path("readmodel.toml").write_text(f"{READ_MODEL}[releases]\n")
    home = {"READMODEL_CFN_HOME": str(Path.cwd() / "home")}
    done = run(*CALLS[words], *yes, *more, env={**home, **(env or {})})
    assert is_json(done.stdout), done.stdout
    return done


def test_every_command_with_output_has_json() -> None:
    assert set(LEAVES) - set(WITH_JSON) == WITHOUT
    assert set(CALLS) == set(WITH_JSON) - set(ENDLESS)


@pytest.mark.parametrize("words", WITH_JSON)
def test_help_describes_the_json(words: str) -> None:
    assert "With --json: " in run(*words.split(), "--help").stdout


def names(result: type) -> list[str]:
    assert dataclasses.is_dataclass(result)
    return [field.name for field in dataclasses.fields(result)]


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("lint", names(Finding)),
        ("audit", names(audit.Finding)),
        ("history", [*names(Version), "deletion"]),
        ("restore", names(Restored)),
        ("publish", names(Published)),
        ("ls", names(StoredDocument)),
        ("unpublish", [*names(UnpublishResult), *names(Refused), *names(Unpublished), "versions"]),
        ("sandbox start", names(Sandbox)),
    ],
)
def test_help_names_the_json_fields(words: str, keys: list[str]) -> None:
    text = run(*words.split(), "--help").stdout.partition("With --json: ")[2].partition("\n\n")[0]
    assert set(keys) <= set(re.findall(r"\w+", text))


@pytest.mark.parametrize("words", CALLS)
def test_stdout_is_json_without_credentials_and_region(words: str) -> None:
    called(words)


@pytest.mark.parametrize("words", CALLS)
def test_stdout_is_json_with_a_broken_readmodel_toml(words: str, tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text("broken")
    called(words)


@pytest.mark.parametrize("words", CALLS)
def test_stdout_is_empty_with_an_unknown_option(words: str) -> None:
    done = called(words, "--no-such-option")
    assert (done.exit_code, done.stdout) == (2, "")


TO_AWS = [words for words in CALLS if "--endpoint-url" in options_of(LEAVES[words])]


@pytest.fixture(scope="module")
def web_page() -> Iterator[str]:
    """The URL of a server that responds to every request with a web page."""

    class Page(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = b"<html><body>Welcome</body></html>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("words", TO_AWS)
def test_stdout_is_json_where_the_endpoint_is_a_web_page(words: str, web_page: str) -> None:
    done = called(words, "--endpoint-url", web_page, "--region", "eu-west-1", env=KEY)
    assert done.exit_code in (1, 2)
    assert done.stderr.splitlines()[-1].startswith("Error: ")


def test_publish_to_a_web_page_is_an_error(web_page: str) -> None:
    where = ("--bucket", "data-bucket", "--endpoint-url", web_page, "--region", "eu-west-1")
    for more in ((), ("--create-only",), ("--if-match", "e")):
        done = called("publish", *where, *more, env=KEY)
        assert "PutObject" in error_of(done, 1)


@pytest.mark.parametrize("ends", [KeyboardInterrupt, PermissionError(13, "Permission denied")])
@pytest.mark.parametrize("words", TO_AWS)
def test_stdout_is_empty_after_an_interruption_or_os_error(
    words: str, ends: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: object) -> Callable[..., Any]:
        raise ends

    monkeypatch.setattr(Connection, "client", end)
    done = called(words, "--region", "eu-west-1", env=KEY)
    assert done.exit_code == 1
    assert done.stdout == ""


def test_stdout_is_json_after_a_success(tmp_path: Path) -> None:
    assert json.loads(called("sandbox stop").stdout) == {"stopped": False}
    assert json.loads(run("lint", "--json").stdout) == []
    assert json.loads(run("audit", "--article", "--json").stdout)
    assert json.loads(run("audit", "--rules", "--json").stdout)
    (tmp_path / "readmodel.toml").unlink()
    assert json.loads(called("init").stdout)["file"] == "readmodel.toml"
