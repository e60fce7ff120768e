"""Each call of the table in docs/library.md returns what its command prints for the same state."""

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from documents import ROOT, blocks
from readmodel_cfn import ReadModel, ReadModelError, ReadModelStack, build_article
from readmodel_cfn.analysis.audit import audit, audit_report, to_sarif
from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.analysis.openapi import openapi
from readmodel_cfn.cli import main
from readmodel_cfn.config import Config, StackSettings, write_starter
from readmodel_cfn.errors import FindingsError, NoSuchDocument
from readmodel_cfn.lint import lint
from readmodel_cfn.local import sandbox as embedded
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.local.serve import ServedApi, serving
from readmodel_cfn.policy import policy
from readmodel_cfn.stacks import environments, status_all
from readmodel_cfn.template.render import build_template, render

PAGE = "docs/library.md"
TITLE = "## Each command and its call"
EXEMPT = {"completion"}  # it prints a script for a shell
ROUTE = '[[routes]]\npath = "{0}/{{id}}"\nkey = "{0}/{{id}}.json"\n'
KEYS = ("products/42.json", "products/43.json")
RELEASES = "-releases"  # the end of the name of the stack that has releases
BAD = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"No": 1}}}}'


@dataclass(frozen=True)
class Printed:
    """What a command with --json printed: one value, or the values of its lines."""

    result: Result

    @property
    def value(self) -> Any:
        return json.loads(self.result.stdout)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.result.stdout.splitlines()]


@dataclass
class Shop:
    """A stack, the command line in its folder, and the same stack in Python."""

    name: str
    folder: Path
    endpoint_url: str
    values: list[Any] = field(default_factory=list)

    def configure(self, *routes: str) -> None:
        tables = "".join(map(ROUTE.format, routes))
        (self.folder / "readmodel.toml").write_text(f'[stack]\nname = "{self.name}"\n{tables}')

    def named(self, name: str) -> "Shop":
        """The same for another stack."""
        return Shop(name, self.folder, self.endpoint_url)

    def with_releases(self) -> "Shop":
        """A stack with releases, deployed when it is first needed, with a release named first.

        Each row needs it, whatever the rows before it did: one of them deletes releases.
        """
        made = self.named(f"{self.name}{RELEASES}")
        self.configure("products")
        with (self.folder / "readmodel.toml").open("a") as file:
            file.write("[releases]\n")
        made.stack.deploy()
        if "first" not in {each.release for each in made.stack.releases()}:
            made.stack.publish_release({KEYS[0]: 1}, release="first", force=True)
        return made

    def run(self, *words: str, exits: int = 0) -> Printed:
        """Run a command that needs no account."""
        done = CliRunner().invoke(main, words)
        assert done.exit_code == exits, done.output
        return Printed(done)

    def __call__(self, *words: str, exits: int = 0) -> Printed:
        """Run a command on the stack."""
        to_stack = ("--stack-name", self.name, "--endpoint-url", self.endpoint_url)
        return self.run(*words, *to_stack, exits=exits)

    @property
    def stack(self) -> ReadModelStack:
        return ReadModelStack.from_config(name=self.name, endpoint_url=self.endpoint_url)

    @property
    def model(self) -> ReadModel:
        return self.stack.model

    def on_progress(self, value: Any) -> None:
        """Keep the values that a command prints as JSON lines."""
        if hasattr(value, "kind"):
            self.values.append({value.kind: plain(value.as_dict())})


Check = Callable[[Shop], None]
CHECKS: dict[str, Check] = {}


def row(commands: str) -> Callable[[Check], Check]:
    """Registers the check of a row of the table, by the row's commands."""

    def register(check: Check) -> Check:
        assert commands not in CHECKS
        CHECKS[commands] = check
        return check

    return register


def plain(value: Any) -> Any:
    """The value as a program that parses JSON gets it: tuples are lists."""
    return json.loads(json.dumps(value))


def without(value: Any, *names: str) -> Any:
    """The value; the values of these keys, wherever they are, are replaced by a fixed text."""
    if isinstance(value, dict):
        return {
            key: "differs" if key in names else without(item, *names) for key, item in value.items()
        }
    return [without(item, *names) for item in value] if isinstance(value, list) else value


