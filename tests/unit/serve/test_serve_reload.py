"""Reloading of the API when its file changes."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from facts import missing
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local.serve import reload
from readmodel_cfn.local.serve.api import Api, api_of
from readmodel_cfn.local.serve.app import App
from readmodel_cfn.local.serve.reload import Reloader
from readmodel_cfn.local.serve.source import Source
from serve_templates import GET, get, method, role, template


class Description:
    """A file, and the API made from it: its text is one more key, or invalid."""

    def __init__(self, root: Path) -> None:
        self.root, self.file = root, root / "description"
        self.notes: list[str] = []
        self.loads = 0
        self.file.write_text("")
        self.reloader = Reloader(self.file, self.load, self.notes.append)
        self.app = App(self.load(), None)

    def load(self) -> Api:
        self.loads += 1
        text = self.file.read_text() if self.file.exists() else ""
        if text == "broken":
            raise ConfigError("broken", where=str(self.file), hint="fix it")
        more = {"More": method("GET", "Things", text)} if text else {}
        return api_of(Source(template(**more)), self.root, self.notes.append)

    def look(self, times: int = 1) -> list[str]:
        """The lines of the next checks."""
        self.notes.clear()
        for _ in range(times):
            self.reloader.check(self.app)
        return self.notes

    def status(self) -> int:
        return self.app.api.answer(get("/things")).status


@pytest.fixture
def made(tmp_path: Path) -> Description:
    return Description(tmp_path)


def test_unchanged_file_is_not_reloaded(made: Description) -> None:
    assert made.look(5) == []
    assert made.loads == 1


def test_change_is_served_once_the_file_is_stable(made: Description) -> None:
    assert made.status() == 403
    made.file.write_text("all.json")
    assert made.look() == []
    (line,) = made.look()
    assert str(made.file) in line
    assert "+ /things" in line
    assert made.status() == 404
    assert made.look(3) == []
    assert made.loads == 2


def test_invalid_file_keeps_the_previous_api(made: Description) -> None:
    made.file.write_text("all.json")
    made.look(2)
    made.file.write_text("broken")
    (line,) = made.look(2)
    assert f"{made.file}: broken; fix it" in line
    assert made.status() == 404
    assert made.look(2) == []
    made.file.write_text("")
    (line,) = made.look(2)
    assert "- /things" in line
    assert made.status() == 403


def test_deleted_and_recreated_file_is_reloaded(made: Description) -> None:
    made.file.unlink()
    assert len(made.look(2)) == 1
    made.file.write_text("all.json")
    (line,) = made.look(2)
    assert "+ /things" in line


def test_file_replaced_with_the_same_date_is_reloaded(made: Description) -> None:
    before = made.file.stat()
    new = made.root / "new"
    new.write_text("")
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.rename(made.file)
    assert len(made.look(2)) == 1


def test_each_change_is_a_line(tmp_path: Path) -> None:
    before = api_of(Source(template()), tmp_path, print)
    other = template(Reader=role(GET), GetThing=method("GET", "Thing", "other/{id}.json"))
    other["Resources"]["Deployed"]["Properties"]["StageName"] = "next"
    refused = method("POST", "Things", "x")
    refused["Properties"]["AuthorizationType"] = "AWS_IAM"
    other["Resources"]["Post"] = refused
    stage, added, changed, finding = reload.changes(before, api_of(Source(other), tmp_path, print))
    assert missing(["next", "live"], stage) == []
    assert added == "+ /things"
    assert changed == "~ /things/{id}"
    assert "POST /things" in finding


def test_watch_reloads_until_cancelled(made: Description, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "INTERVAL", 0.001)
    made.file.write_text("all.json")

    async def until_reported() -> None:
        watching = asyncio.create_task(made.reloader.watch(made.app))
        async with asyncio.timeout(30):
            while not made.notes:
                await asyncio.sleep(0.001)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching

    asyncio.run(until_reported())
    assert made.status() == 404
