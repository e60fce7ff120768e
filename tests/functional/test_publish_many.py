"""`publish` of directories and of many files: all are validated first, only changes are sent."""

import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from errno import ENOSPC
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from functional_aws import OUTPUTS, TARGET, Aws, enter_project, error_of, run, stubbed

from fake_objects import FakeObjects
from readmodel_cfn.cli import reporter
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.progress import Count
from readmodel_cfn.publish import changes
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Deleted
from readmodel_cfn.publish.results import PublishResult
from readmodel_cfn.threads import Watch

ROUTES = """
[[routes]]
path = "samples"
key = "payload.json"
[[routes]]
path = "products/{id}"
key = "products/{id}.json"
"""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    (tmp_path / "readmodel.toml").write_text(ROUTES)
    with stubbed(monkeypatch) as made:
        yield made


@pytest.fixture
def objects(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> FakeObjects:
    made = FakeObjects()
    monkeypatch.setattr(changes, "Objects", lambda to: made if is_ours(to) else None)
    assert aws.calls == []
    return made


def is_ours(to: Destination) -> bool:
    return to.bucket == "mine" and to.region == "eu-west-1"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with payload.json and five products."""
    write(tmp_path / "data", {"payload.json": 1, **{f"products/{n}.json": n for n in range(5)}})
    return tmp_path / "data"


def write(folder: Path, documents: dict[str, object]) -> None:
    for path, value in documents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(value if isinstance(value, str) else json.dumps(value))


def publish(*arguments: str) -> Result:
    return run("publish", *arguments, "--region", "eu-west-1", "--bucket", "mine")


def lines(result: Result, kind: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return [record[kind] for record in found if kind in record]


def counts(result: Result) -> list[int]:
    """The counts of the result line: sent, unchanged, and perhaps deleted or invalid."""
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    return [int(count) for count in re.findall(r"\d+", line.partition(", in ")[0])]


@pytest.mark.usefixtures("data")
def test_directory_is_published_to_the_keys_of_its_paths(objects: FakeObjects) -> None:
    assert counts(publish("data")) == [6, 0]
    assert sorted(objects.kept) == ["payload.json", *(f"products/{n}.json" for n in range(5))]
    assert objects.kept["products/3.json"].body == b"3"


@pytest.mark.usefixtures("data")
def test_only_changed_documents_are_sent_after_one_listing(
    objects: FakeObjects, data: Path
) -> None:
    publish("data")
    objects.asked.clear()
    write(data, {"products/3.json": "3.5", "products/new.json": 6})
    assert counts(publish("data")) == [2, 5]
    assert objects.keys_of("put") == ["products/3.json", "products/new.json"]
    assert objects.keys_of("list") == [""]


@pytest.mark.usefixtures("data")
def test_force_sends_all_documents_without_comparing(objects: FakeObjects) -> None:
    publish("data")
    objects.asked.clear()
    assert counts(publish("data", "--force")) == [6, 0]
    assert len(objects.asked) == 6


@pytest.mark.usefixtures("data")
def test_files_are_published_to_the_keys_of_their_paths(
    objects: FakeObjects, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data)
    config = ["--config", "../readmodel.toml"]
    result = publish("products/1.json", str(data / "payload.json"), *config)
    assert counts(result) == [2, 0]
    assert sorted(objects.kept) == ["payload.json", "products/1.json"]


def test_all_invalid_files_are_listed_and_nothing_is_sent(objects: FakeObjects, data: Path) -> None:
    bad: dict[str, object] = {
        "products/half.json": '{"a":\n',
        "products/a b.json": 1,
        "other.json": 1,
        "products/x.txt": "text",
        "products/nan.json": "NaN",
        "products/.hidden": "text",
    }
    write(data, bad)
    result = publish("data")
    assert "5" in error_of(result, 2)
    faults = result.stderr.splitlines()[:-1]
    assert [line.partition(":")[0] for line in faults] == [
        "data/other.json",
        "data/products/a b.json",
        "data/products/half.json",
        "data/products/nan.json",
        "data/products/x.txt",
    ]
    assert "line 2 column 1" in faults[2]
    assert objects.asked == []


def test_skip_invalid_sends_the_valid_documents(objects: FakeObjects, data: Path) -> None:
    write(data, {"products/bad.json": "{", "other.json": "1"})
    result = publish("data", "--skip-invalid")
    assert counts(result) == [6, 0, 2]
    assert "data/products/bad.json: " in result.stderr
    assert "products/bad.json" not in objects.kept


def test_file_changed_while_publishing_is_validated_again(objects: FakeObjects, data: Path) -> None:
    """A file that changes after it was validated is validated again."""

    def change(lists: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **options: Any) -> Any:
            found = list(lists(*arguments, **options))
            write(data, {"products/1.json": '{"fine":1}', "products/2.json": "{"})
            (data / "products/3.json").unlink()
            return found

        return changed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "listed", change(objects.listed))
        result = publish("data", "--delete-missing", "--yes")
    line = error_of(result, 9)
    assert "2" in line
    assert objects.kept["products/1.json"].body == b'{"fine":1}'
    assert sorted(objects.kept) == [
        *("payload.json", "products/0.json", "products/1.json", "products/4.json")
    ]
    assert "data/products/2.json: " in result.stderr
    assert "data/products/3.json: " in result.stderr


@pytest.mark.usefixtures("data")
def test_delete_missing_lists_keys_and_requires_consent_before_sending(
    objects: FakeObjects, data: Path
) -> None:
    publish("data")
    objects.put("foreign.txt", b"not served", {}, create=False)
    (data / "products/1.json").unlink()
    (data / "products/2.json").write_text('"new"')
    objects.asked.clear()
    result = publish("data", "--delete-missing")
    assert "--yes" in error_of(result, 1)
    assert ["delete", "products/1.json"] in [line.split() for line in result.stderr.splitlines()]
    assert not objects.keys_of("put")

    result = publish("data", "--delete-missing", "--yes")
    assert counts(result) == [1, 4, 1]
    assert "readmodel-cfn history" in result.stderr
    assert "products/1.json" not in objects.kept
    assert "foreign.txt" in objects.kept
    assert objects.asked[-1] == "delete products/1.json"


STOPS = [
    (KeyboardInterrupt(), ""),
    (ReadModelError("SlowDown", where="AWS DeleteObjects"), "DeleteObjects.*SlowDown"),
    (Denied("AccessDenied", where="AWS DeleteObjects"), "DeleteObjects.*AccessDenied"),
]


@pytest.mark.parametrize(("stop", "why"), STOPS, ids=["interrupted", "refused", "denied"])
def test_stopped_deletion_reports_sent_and_deleted_counts(
    objects: FakeObjects, data: Path, stop: BaseException, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("readmodel_cfn.publish.publish._BATCH", 2)
    publish("data")
    for n in range(4):
        (data / f"products/{n}.json").unlink()
    (data / "products/4.json").write_text('"new"')
    delete, batches = objects.delete, iter([None, stop])

    def second_stops(listed: Sequence[tuple[str, str]]) -> Deleted:
        if error := next(batches):
            raise error
        return delete(listed)

    monkeypatch.setattr(objects, "delete", second_stops)
    line = error_of(publish("data", "--delete-missing", "--yes"), 9)
    assert re.match(rf"\D*1\D+2\D.*{why}", line)
    monkeypatch.setattr(objects, "delete", delete)
    assert counts(publish("data", "--delete-missing", "--yes")) == [0, 2, 2]


@pytest.mark.parametrize("as_json", [True, False])
def test_document_that_another_publisher_has_just_put_is_kept(
    objects: FakeObjects, data: Path, as_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("data")
    (data / "products/1.json").unlink()
    (data / "products/2.json").unlink()
    (data / "products/3.json").write_text('"new"')

    def another_puts(_: str) -> None:
        monkeypatch.setattr(objects, "before_put", lambda _: None)
        objects.put("products/2.json", b'"other"', {}, create=False)

    objects.before_put = another_puts
    result = publish("data", "--delete-missing", "--yes", *(["--json"] if as_json else []))
    assert result.exit_code == 0
    assert objects.kept["products/2.json"].body == b'"other"'
    assert "products/1.json" not in objects.kept
    if as_json:
        assert lines(result, "kept") == [{"key": "products/2.json"}]
        assert lines(result, "deleted") == [{"key": "products/1.json"}]
        (total,) = lines(result, "result")
        assert (total["deleted"], total["kept"]) == (1, 1)
    else:
        assert "kept 1" in result.stdout
        assert "products/2.json" in result.stderr


def removed(data: Path, count: int, of: int) -> None:
    write(data, {f"products/n{number}.json": "1" for number in range(of)})
    publish("data")
    for number in range(count):
        (data / f"products/n{number}.json").unlink()


@pytest.mark.parametrize(
    ("count", "of", "options", "code"),
    [
        (21, 30, [], 2),
        (20, 30, [], 0),
        (21, 200, [], 0),
        (21, 30, ["--max-deletes", "21"], 0),
        (21, 30, ["--max-deletes", "20"], 2),
        (21, 30, ["--max-deletes", "all"], 0),
        (3, 30, ["--max-deletes", "2"], 2),
    ],
)
def test_a_large_part_of_the_documents_is_not_deleted_without_its_number(
    objects: FakeObjects, data: Path, count: int, of: int, options: list[str], code: int
) -> None:
    removed(data, count, of)
    before = len(objects.kept)
    result = publish("data", "--delete-missing", "--yes", *options)
    assert result.exit_code == code
    assert len(objects.kept) == before - (count if code == 0 else 0)
    if code:
        assert f"--max-deletes {count}" in result.stderr
        assert publish("data", "--delete-missing", "--dry-run").exit_code == 5


@pytest.mark.usefixtures("data", "objects")
def test_max_deletes_requires_delete_missing() -> None:
    assert "--delete-missing" in error_of(publish("data", "--max-deletes", "3"), 2)


def test_run_without_a_response_for_two_minutes_ends_with_exit_code_9(
    objects: FakeObjects, data: Path
) -> None:
    """S3 takes documents and does not respond; the clock shows two minutes more at each look."""
    clock = iter(range(0, 10**9, 120))
    objects.watch = Watch(120, lambda: next(clock))
    forever = threading.Event()

    def never_ends(_: str) -> None:
        forever.wait()

    objects.before_put = never_ends
    write(data, {"products/1.json": "1"})
    line = error_of(publish("data", "--force"), 9)
    assert "0 sent" in line
    assert "two minutes" in line
    assert objects.kept == {}
    forever.set()


def test_denied_deletion_exits_1(objects: FakeObjects, data: Path) -> None:
    publish("data")
    (data / "products/1.json").unlink()
    objects.denied = frozenset(["delete"])
    assert "AccessDenied" in error_of(publish("data", "--delete-missing", "--yes"), 1)


WELL_KNOWN = """
[[routes]]
path = "links/{name}"
key = ".well-known/{name}.json"
"""


@pytest.mark.usefixtures("data")
def test_a_document_whose_dot_a_route_spells_is_published_and_deleted_as_any_other(
    objects: FakeObjects, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "readmodel.toml").write_text(ROUTES + WELL_KNOWN)
    write(data, {".well-known/app.json": 1, ".well-known/old.json": 1})
    assert counts(publish("data", "--delete-missing", "--yes")) == [8, 0]
    (data / ".well-known/old.json").unlink()
    result = publish("data", "--delete-missing", "--yes")
    assert counts(result) == [0, 7, 1]
    assert ".well-known/app.json" in objects.kept
    assert ".well-known/old.json" not in objects.kept


def test_what_is_passed_over_is_counted_and_neither_sent_nor_deleted(
    objects: FakeObjects, data: Path
) -> None:
    """A document of an earlier version, which took such a key, stays too."""
    write(data, {"products/.1.json": 1, ".git/a.json": 1, ".git/b.json": 1, "products/5.json": "{"})
    objects.put("products/.1.json", b"1", {}, create=False)
    objects.put("products/5.json", b"5", {}, create=False)
    arguments = "data", "--delete-missing", "--yes", "--exclude", "products/5*"
    assert counts(publish(*arguments)) == [6, 0, 3]
    assert objects.kept["products/.1.json"].body == b"1"
    assert objects.kept["products/5.json"].body == b"5"
    (total,) = lines(publish(*arguments, "--json"), "result")
    assert total["passed_over"] == 3


@pytest.mark.usefixtures("data")
def test_the_file_and_the_option_exclude_together(
    objects: FakeObjects, data: Path, tmp_path: Path
) -> None:
    exclude = '[publish]\nexclude = ["products/1*", "notes"]\n'
    (tmp_path / "readmodel.toml").write_text(exclude + ROUTES)
    write(data, {"notes/a.txt": "text"})
    objects.put("products/2.json", b"2", {}, create=False)
    result = publish("data", "--exclude", "products/2*", "--exclude", "payload.json", "--force")
    assert counts(result) == [3, 0, 4]
    assert sorted(objects.kept) == [f"products/{n}.json" for n in (0, 2, 3, 4)]
    assert "put products/2.json" in objects.asked[:1]


def test_a_folder_of_which_all_is_excluded_is_refused(objects: FakeObjects, data: Path) -> None:
    objects.put("payload.json", b"1", {}, create=False)
    line = error_of(publish(str(data), "--exclude", "*", "--delete-missing", "--yes"), 2)
    assert "passed over: 2" in line
    assert "payload.json" in objects.kept


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("pattern", ["", "/products/*", "./products/*", "../data/products"])
def test_a_pattern_that_matches_no_key_is_refused(objects: FakeObjects, pattern: str) -> None:
    assert error_of(publish("data", "--exclude", pattern), 2).startswith("--exclude: ")
    assert objects.asked == []


@pytest.fixture
def _terminated() -> Iterator[None]:
    """A SIGTERM that the command does not handle fails the test, not the process that runs it."""

    def unhandled(*_: object) -> None:
        raise AssertionError("SIGTERM was not handled")

    before = signal.signal(signal.SIGTERM, unhandled)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("_terminated")
@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("paths", [("data",), ("products/0.json", "products/1.json")])
def test_sigterm_while_documents_are_sent_says_how_many_were(
    objects: FakeObjects,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    paths: tuple[str, ...],
) -> None:
    stopped = threading.Event()

    def stop(key: str) -> None:
        if key == "products/1.json":
            os.kill(os.getpid(), signal.SIGTERM)
            stopped.wait(0.1)

    objects.before_put = stop
    if "data" not in paths:
        monkeypatch.chdir(data)
    config = data.parent / "readmodel.toml"
    line = error_of(publish(*paths, *options, "--config", str(config)), 9)
    assert f"{len(objects.kept)} sent" in line
    assert "run it again" in line


@pytest.mark.usefixtures("data", "_terminated")
def test_sigterm_before_anything_is_sent_changes_nothing(
    objects: FakeObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "listed", lambda *_, **__: signal.raise_signal(signal.SIGTERM))
    assert "interrupted" in error_of(publish("data"), 1)
    assert objects.kept == {}


@pytest.mark.usefixtures("_terminated")
def test_sigterm_while_documents_are_deleted_says_what_was_done(
    objects: FakeObjects, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("data")
    (data / "products/1.json").unlink()
    (data / "products/2.json").write_text('"new"')
    monkeypatch.setattr(objects, "delete", lambda _: signal.raise_signal(signal.SIGTERM))
    line = error_of(publish("data", "--delete-missing", "--yes"), 9)
    assert "1 sent, 0 deleted, up to 1 more deleted" in line


@pytest.mark.usefixtures("data", "objects", "_terminated")
def test_sigterm_while_the_result_is_printed_says_that_all_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def terminate(_: PublishResult) -> str:
        signal.raise_signal(signal.SIGTERM)
        return ""

    monkeypatch.setattr(PublishResult, "__str__", terminate)
    assert "6 sent" in error_of(publish("data"), 9)


@pytest.mark.usefixtures("data")
def test_publish_without_delete_missing_deletes_nothing(objects: FakeObjects, data: Path) -> None:
    publish("data")
    (data / "products/1.json").unlink()
    publish("data")
    assert "products/1.json" in objects.kept
    assert not objects.keys_of("delete")


@pytest.mark.usefixtures("data")
def test_create_only_keeps_existing_documents_and_exits_8(objects: FakeObjects) -> None:
    objects.put("products/1.json", b'"theirs"', {}, create=False)
    result = publish("data", "--create-only")
    assert error_of(result, 8).startswith("--create-only: ")
    assert "products/1.json: " in result.stderr
    assert objects.kept["products/1.json"].body == b'"theirs"'
    assert len(objects.kept) == 6


@pytest.mark.usefixtures("data")
def test_json_has_one_line_per_document_and_a_result(objects: FakeObjects, data: Path) -> None:
    publish("data")
    write(data, {"products/1.json": '"new"', "products/bad.json": "{"})
    (data / "payload.json").unlink()
    result = publish("data", "--json", "--skip-invalid")
    (sent,) = lines(result, "sent")
    assert sent == {"key": "products/1.json", "etag": f'"{objects.etag(sent["key"])}"', "bytes": 5}
    (invalid,) = lines(result, "invalid")
    assert invalid["source"] == "data/products/bad.json"
    (total,) = lines(result, "result")
    assert total.pop("seconds") >= 0
    counts = {"sent": 1, "unchanged": 4, "deleted": 0, "kept": 0, "invalid": 1, "lost": 0}
    counts |= {"passed_over": 0, "stale": 0, "conflicts": 0}
    in_bucket = {**TARGET, "account": None, "stack": None, "bucket": "mine"}
    assert total == {**counts, "bytes": 5, "urls": {}, "invalidated": [], **in_bucket}
    (data / "products/bad.json").unlink()
    result = publish("data", "--json", "--delete-missing", "--yes")
    assert lines(result, "deleted") == [{"key": "payload.json"}]


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("call", ["list", "head"])
def test_denied_comparison_sends_all_and_names_the_grant(objects: FakeObjects, call: str) -> None:
    publish("data")
    objects.denied = frozenset([call])
    result = publish("data")
    assert counts(result) == [6, 0]
    grant = {"list": "list", "head": "compare"}[call]
    assert f'"{grant}"' in result.stderr
    assert "[writer]" in result.stderr


@pytest.mark.usefixtures("data")
def test_writer_limited_to_route_prefixes_can_compare(
    objects: FakeObjects,
) -> None:
    publish("data")
    objects.denied = frozenset(["list "])
    assert counts(publish("data")) == [0, 6]
    assert objects.keys_of("list")[-2:] == ["payload.json", "products/"]


@pytest.mark.usefixtures("data")
def test_kms_key_disables_the_comparison(objects: FakeObjects, tmp_path: Path) -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1"
    (tmp_path / "readmodel.toml").write_text(f'[data_store]\nkms_key = "{key}"\n{ROUTES}')
    result = publish("data")
    assert "KMS" in result.stderr
    assert objects.keys_of("list") == []


@pytest.mark.usefixtures("data")
def test_etags_that_are_no_md5_are_reported(objects: FakeObjects) -> None:
    objects.encrypted = True
    for _ in range(2):
        result = publish("data")
        assert counts(result) == [6, 0]
        assert "MD5" in result.stderr


@pytest.mark.usefixtures("data")
def test_changed_headers_send_all_documents_again(objects: FakeObjects, tmp_path: Path) -> None:
    publish("data")
    (tmp_path / "readmodel.toml").write_text(f"[data_store]\nmax_age = 60\n{ROUTES}")
    result = publish("data")
    assert counts(result) == [6, 0]
    assert "headers" in result.stderr
    assert objects.kept["payload.json"].headers["Cache-Control"] == "max-age=60"
    assert counts(publish("data")) == [0, 6]


@pytest.mark.usefixtures("data")
def test_stopped_publish_can_be_repeated(
    objects: FakeObjects,
) -> None:
    def refuse(key: str) -> None:
        if key == "products/4.json":
            raise ReadModelError("ExpiredToken: too late", where="AWS PutObject", hint="renew it")

    objects.before_put = refuse
    line = error_of(publish("data"), 9)
    assert "ExpiredToken" in line
    objects.before_put = lambda _: None
    before = len(objects.kept)
    assert counts(publish("data")) == [6 - before, before]


@pytest.mark.parametrize("paths", [("",), (".", ""), ("", "--delete-missing", "--yes")])
def test_empty_path_is_a_usage_error(
    objects: FakeObjects, data: Path, monkeypatch: pytest.MonkeyPatch, paths: tuple[str, ...]
) -> None:
    """As from a script with an unset variable."""
    monkeypatch.chdir(data)
    result = publish(*paths, "--config", "../readmodel.toml")
    assert "PATH" in error_of(result, 2)
    assert objects.asked == []


@pytest.mark.usefixtures("data")
def test_full_temporary_disk_names_the_folder(
    objects: FakeObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(BytesIO):
        def write(self, _: object) -> int:
            raise OSError(ENOSPC, "No space left on device")

        def close(self) -> None:
            self.write(b"buffered")

    monkeypatch.setattr("readmodel_cfn.publish.spool._ROWS_IN_MEMORY", 2)
    monkeypatch.setattr("readmodel_cfn.publish.spool.TemporaryFile", lambda *_: Full())
    monkeypatch.setattr("readmodel_cfn.publish.spool.gettempdir", lambda: "/small")
    line = error_of(publish("data"), 1)
    assert line.startswith("/small: No space left on device")
    assert "TMPDIR" in line
    assert objects.asked == []


@pytest.mark.usefixtures("objects", "data")
@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (("--key", "payload.json"), "--key: "),
        (("--route", "samples"), "--route: "),
        (("--if-match", "e"), "--if-match: "),
        (("--if-match", "e", "--create-only"), "--if-match and --create-only: "),
        (("--skip-invalid", "--delete-missing"), "--skip-invalid and --delete-missing: "),
    ],
)
def test_incompatible_options_are_usage_errors(arguments: tuple[str, ...], where: str) -> None:
    assert error_of(publish("data", *arguments), 2).startswith(where)


def test_empty_directory_is_a_usage_error(objects: FakeObjects, tmp_path: Path) -> None:
    """Otherwise a folder that is not mounted yet would delete all documents."""
    (tmp_path / "empty").mkdir()
    objects.put("payload.json", b"1", {}, create=False)
    line = error_of(publish("empty", "--delete-missing", "--yes"), 2)
    assert line.startswith("empty: ")
    assert "payload.json" in objects.kept


SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-1"


def as_writer(aws: Aws, *arguments: str, **outputs: str) -> Result:
    aws.stack(outputs={**OUTPUTS, "DataStoreSecretArn": SECRET_ARN, **outputs})
    key = json.dumps({"access_key_id": "AKIA1", "secret_access_key": "s"})
    aws.answers("secretsmanager", "get_secret_value", {"SecretString": key})
    return publish(*arguments, "--as-writer")


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (
            ("data", "--delete-missing"),
            ["--delete-missing", '"list"', '"delete"', "[writer]"],
        ),
        (
            ("data/payload.json", "--if-match", "e", "--route", "samples"),
            ["--if-match", '"compare"', "[writer]"],
        ),
    ],
)
def test_missing_grant_is_named_before_any_call(
    aws: Aws, objects: FakeObjects, arguments: tuple[str, ...], names: list[str]
) -> None:
    line = error_of(as_writer(aws, *arguments), 2)
    for name in names:
        assert name in line
    assert objects.asked == []


@pytest.mark.usefixtures("data")
def test_writer_that_may_only_put_sends_all_documents(aws: Aws, objects: FakeObjects) -> None:
    result = as_writer(aws, "data")
    assert counts(result) == [6, 0]
    assert '"list"' in result.stderr
    assert "[writer]" in result.stderr
    assert objects.keys_of("list") == []


def test_progress_line_has_count_rate_and_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter, "_FIRST", 1.0)
    now = iter([0.0, 2.0])
    with Reporter(now=lambda: next(now)) as report:
        report(Count("b", 0, "documents", 5000))
        report(Count("b", 1000, "documents", 5000))
    assert re.findall(r"[\d,]+\d|\d", capsys.readouterr().err) == ["1,000", "5,000", "500", "8"]


@pytest.mark.usefixtures("data")
def test_dry_run_shows_the_changes_and_exits_5(objects: FakeObjects, data: Path) -> None:
    publish("data")
    write(data, {"products/1.json": '"new"', "products/bad.json": "{"})
    (data / "payload.json").unlink()
    objects.asked.clear()
    (data / "products/bad.json").unlink()
    result = publish("data", "--dry-run", "--delete-missing")
    assert result.exit_code == 5
    assert {tuple(line.split()) for line in result.stdout.splitlines()} >= {
        ("send", "products/1.json"),
        ("delete", "payload.json"),
    }
    result = publish("data", "--dry-run", "--delete-missing", "--json")
    assert lines(result, "plan") == [
        {
            "send": ["products/1.json"],
            "unchanged": 4,
            "delete": ["payload.json"],
            "invalid": 0,
            "passed_over": 0,
        }
    ]
    assert not objects.keys_of("put")
    assert not objects.keys_of("delete")


@pytest.mark.usefixtures("data", "objects")
def test_dry_run_without_changes_exits_0() -> None:
    publish("data")
    assert publish("data", "--dry-run").exit_code == 0


def test_dry_run_of_invalid_documents_is_refused(objects: FakeObjects, data: Path) -> None:
    write(data, {"products/bad.json": "{"})
    assert error_of(publish("data", "--dry-run"), 2)
    result = publish("data", "--dry-run", "--skip-invalid", "--json")
    assert lines(result, "plan")[0]["invalid"] == 1
    assert not objects.keys_of("put")