def types(value: dict[str, Any]) -> dict[str, type]:
    """The keys and the types of their values."""
    return {key: type(item) for key, item in value.items()}


def in_order(lines: list[Any]) -> list[Any]:
    """The lines of documents, which are sent in parallel, in the order of their text."""
    return sorted(lines, key=lambda line: json.dumps(line, sort_keys=True))


def rows() -> dict[str, str]:
    """The rows of the table: the cell with the calls, by the cell with the commands."""
    text = (ROOT / PAGE).read_text(encoding="utf-8").partition(TITLE)[2].lstrip()
    _, _, *lines = text.partition("\n\n")[0].splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines]
    return {commands: calls for commands, calls, _ in cells}


ROWS = rows()


def test_each_command_has_a_row() -> None:
    with click.Context(main) as context:
        commands = set(main.list_commands(context))
    assert {words.split("`")[1].split()[0] for words in ROWS} == commands - EXEMPT


def test_each_row_has_a_check() -> None:
    assert set(CHECKS) == set(ROWS)


def test_each_method_in_the_table_exists() -> None:
    calls = [span for calls in ROWS.values() for span in calls.split("`")[1::2]]
    methods = {call.partition("(")[0].partition(".")[2] for call in calls if call[:5] == "shop."}
    assert {name for name in methods if not hasattr(ReadModelStack, name)} == set()


@pytest.fixture
def deploy_without_lint() -> None:
    """`lint` is one of the rows."""


