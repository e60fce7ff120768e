"""What `publish`, `ls` and `unpublish` do about responses that are wrong, cut or missing."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pytest
from click.testing import Result
from functional_aws import enter_project, error_of, run

from memory_s3 import MemoryS3, Request, Response, error, memory_s3
from readmodel_cfn.publish import objects, upload

ROUTES = '[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'
KEY = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_REGION": "eu-west-1"}
PAGE = b"<html><body>Welcome</body></html>"
COUNT = 40


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[MemoryS3]:
    enter_project(monkeypatch, tmp_path)
    (tmp_path / "readmodel.toml").write_text(ROUTES)
    write(tmp_path / "data")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr(objects, "_PAUSES", (0.0,) * len(objects._PAUSES))
    monkeypatch.setattr(upload, "_PAUSES", (0.0,) * 2)
    with memory_s3() as made:
        yield made


def write(data: Path, value: object = None) -> None:
    (data / "products").mkdir(parents=True, exist_ok=True)
    for number in range(COUNT):
        document = {"id": number, "value": value}
        (data / "products" / f"{number}.json").write_text(json.dumps(document))


def call(s3: MemoryS3, *words: str) -> Result:
    return run(*words, "--bucket", "mine", "--endpoint-url", s3.url, env=KEY)


FOLDER = ("publish", "data", "--json")
FILE = ("publish", "data/products/1.json", "--key", "products/1.json", "--json")


def records(done: Result) -> list[tuple[str, Any]]:
    """The kind and the value of each line of stdout."""
    return [next(iter(json.loads(line).items())) for line in done.stdout.splitlines()]


def keys(done: Result, kind: str) -> list[str]:
    return sorted(value["key"] for name, value in records(done) if name == kind)


def result_of(done: Result) -> Any:
    """The value of the last line, the only result."""
    assert [name for name, _ in records(done)].count("result") == 1
    name, value = records(done)[-1]
    assert name == "result"
    return value


def stored(s3: MemoryS3) -> list[str]:
    return sorted(s3.objects)


def puts(answer: Response, every: int = 1) -> Callable[[int, Request], Response | None]:
    """Answer each so manieth PUT in the place of the bucket."""
    lock, count = Lock(), iter(range(1, 1_000_000))

    def fault(_: int, request: Request) -> Response | None:
        with lock:
            return answer if request.method == "PUT" and next(count) % every == 0 else None

    return fault


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize("words", [FOLDER, FILE, (*FOLDER, "--force")])
def test_412_without_a_condition_is_no_conflict(
    s3: MemoryS3, words: tuple[str, ...], every: int
) -> None:
    s3.faults = puts(error(412, "PreconditionFailed"), every if words != FILE else 1)
    done = call(s3, *words)
    line = error_of(done, 9)
    assert "PreconditionFailed" in line
    assert "exist" not in line
    if words != FILE:
        assert keys(done, "sent") == stored(s3)
        assert result_of(done)["sent"] == len(stored(s3))


def test_412_with_a_condition_is_a_conflict(s3: MemoryS3) -> None:
    call(s3, *FILE)
    done = call(s3, *FOLDER, "--create-only")
    error_of(done, 8)
    assert keys(done, "lost") == ["products/1.json"]
    assert result_of(done)["sent"] == COUNT - 1


@pytest.mark.parametrize("code", [(403, "AccessDenied"), (400, "InvalidRequest")])
def test_json_names_each_stored_document_and_the_result_after_an_error(
    s3: MemoryS3, code: tuple[int, str]
) -> None:
    s3.faults = puts(error(*code), 15)
    done = call(s3, *FOLDER)
    assert code[1] in error_of(done, 9)
    assert keys(done, "sent") == stored(s3)
    assert result_of(done)["sent"] == len(stored(s3))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_json_names_each_stored_document_and_the_result_after_an_interruption(
    s3: MemoryS3, number: int
) -> None:
    once = Event()

    def interrupt(request: Request, response: Response) -> Response:
        if request.method == "PUT" and len(s3.objects) >= COUNT // 4 and not once.is_set():
            once.set()
            os.kill(os.getpid(), number)
        return response

    s3.alter = interrupt
    done = call(s3, *FOLDER)
    error_of(done, 9)
    assert keys(done, "sent") == stored(s3)
    assert result_of(done)["sent"] == len(stored(s3))


def test_json_of_a_release_names_each_stored_document_and_the_result(
    s3: MemoryS3, tmp_path: Path
) -> None:
    (tmp_path / "readmodel.toml").write_text(f"{ROUTES}[releases]\n")
    s3.faults = puts(error(403, "AccessDenied"), 15)
    done = call(s3, *FOLDER, "--release", "r1", "--no-activate")
    error_of(done, 9)
    documents = [key.removeprefix("releases/r1/") for key in stored(s3) if "/r1/" in key]
    assert keys(done, "sent") == documents
    found = result_of(done)
    assert (found["release"], found["stage"]) == ("r1", None)
    assert found["sent"] == len(documents)


def unlisted(request: Request) -> bool:
    return request.method != "GET" or "list-type" not in request.query


WRONG = {
    "half a body": lambda found: replace(found, cut=len(found.body) // 2),
    "half the XML": lambda found: replace(found, body=found.body[: len(found.body) // 2]),
    "wrong length": lambda found: replace(found, cut=len(found.body) - 1),
    "no XML": lambda found: replace(found, body=found.body.replace(b"<Key>", b"<Key")),
    "no body": lambda found: replace(found, body=b""),
    "bytes": lambda _: Response(200, b"\x00\xff\xfe"),
}
LISTINGS = [FOLDER, (*FOLDER, "--delete-missing", "--yes"), ("ls", "--json"), ("ls", "products/1")]


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("words", LISTINGS, ids=" ".join)
def test_a_listing_that_is_wrong_once_is_repeated(
    s3: MemoryS3, words: tuple[str, ...], wrong: Callable[[Response], Response]
) -> None:
    call(s3, *FOLDER)
    expected = call(s3, *words).stdout
    once = Event()

    def alter(request: Request, response: Response) -> Response:
        if unlisted(request) or once.is_set():
            return response
        once.set()
        return wrong(response)

    s3.alter = alter
    s3.asked.clear()
    done = call(s3, *words)
    assert done.exit_code == 0, done.output
    assert once.is_set()
    assert not s3.names("PUT", "POST")
    if words[0] == "ls":
        assert done.stdout == expected
    else:
        assert result_of(done)["unchanged"] == COUNT


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("words", LISTINGS, ids=" ".join)
def test_a_listing_that_is_always_wrong_ends_in_one_line(
    s3: MemoryS3, words: tuple[str, ...], wrong: Callable[[Response], Response]
) -> None:
    call(s3, *FOLDER)
    s3.alter = lambda request, found: found if unlisted(request) else wrong(found)
    assert "ListObjectsV2" in error_of(call(s3, *words), 1)


def test_a_later_page_that_is_wrong_is_repeated_and_lists_no_key_twice(s3: MemoryS3) -> None:
    for number in range(2500):
        s3.put(f"products/{number}.json", b"{}")
    count = iter(range(1, 1000))

    def alter(request: Request, response: Response) -> Response:
        wrong = not unlisted(request) and next(count) % 2 == 0
        return replace(response, cut=len(response.body) // 2) if wrong else response

    s3.alter = alter
    listed = list(objects.Objects(_destination(s3)).listed("products/"))
    assert [each.key for each in listed] == stored(s3)


def _destination(s3: MemoryS3) -> Any:
    from readmodel_cfn.aws.connection import Credentials
    from readmodel_cfn.publish.destination import Destination

    return Destination("mine", "eu-west-1", s3.url, credentials=Credentials("AKIA1", "s3cret"))


def without_etag(*methods: str) -> Callable[[Request, Response], Response]:
    def alter(request: Request, response: Response) -> Response:
        kept = {name: value for name, value in response.headers.items() if name != "ETag"}
        return replace(response, headers=kept) if request.method in methods else response

    return alter


@pytest.mark.parametrize("kms", [False, True])
@pytest.mark.parametrize("methods", [("PUT",), ("PUT", "HEAD", "GET")])
@pytest.mark.parametrize("words", [FOLDER, FILE])
def test_what_is_stored_without_an_etag_in_the_response_is_sent(
    s3: MemoryS3, words: tuple[str, ...], methods: tuple[str, ...], kms: bool
) -> None:
    s3.kms, s3.alter = kms, without_etag(*methods)
    done = call(s3, *words)
    assert done.exit_code == 0, done.output
    assert len(s3.names("PUT")) == len(stored(s3)) == (1 if words == FILE else COUNT)
    if words == FOLDER:
        assert keys(done, "sent") == stored(s3)
        assert result_of(done)["sent"] == COUNT


@pytest.mark.parametrize("words", [FOLDER, FILE])
def test_a_web_page_in_response_to_a_put_is_not_taken_for_s3(
    s3: MemoryS3, words: tuple[str, ...]
) -> None:
    s3.faults = puts(Response(200, PAGE))
    assert "PutObject" in error_of(call(s3, *words), 1)
    assert stored(s3) == []


@pytest.mark.parametrize("words", [FOLDER, FILE])
def test_a_response_without_an_etag_that_cannot_be_checked_is_unfinished(
    s3: MemoryS3, words: tuple[str, ...]
) -> None:
    s3.alter = without_etag("PUT")
    s3.faults = lambda _, request: (
        error(403, "AccessDenied") if request.method in ("HEAD", "GET") and request.key else None
    )
    assert "may be stored" in error_of(call(s3, *words), 9)


def with_wrong_etag(request: Request, response: Response) -> Response:
    wrong = {**response.headers, "ETag": f'"{"0" * 32}"'}
    return replace(response, headers=wrong) if request.method == "PUT" else response


@pytest.mark.parametrize("words", [FOLDER, FILE])
def test_a_wrong_etag_is_an_integrity_error(s3: MemoryS3, words: tuple[str, ...]) -> None:
    s3.alter = with_wrong_etag
    done = call(s3, *words)
    line = error_of(done, 9)
    assert "integrity" in line
    assert "KMS" not in done.output
    if words == FOLDER:
        assert keys(done, "sent") == stored(s3)  # HEAD says that they are
        s3.alter = lambda _, response: response
        assert call(s3, *FOLDER).exit_code == 0
        assert len(stored(s3)) == COUNT


def test_a_document_that_is_stored_wrong_is_not_counted_as_sent(s3: MemoryS3) -> None:
    def corrupt(request: Request, response: Response) -> Response:
        if request.method == "PUT":
            s3.put(request.key, b"other")
        return with_wrong_etag(request, response)

    s3.alter = corrupt
    done = call(s3, *FOLDER)
    assert "integrity" in error_of(done, 9)
    assert result_of(done)["sent"] == len(keys(done, "sent")) == 0


def test_an_etag_of_a_kms_key_is_no_error(s3: MemoryS3) -> None:
    s3.kms = True
    assert result_of(call(s3, *FOLDER))["sent"] == COUNT
    assert call(s3, *FILE).exit_code == 0


def test_a_writer_that_may_only_put_has_no_integrity_error(s3: MemoryS3) -> None:
    s3.kms = True
    s3.faults = lambda _, request: (
        error(403, "AccessDenied") if request.method in ("HEAD", "GET") else None
    )
    assert result_of(call(s3, *FOLDER))["sent"] == COUNT


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_deletion_counts_what_s3_says_is_deleted(
    s3: MemoryS3, tmp_path: Path, number: int
) -> None:
    call(s3, *FOLDER)
    gone = {f"products/{n}.json" for n in range(5)}
    for key in gone:
        (tmp_path / "data" / key).unlink()

    def interrupt(request: Request, response: Response) -> Response:
        if request.method == "POST":
            os.kill(os.getpid(), number)
        return response

    s3.alter = interrupt
    done = call(s3, *FOLDER, "--delete-missing", "--yes")
    assert "5 deleted" in error_of(done, 9)
    assert set(keys(done, "deleted")) == gone
    assert result_of(done)["deleted"] == 5
    assert not gone & set(s3.objects)


def test_interrupted_deletion_without_a_response_says_up_to_how_many(
    s3: MemoryS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("readmodel_cfn.threads.AFTER_INTERRUPTION", 0.01)
    call(s3, *FOLDER)
    for number in range(5):
        (tmp_path / "data" / f"products/{number}.json").unlink()
    over = Event()

    def interrupt(request: Request, response: Response) -> Response:
        if request.method == "POST":
            os.kill(os.getpid(), signal.SIGINT)
            over.wait(20)
        return response

    s3.alter = interrupt
    done = call(s3, *FOLDER, "--delete-missing", "--yes")
    over.set()
    assert "0 deleted, up to 5 more deleted" in error_of(done, 9)
    assert result_of(done)["deleted"] == 0


def test_a_key_that_s3_refuses_to_delete_does_not_hide_the_others(
    s3: MemoryS3, tmp_path: Path
) -> None:
    call(s3, *FOLDER)
    for number in range(5):
        (tmp_path / "data" / f"products/{number}.json").unlink()
    refused = b"<Error><Key>products/0.json</Key><Code>AccessDenied</Code></Error>"

    def refuse(request: Request, response: Response) -> Response:
        if request.method != "POST":
            return response
        return replace(response, body=b"<DeleteResult>" + refused + b"</DeleteResult>")

    s3.alter = refuse
    done = call(s3, *FOLDER, "--delete-missing", "--yes")
    assert "4 deleted" in error_of(done, 9)
    assert keys(done, "deleted") == [f"products/{n}.json" for n in range(1, 5)]
    assert result_of(done)["deleted"] == 4


@pytest.mark.parametrize("body", [b"", PAGE])
def test_a_deletion_without_s3s_response_is_not_counted(
    s3: MemoryS3, tmp_path: Path, body: bytes
) -> None:
    call(s3, *FOLDER)
    (tmp_path / "data/products/0.json").unlink()
    s3.faults = lambda _, request: Response(200, body) if request.method == "POST" else None
    done = call(s3, *FOLDER, "--delete-missing", "--yes")
    error_of(done, 9)
    assert result_of(done)["deleted"] == 0
    assert "products/0.json" in s3.objects
