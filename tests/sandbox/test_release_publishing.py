"""Releases on the embedded AWS: the commands, the refusals, and each writer with its own grants."""

import json
import secrets
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from readmodel_cfn.cli import main
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.verify.releases.measure import measure
from stacks import TIMEOUT, Answer

Send = Callable[..., Answer]
ROUTE = '[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'
RELEASES = "[releases]\npreview = true\n"
COUNT = 6


@dataclass
class Shop:
    """A stack, and the command line in its folder."""

    folder: Path
    sandbox: Sandbox
    name: str
    writer: str = '["put"]'

    def configure(self, releases: str = RELEASES) -> None:
        writer = f"[writer]\nallow = {self.writer}\n"
        text = f'[stack]\nname = "{self.name}"\n{writer}{releases}{ROUTE}'
        (self.folder / "readmodel.toml").write_text(text)

    def write(self, version: int, count: int = COUNT) -> None:
        """Write so many documents, of which the first two have the version."""
        folder = self.folder / "data/products"
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(COUNT):
            file = folder / f"{number}.json"
            file.unlink(missing_ok=True)
            if number < count:
                text = {"n": number, "v": version if number < 2 else 1}
                file.write_text(json.dumps(text))

    def __call__(self, line: str, exits: int = 0) -> Result:
        place = ["--config", str(self.folder / "readmodel.toml")]
        place += ["--endpoint-url", self.sandbox.endpoint_url]
        words = [
            str(self.folder / word) if word.partition("/")[0] == "data" else word
            for word in shlex.split(line)
        ]
        done = CliRunner().invoke(main, [*words, *place])
        assert done.exit_code == exits, done.output
        return done

    def publish(self, line: str = "", exits: int = 0) -> dict[str, Any]:
        """Publish the folder as a release; the last line."""
        done = self(f"publish data --release {line} --json", exits)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["result"]
        return found

    def json(self, line: str) -> Any:
        return json.loads(self(f"{line} --json").stdout)

    @property
    def api(self) -> str:
        found: str = self.json("outputs")["ApiUrl"]
        return found.rsplit("/", 2)[1] if "_aws" in found else found.split("/")[2].split(".")[0]


@pytest.fixture(scope="module")
def environment_of_root(sandbox: Sandbox, sandbox_home: Path) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": sandbox.access_key_id,
        "AWS_SECRET_ACCESS_KEY": sandbox.secret_access_key,
        "AWS_DEFAULT_REGION": sandbox.region,
        "READMODEL_CFN_HOME": str(sandbox_home),
    }