@pytest.fixture(scope="module")
def deployed(
    sandbox: Sandbox,
    environment_of_sandbox: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    """One stack for all rows; its first document has two versions."""
    folder = tmp_path_factory.mktemp("library")
    for key in KEYS:
        (folder / "data" / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / "data" / key).write_text(json.dumps({"key": key}))
    made = Shop(f"library-{secrets.token_hex(4)}", folder, sandbox.endpoint_url)
    made.configure("products")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment_of_sandbox.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        made.stack.deploy()
        made.stack.publish({KEYS[0]: {"old": True}})
        made.stack.publish("data")
        yield made
        for each in (made, made.named(f"{made.name}{RELEASES}")):
            each.stack.delete(with_data=True, confirm=lambda _: True)


@pytest.fixture
def shop(
    deployed: Shop,
    use_sandbox: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> Shop:
    monkeypatch.chdir(deployed.folder)
    deployed.configure("products")
    deployed.values.clear()
    return deployed


@pytest.mark.parametrize("commands", ROWS)
def test_call_returns_what_the_command_prints(commands: str, shop: Shop) -> None:
    CHECKS[commands](shop)


@row("`deploy`")
def deploy(shop: Shop) -> None:
    printed = shop("deploy", "--yes", "--json").lines
    result = shop.stack.deploy(on_progress=shop.on_progress)
    assert [*shop.values, {"result": result.as_dict()}] == printed
    shown = shop("deploy", "--yes").result
    assert str(result) in shown.stderr.splitlines()
    assert shown.stdout.split() == list(result.urls.values())


@row("`diff`")
def diff(shop: Shop) -> None:
    assert shop.stack.diff().as_dict() == shop("diff", "--json").value
    shop.configure("products", "orders")
    changed = shop("diff", "--json", exits=5).value
    assert changed["resources"]
    assert plain(shop.stack.diff().as_dict()) == changed


@row("`follow`")
def follow(shop: Shop) -> None:
    printed = shop("follow", "--json").lines
    result = shop.stack.follow(on_progress=shop.on_progress)
    assert [*shop.values, {"result": result.as_dict()}] == printed
    assert str(result) in shop("follow").result.stderr.splitlines()


@row("`outputs`")
def outputs(shop: Shop) -> None:
    printed = shop("outputs", "--json").value
    assert shop.stack.outputs() == printed
    assert shop.stack.url("products/42") == f"{printed['ApiUrl']}/products/42"
    urls = {route.path: f"{printed['ApiUrl']}/{route.path}" for route in shop.model.routes}
    only_named = ReadModelStack(shop.name, endpoint_url=shop.endpoint_url)
    assert shop.stack.route_urls() == only_named.route_urls() == urls
    assert shop("outputs").result.stdout.splitlines()[-1:] == list(urls.values())


@row("`status`")
def status(shop: Shop) -> None:
    assert plain(shop.stack.status().as_dict()) == shop("status", "--json").value
    found = shop.stack.status(drift=True)
    assert found.drift
    assert plain(found.as_dict()) == shop("status", "--drift", "--json").value
    assert str(found) in shop("status").result.stdout.splitlines()


@row("`status --all`")
def every_status(shop: Shop) -> None:
    """One environment is deployed, the other is not."""
    tables = f'[env.one.stack]\nname = "{shop.name}"\n[env.two.stack]\nname = "{shop.name}-no"\n'
    with Path("readmodel.toml").open("a") as file:
        file.write(tables)
    place = ("--endpoint-url", shop.endpoint_url)
    printed = shop.run("status", "--all", "--json", *place, exits=1)
    found = status_all(environments("readmodel.toml", endpoint_url=shop.endpoint_url))
    shop.configure("products")
    assert plain(found.as_dict()) == printed.value
    assert [bool(each.status) for each in found] == [True, False]
    with pytest.raises(ReadModelError, match=f"{shop.name}-no"):
        found.raise_if_broken()


@row("`diagnose`")
def diagnose(shop: Shop) -> None:
    found = shop.stack.diagnose()
    assert plain(found.as_dict()) == shop("diagnose", "--json").value
    assert str(found) in shop("diagnose").result.stdout.splitlines()


@row("`publish PATH...`")
def publish(shop: Shop) -> None:
    *sent, last = shop("publish", "data", "--force", "--json").lines
    assert len(sent) == len(KEYS)
    result = shop.stack.publish("data", force=True, on_progress=shop.on_progress)
    assert in_order(shop.values) == in_order(sent)
    differs = "seconds"
    assert without({"result": result.as_dict()}, differs) == without(last, differs)

    documents = {key: (shop.folder / "data" / key).read_bytes() for key in KEYS}
    result = shop.stack.publish(documents, force=True)
    assert without({"result": result.as_dict()}, differs) == without(last, differs)

    # The line has the seconds that it took and the rate; the counts come before them.
    line, *urls = shop("publish", "data").result.stdout.splitlines()
    assert urls == list(result.urls.values())
    assert str(shop.stack.publish("data")).partition(" in ")[0] == line.partition(" in ")[0]


@row("`publish FILE --key KEY`")
def publish_one(shop: Shop) -> None:
    file, key = f"data/{KEYS[1]}", KEYS[1]
    printed = without(shop("publish", file, "--key", key, "--json").value, "version")
    by_file = shop.stack.publish_file(file, key=key)
    by_value = shop.stack.publish_document(key, Path(file).read_bytes())
    assert without(by_file.as_dict(), "version") == printed
    assert without(by_value.as_dict(), "version") == printed


@row("`publish PATH... --release`")
def publish_release(shop: Shop) -> None:
    released = shop.with_releases()
    started, *sent, last = released("publish", "data", "--release=a", "--force", "--json").lines
    result = released.stack.publish_release(
        "data", release="b", force=True, on_progress=released.on_progress
    )
    differs = ("seconds", "release", "previous")
    found = without(released.values, *differs)
    assert in_order(found) == in_order(without([started, *sent], *differs))
    assert without({"result": result.as_dict()}, *differs) == without(last, *differs)

    values = {key: (shop.folder / "data" / key).read_bytes() for key in KEYS}
    assert released.stack.publish_release(values).release == "b"
    first, line, *urls = released("publish", "data", "--release").result.stdout.splitlines()
    assert "b" in first.split()
    assert urls == list(result.urls.values())
    again = str(released.stack.publish_release("data"))
    assert again.partition(" in ")[0] == line.partition(" in ")[0]


@row("`publish PATH... --release --dry-run`")
def plan_release(shop: Shop) -> None:
    released = shop.with_releases()
    Path("data/products/44.json").write_text("44")
    words = ("publish", "data", "--release", "--dry-run", "--json")
    (printed,) = released(*words, exits=5).lines
    found = released.stack.plan_release("data")
    Path("data/products/44.json").unlink()
    assert {"plan": found.as_dict()} == printed
    assert "products/44.json" in found.send


@row("`release list`")
def list_releases(shop: Shop) -> None:
    released = shop.with_releases()
    printed = released("release", "list", "--json").value
    found = released.stack.releases()
    assert plain([each.as_dict() for each in found]) == printed
    assert released("release", "list").result.stdout.count("live") >= 1


@row("`release activate ID`")
def activate(shop: Shop) -> None:
    released = shop.with_releases()
    released.stack.activate("first")
    printed = released("release", "activate", "first", "--json").value
    found = released.stack.activate("first")
    assert found.as_dict() == printed
    assert str(found) in released("release", "activate", "first").result.stdout.splitlines()


@row("`release rollback`")
def rollback(shop: Shop) -> None:
    """Each rollback undoes the one before."""
    released = shop.with_releases()
    released.stack.publish_release({KEYS[0]: 2}, release="second", force=True)
    printed = released("release", "rollback", "--json").value
    released.stack.rollback()
    assert released.stack.rollback().as_dict() == printed


@row("`release prune`")
def prune(shop: Shop) -> None:
    released = shop.with_releases()

    def publish_three() -> None:
        for number in range(3):
            released.stack.publish_release({KEYS[0]: number}, force=True)

    publish_three()
    released.stack.prune(keep=1)
    publish_three()
    printed = released("release", "prune", "--keep", "1", "--yes", "--json").value
    publish_three()
    found = released.stack.prune(keep=1)
    assert without(found.as_dict(), "deleted") == without(printed, "deleted")
    assert len(found.deleted) == len(printed["deleted"]) == 3
    nothing = released.stack.prune(keep=1)
    assert str(nothing) in released("release", "prune", "--keep", "1").result.stdout.splitlines()


@row("`publish --dry-run`")
def plan(shop: Shop) -> None:
    (unchanged,) = shop("publish", "data", "--dry-run", "--json").lines
    found = shop.stack.publish("data", dry_run=True)
    assert {"plan": found.as_dict()} == unchanged
    assert str(found) in shop("publish", "data", "--dry-run").result.stdout.splitlines()

    (forced,) = shop("publish", "data", "--dry-run", "--force", "--json", exits=5).lines
    assert {"plan": shop.stack.publish("data", dry_run=True, force=True).as_dict()} == forced

    file, key = f"data/{KEYS[0]}", KEYS[0]
    (one_file,) = shop("publish", file, "--key", key, "--dry-run", "--json", exits=5).lines
    assert {"plan": shop.stack.plan_file(file, key=key).as_dict()} == one_file


@row("`history KEY`")
def history(shop: Shop) -> None:
    printed = shop("history", KEYS[0], "--json").value
    assert len(printed) > 1
    assert [version.as_dict() for version in shop.stack.history(KEYS[0])] == printed


@row("`restore KEY VERSION`")
def restore(shop: Shop) -> None:
    key = KEYS[0]
    oldest = shop.stack.history(key)[-1].id
    printed = shop("restore", key, oldest, "--yes", "--json").value
    restored = shop.stack.restore(key, oldest)
    assert without(restored.as_dict(), "version") == without(printed, "version")
    current = shop.stack.history(key)[0].id
    unchanged = shop("restore", key, current, "--yes", "--json").value
    assert shop.stack.restore(key, current).as_dict() == unchanged
    shop.stack.publish("data")


@row("`ls PREFIX`")
def documents(shop: Shop) -> None:
    printed = [line["document"] for line in shop("ls", "products/", "--json").lines]
    assert [document["key"] for document in printed] == list(KEYS)
    assert [document.as_dict() for document in shop.stack.documents("products/")] == printed
    assert shop("ls").result.stdout.count("products/{id}") == len(KEYS)


@row("`publish PATH... --version N`")
def publish_version(shop: Shop) -> None:
    key, file = KEYS[0], f"data/{KEYS[0]}"
    value = Path(file).read_bytes()
    try:
        assert shop.stack.publish({key: value}, version=7).sent == 1
        done = shop.stack.publish_document(key, value, version=7)
        assert (
            shop("publish", file, "--key", key, "--version", "7", "--json").value == done.as_dict()
        )
        stale = shop("publish", file, "--key", key, "--version", "6", "--json").value
        assert stale["outcome"] == "stale"
        assert shop.stack.publish({key: value}, version=6).stale == 1
    finally:
        shop.stack.publish("data", force=True)


@row("`unpublish KEY... --version N`")
def unpublish_version(shop: Shop) -> None:
    key = KEYS[1]
    try:
        result = shop.stack.unpublish(key, version=8, on_progress=shop.on_progress)
        *reported, last = shop("unpublish", key, "--version", "8", "--yes", "--json").lines
        assert shop.values == reported
        assert last == {"result": result.as_dict()}
        found = shop("unpublish", key, "--version", "8", "--yes").result
        assert str(result) in found.stdout
    finally:
        shop.stack.publish("data", force=True)


@row("`unpublish --older-than 30d`")
def prune_unpublished(shop: Shop) -> None:
    key, words = KEYS[1], ("unpublish", "--older-than", "0s", "--yes")
    try:
        shop.stack.unpublish(key, version=8)
        *reported, last = shop(*words, "--json").lines
        shop.stack.unpublish(key, version=8)
        shop.values.clear()
        result = shop.stack.prune_unpublished(timedelta(0), on_progress=shop.on_progress)
        assert result.pruned == (key,)
        assert shop.values == reported
        assert last == {"result": result.as_dict()}
        nothing = shop.stack.prune_unpublished(timedelta(days=30))
        assert str(nothing) in shop(*words).result.stdout
    finally:
        shop.stack.publish("data", force=True)


@row("`unpublish KEY...`")
def unpublish(shop: Shop) -> None:
    key, missing, differs = KEYS[1], "products/44.json", "version"
    for all_versions in (False, True):
        words = ["--all-versions"] * all_versions
        *_, first = shop("unpublish", key, "--all-versions", "--yes", "--json").lines
        assert first["result"]["missing"] == []
        shop.stack.publish("data")
        *reported, last = shop("unpublish", key, missing, *words, "--yes", "--json").lines
        shop.stack.unpublish(key, all_versions=True, confirm=lambda _: True)
        shop.stack.publish("data")
        shop.values.clear()
        result = shop.stack.unpublish(
            key,
            missing,
            all_versions=all_versions,
            confirm=lambda _: True,
            on_progress=shop.on_progress,
        )
        assert without(shop.values, differs) == without(reported, differs)
        assert {"result": result.as_dict()} == last
        shop.stack.publish("data")
    assert str(shop.stack.unpublish(missing)) in shop("unpublish", missing).result.stdout


@row("`read PATH`")
def read(shop: Shop) -> None:
    ids = ("x-amzn-requestid", "x-amz-request-id", "x-amz-apigw-id", "x-amzn-trace-id")
    differs = ("seconds", "date", *ids)
    for path, exits in {"products/43": 0, "products/44": 10}.items():
        printed = shop("read", path, "--json", exits=exits).value
        response = shop.stack.read(path)
        assert without(response.as_dict(), *differs) == without(printed, *differs)
        assert response.ok == (exits == 0)
    with pytest.raises(NoSuchDocument):
        response.raise_for_status()


@row("`verify`")
def verify(shop: Shop) -> None:
    printed = shop("verify", "--yes", "--json")
    result = shop.stack.verify()
    found, expected = plain(result.as_dict()), printed.value
    for value in (found, expected):
        for promise in value["promises"]:
            if promise["name"] in ("ETag", "compression"):  # the probe has random text
                promise["what"] = "differs"
    differs = ("key", "url")  # the probe has a new key each time
    assert without(found, *differs) == without(expected, *differs)
    assert str(result) in printed.result.stderr.splitlines()


@row("`verify --concurrency`")
def race(shop: Shop) -> None:
    words = ("--readers", "1", "--size", "2000", "--seconds", "0.2")
    printed = shop("verify", "--concurrency", *words, "--yes", "--json").value
    raced = plain(shop.stack.race(readers=1, size=2000, seconds=0.2).as_dict())
    assert types(raced) == types(printed)
    assert [list(phase) for phase in raced["phases"]] == [
        list(phase) for phase in printed["phases"]
    ]
    assert (raced["passed"], raced["left"]) == (printed["passed"], printed["left"])


@row("`verify --releases`")
def verify_releases(shop: Shop) -> None:
    released = shop.with_releases()
    printed = released("verify", "--releases", "--readers", "1", "--yes", "--json").value
    found = plain(released.stack.verify_releases(readers=1).as_dict())
    assert types(found) == types(printed)
    assert (found["passed"], found["left"]) == (printed["passed"], printed["left"]) == (True, [])


@row("`delete`")
def delete(shop: Shop) -> None:
    """Twin stacks, one for the command and one for the call, which also deploy them."""
    command, call = shop.named(f"{shop.name}-command"), shop.named(f"{shop.name}-call")
    for with_data in (False, True):
        _deploy_both(command, call)
        options = [f"--with-data={command.name}"] if with_data else []
        printed = command("delete", "--yes", "--json", *options).value
        deleted = call.stack.delete(with_data=with_data, confirm=lambda _: True)
        found = plain(deleted.as_dict())
        by_bucket = [list(each.pop("removed_buckets").values()) for each in (found, printed)]
        assert by_bucket[0] == by_bucket[1]  # the names of the buckets are random
        differs = ("deleted", "physical_id", "stack")
        assert without(found, *differs) == without(printed, *differs)
        assert found["deleted"] == call.name
    _deploy_both(command, call)
    lines = command("delete", "--yes").result.stderr.splitlines()
    deleted = call.stack.delete(confirm=lambda _: True)
    assert lines[-1].count("Kept ") == str(deleted).count("Kept ") == len(deleted.kept) > 0


def _deploy_both(command: Shop, call: Shop) -> None:
    """Create both, and compare the results and what is reported; IDs and names differ."""
    printed = command("deploy", "--yes", "--json").lines
    result = call.stack.deploy(on_progress=call.on_progress)
    last = printed.pop()["result"]
    assert (result.status, list(result.outputs)) == (last["status"], list(last["outputs"]))
    events = [[line for line in lines if "event" not in line] for lines in (call.values, printed)]
    differs = ("where", "why", "stack")
    assert without(events[0], *differs) == without(events[1], *differs)
    assert {shape_of_event(line) for line in call.values} == {
        shape_of_event(line) for line in printed
    }
    call.values.clear()
    for twin in (command, call):
        twin.stack.publish({KEYS[0]: 1})


def shape_of_event(line: Any) -> str:
    """The keys of a line and of its value."""
    ((kind, value),) = line.items()
    return f"{kind}: {', '.join(value)}"


@row("`template`")
def template(shop: Shop) -> None:
    assert render(build_template(shop.model)) == shop.run("template").result.stdout


@row("`lint`")
def lint_template(shop: Shop) -> None:
    (shop.folder / "bad.json").write_text(BAD)
    printed = shop.run("lint", "bad.json", "--json", exits=3).value
    assert printed
    assert [finding.as_dict() for finding in lint(Path("bad.json"))] == printed
    assert [finding.as_dict() for finding in lint(shop.model)] == shop.run("lint", "--json").value


@row("`audit`")
def audit_template(shop: Shop) -> None:
    printed = shop.run("audit", "--article", "--json", exits=3).value
    assert printed
    assert audit_report(build_article()).as_dict() == printed
    assert [finding.as_dict() for finding in audit(build_article())] == printed["findings"]
    assert audit_report(shop.model).as_dict() == shop.run("audit", "--json").value


@row("`audit --fail-on high`")
def audit_failing_on_high(shop: Shop) -> None:
    shop.run("audit", "--article", "--fail-on", "high", exits=3)
    with pytest.raises(FindingsError):
        audit_report(build_article()).require_none("template", "high")
    shop.run("audit", "--fail-on", "high")
    audit_report(shop.model).require_none("template", "high")


@row("`audit FILE --format sarif`")
def audit_as_sarif(shop: Shop) -> None:
    (shop.folder / "site.json").write_text(render(build_article()))
    printed = shop.run("audit", "site.json", "--format", "sarif", exits=3).value
    report = audit_report(Path("site.json"))
    assert to_sarif(report.findings, "site.json", report.unchecked) == printed


@row("`graph`")
def graph(shop: Shop) -> None:
    assert flowchart(shop.model) == shop.run("graph").result.stdout


@row("`policy`")
def policy_of_stack(shop: Shop) -> None:
    (shop.folder / "site.json").write_text(render(build_template(shop.model)))
    printed = shop.run("policy", "--for", "deploy", "--for", "read").value
    assert json.loads(shop.stack.policy("deploy", "read").to_json()) == printed
    assert json.loads(shop.stack.policy().to_json()) == shop.run("policy").value
    of_file = shop.run("policy", "site.json", "--stack-name", shop.name).value
    assert json.loads(policy(Path("site.json"), shop.name).to_json()) == of_file


@row("`estimate PATH...`")
def estimate(shop: Shop) -> None:
    words = ("estimate", "data", "--reads", "1000000", "--writes", "1000", "--json")
    found = shop.stack.estimate("data", reads=1_000_000, writes=1_000)
    assert found.as_dict() == shop.run(*words).value
    printed = shop.run(*words, "--hit-rate", "90", "--region", "us-east-1").value
    cached = shop.stack.estimate(
        "data", reads=1_000_000, writes=1_000, hit_rate=90, region="us-east-1"
    )
    assert cached.as_dict() == printed
    values = {key: (shop.folder / "data" / key).read_bytes() for key in KEYS}
    of_values = shop.stack.estimate(values, reads=1_000_000, writes=1_000)
    assert of_values.usage.sizes
    assert of_values.usage.sizes.documents == len(KEYS)


@row("`openapi`")
def describe(shop: Shop) -> None:
    (shop.folder / "site.json").write_text(render(build_template(shop.model)))
    printed = shop.run("openapi", "site.json").value
    assert openapi(shop.model) == printed
    assert openapi(Path("site.json")) == printed
    named = openapi(shop.model, stack_name=shop.name)
    assert named == shop.run("openapi").value
    assert shop.stack.openapi() == named


@row("`openapi --deployed`")
def describe_deployed(shop: Shop) -> None:
    found = shop.stack.openapi(deployed=True)
    assert found == shop("openapi", "--deployed").value
    assert found["servers"] == [{"url": shop.stack.url()}]


@row("`serve`")
def serve(shop: Shop) -> None:
    (shop.folder / "served.json").write_text(render(build_template(shop.model)))
    found: list[ServedApi] = []

    def on_progress(value: object) -> None:
        if isinstance(value, ServedApi):
            found.append(value)

    differs = ("url", "pid")  # the port is a free one
    with shop.stack.serving("data", on_progress=on_progress) as url:
        assert found[0].url == url
    printed = _served()
    assert without(plain(found[0].as_dict()), *differs) == without(printed, *differs)
    with serving(Path("served.json"), "data", on_progress=on_progress) as url:
        assert found[1].url == url
    printed = _served("--template", "served.json")
    assert without(plain(found[1].as_dict()), *differs) == without(printed, *differs)


def _served(*options: str) -> Any:
    """What `serve --json` prints once it serves."""
    program = [sys.executable, "-m", "readmodel_cfn", "serve", "--json", "--quiet", *options]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            return json.loads(process.stdout.readline())  # type: ignore[union-attr]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@row("`sandbox start`, `status`, `stop`")
def sandbox_commands(shop: Shop) -> None:
    box = embedded.status()
    assert box
    assert box.as_dict() == shop.run("sandbox", "status", "--json").value
    assert embedded.start().as_dict() == shop.run("sandbox", "start", "--json").value
    with pytest.MonkeyPatch.context() as patch:  # the sandbox of the run is not stopped
        patch.setenv("READMODEL_CFN_HOME", str(shop.folder / "home"))
        assert {"stopped": embedded.stop()} == shop.run("sandbox", "stop", "--json").value


@row("`init`")
def init(shop: Shop) -> None:
    file = shop.folder / "readmodel.toml"
    file.unlink()
    printed = shop("init", "--existing", "--json").value
    text = file.read_text()
    file.unlink()
    stack = ReadModelStack(shop.name, endpoint_url=shop.endpoint_url)
    assert stack.check_new_name(existing=True)
    config = Config(StackSettings(name=shop.name))
    assert write_starter("readmodel.toml", config).as_dict() == printed
    assert file.read_text() == text


@pytest.mark.usefixtures("shop")  # for the environment
def test_first_program_has_at_most_12_lines_and_runs(capsys: pytest.CaptureFixture[str]) -> None:
    first = blocks(PAGE)[0]
    assert len(first.text.splitlines()) <= 12
    names: dict[str, Any] = {}
    exec(compile(first.text, first.place, "exec"), names)  # noqa: S102
    assert "Lamp" in capsys.readouterr().out
    names["shop"].delete(with_data=True, confirm=lambda _: True)