@pytest.fixture(autouse=True)
def _root(environment_of_root: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment_of_root.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def shop(tmp_path: Path, sandbox: Sandbox) -> Iterator[Shop]:
    made = Shop(tmp_path, sandbox, f"releases-{secrets.token_hex(4)}")
    made.configure()
    made("deploy --yes")
    yield made
    made(f"delete --yes --with-data={made.name}")


def served(shop: Shop, send: Send, stage: str = "v1") -> tuple[list[int], set[str]]:
    """The versions of the first two documents, and the releases that the responses name."""
    answers = [send(shop.api, f"/{stage}/products/{number}") for number in range(2)]
    assert {answer.status for answer in answers} == {200}
    versions = [json.loads(answer.body)["v"] for answer in answers]
    return versions, {answer.headers["x-release"] for answer in answers}


def test_release_is_published_listed_rolled_back_and_pruned(shop: Shop, send: Send) -> None:
    shop.write(1)
    first = shop.publish()
    assert (first["documents"], first["sent"], first["stage"]) == (COUNT, COUNT, "v1")
    assert served(shop, send) == ([1, 1], {first["release"]})
    shop.write(2)
    second = shop.publish("two")
    assert (second["sent"], second["copied"]) == (2, COUNT - 2)
    assert served(shop, send) == ([2, 2], {"two"})
    shop.write(3, count=3)
    third = shop.publish("three --no-activate")
    assert third["stage"] is None
    assert served(shop, send) == ([2, 2], {"two"})
    shop("release activate three")
    assert send(shop.api, "/v1/products/5").status == 404
    assert shop.json("release rollback")["release"] == "two"
    assert served(shop, send) == ([2, 2], {"two"})
    listed = {each["release"]: each for each in shop.json("release list")}
    assert {name for name, each in listed.items() if each["live"]} == {"two"}
    assert listed["two"]["stages"] == ["v1"]
    assert listed["three"]["previous"]
    pruned = shop.json("release prune --keep 1 --yes")
    assert pruned["deleted"] == []  # the first is the one before the live one
    shop.write(4)
    shop.publish("four")
    pruned = shop.json("release prune --keep 1 --yes")
    assert set(pruned["deleted"]) == {first["release"]}
    assert served(shop, send) == ([4, 4], {"four"})


def test_preview_stage_serves_a_release_of_its_own(shop: Shop, send: Send) -> None:
    shop.write(1)
    shop.publish("one")
    shop.write(2)
    assert shop.publish("two --stage preview")["stage"] == "preview"
    assert served(shop, send) == ([1, 1], {"one"})
    assert served(shop, send, "preview") == ([2, 2], {"two"})
    assert shop.json("release activate two")["previous"] == "one"
    assert served(shop, send) == ([2, 2], {"two"})


@pytest.mark.parametrize(
    "line",
    [
        "publish data",
        "publish data/products/0.json --key products/0.json",
        "publish data --create-only",
        "publish data --delete-missing --yes",
        "publish data --dry-run",
        "restore products/0.json version --yes",
        "unpublish products/0.json --yes",
    ],
)
def test_single_documents_are_refused(tmp_path: Path, sandbox: Sandbox, line: str) -> None:
    shop = Shop(tmp_path, sandbox, "none")
    shop.configure()
    shop.write(1)
    (error,) = shop(line, exits=2).stderr.splitlines()
    assert "--release" in error


@pytest.mark.parametrize(
    "line",
    [
        "publish data --release",
        "release list",
        "release rollback",
        "release prune --yes",
        "release activate one",
    ],
)
def test_without_the_table_releases_are_refused(
    tmp_path: Path, sandbox: Sandbox, line: str
) -> None:
    shop = Shop(tmp_path, sandbox, "none")
    shop.configure(releases="")
    shop.write(1)
    (error,) = shop(line, exits=2).stderr.splitlines()
    assert "[releases]" in error


GRANTS = {
    '["put"]': (COUNT, 0),
    '["put", "compare"]': (2, COUNT - 2),
    '["put", "list"]': (COUNT, 0),
    '["put", "compare", "list"]': (2, COUNT - 2),
}


@pytest.mark.parametrize("allow", GRANTS)
def test_writer_publishes_with_exactly_its_grants(
    tmp_path: Path, sandbox: Sandbox, send: Send, allow: str
) -> None:
    shop = Shop(tmp_path, sandbox, f"grants-{secrets.token_hex(4)}", allow)
    shop.configure()
    shop("deploy --yes")
    shop.write(1)
    shop.publish("one --as-writer")
    shop.write(2)
    found = shop.publish("two --as-writer")
    assert (found["sent"], found["copied"]) == GRANTS[allow]
    assert served(shop, send) == ([2, 2], {"two"})
    shop(f"delete --yes --with-data={shop.name}")


def test_verify_checks_the_live_release_and_leaves_it_unchanged(shop: Shop, send: Send) -> None:
    assert "--release" in shop("verify --yes", exits=1).stderr
    shop.write(1)
    shop.publish("one")
    before = shop.json("release list")
    found = shop.json("verify --yes")
    assert [each for each in found["promises"] if each["status"] == "broken"] == []
    assert found["key"].startswith("releases/one/products/")
    assert shop.json("release list") == before
    assert served(shop, send) == ([1, 1], {"one"})
    raced = shop.json("verify --concurrency --yes --seconds 0.5 --readers 2 --size 1000")
    assert raced["passed"]
    assert shop("ls releases/one/ --json").stdout.count('"key"') == COUNT


@pytest.mark.parametrize("releases", [RELEASES, "[releases]\n"])
def test_verify_releases_switches_a_stage_and_back(
    tmp_path: Path,
    sandbox: Sandbox,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
    releases: str,
) -> None:
    slow = partial(measure, seen_within=TIMEOUT)  # on a busy machine
    monkeypatch.setattr("readmodel_cfn.verify.releases.run.measure", slow)
    shop = Shop(tmp_path, sandbox, f"switches-{secrets.token_hex(4)}")
    shop.configure(releases)
    shop("deploy --yes")
    assert "--release" in shop("verify --releases --yes", exits=1).stderr
    shop.write(1)
    shop.publish("one")
    stage = "preview" if "preview" in releases else "v1"
    found = shop.json("verify --releases --yes --readers 2")
    assert (found["stage"], found["releases"], found["unseen"]) == (stage, 50, [])
    assert (found["passed"], found["mixed_pages"], found["left"]) == (True, 0, [])
    assert found["pages"] >= 50
    assert [each["release"] for each in shop.json("release list")] == ["one"]
    assert served(shop, send, stage) == ([1, 1], {"one"})
    shop(f"delete --yes --with-data={shop.name}")
