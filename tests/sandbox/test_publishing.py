"""Publishing many documents on the embedded AWS: kills, conflicts, faults and permissions."""

import gzip
import json
import multiprocessing
import re
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from publish_site import S3Proxy, Site
from publish_workers import publish_part

from fault_kinds import Fault
from readmodel_cfn import ReadModel, ReadModelStack, Route
from readmodel_cfn.aws.connection import Credentials
from readmodel_cfn.deploy.empty import remove
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.objects import Objects
from readmodel_cfn.publish.publish import publish
from stacks import TIMEOUT, until


@pytest.fixture
def site(
    tmp_path: Path,
    sandbox: Sandbox,
    clients: Callable[..., Any],
    make_bucket: Callable[..., None],
) -> Iterator[Site]:
    s3, bucket = clients("s3"), f"publish-{secrets.token_hex(4)}"
    make_bucket(s3, bucket)
    kept = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=kept)
    yield Site(tmp_path, sandbox, bucket, s3)
    remove(s3, bucket)


@pytest.fixture
def proxy(site: Site) -> Iterator[S3Proxy]:
    made = S3Proxy(site.sandbox.port)
    site.url = made.url
    yield made
    made.close()
    assert not made.broken


def test_only_changed_documents_are_sent(site: Site) -> None:
    site.write(300)
    site.put("payload.json", "one")
    assert site.counts() == (301, 0)
    assert site.is_whole()
    assert site.counts() == (0, 301)
    site.put("payload.json", "two")
    assert site.counts() == (1, 300)
    assert site.is_whole()
    assert len(site.versions("products/00007.json")) == 1
    assert site.counts("--force") == (301, 0)


def test_document_is_stored_with_headers_and_checksum(site: Site) -> None:
    site.write(1)
    site()
    head = site.s3.head_object(
        Bucket=site.bucket, Key="products/00000.json", ChecksumMode="ENABLED"
    )
    assert head["ContentType"] == "application/json"
    assert head["CacheControl"] == "no-cache"
    assert head["ChecksumSHA256"]


def test_killed_publish_leaves_whole_documents_and_can_be_repeated(
    site: Site, proxy: S3Proxy
) -> None:
    site.write(300)
    proxy.pause_after = 100
    with site.begin(str(site.data)) as process:
        proxy.wait_until_paused(process)
        process.kill()
        process.communicate()
    proxy.release()
    until(lambda: proxy.active == 0)
    stored = site.listed()
    assert 0 < len(stored) < 300
    for key in stored:
        assert site.body(key) == (site.data / key).read_bytes()
    assert site.counts() == (300 - len(stored), len(stored))
    assert site.is_whole()


def counts_in(line: str) -> tuple[int, int]:
    """The numbers of sent documents and of those in progress."""
    found = re.search(r"([\d,]+) sent(?:, ([\d,]+) in progress)?", line)
    assert found, line
    sent, in_progress = (int((text or "0").replace(",", "")) for text in found.groups())
    return sent, in_progress


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_publish_reports_the_sent_documents(
    site: Site, proxy: S3Proxy, number: int
) -> None:
    site.write(300)
    proxy.pause_after = 100
    with site.begin(str(site.data)) as process:
        proxy.wait_until_paused(process)
        process.send_signal(number)
        proxy.release()
        _, stderr = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 9
    line = stderr.splitlines()[-1]
    assert line.startswith("Error: ")
    sent, in_progress = counts_in(line)
    until(lambda: proxy.active == 0)
    assert sent <= len(site.listed()) <= sent + in_progress
    assert "Traceback" not in stderr


DELETING = ("--delete-missing", "--yes")


@pytest.mark.parametrize(
    ("method", "options"), [("GET", ()), ("GET", DELETING), ("HEAD", ()), ("POST", DELETING)]
)
def test_publish_can_be_interrupted_while_it_waits_for_s3(
    site: Site,
    proxy: S3Proxy,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    options: tuple[str, ...],
) -> None:
    """While it lists, compares headers or deletes, S3 may not respond for a minute."""
    site.write(3)
    site()
    (site.data / "products/00001.json").unlink()

    def held(action: str) -> Fault | None:
        return Fault("held before") if f" {method} " in action else None

    monkeypatch.setattr(proxy, "_fault", held)
    with (
        site.begin(str(site.data), *options) as process,
        proxy.holding(lambda: process.poll() is None),
    ):
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)  # S3 does not respond for longer
    assert process.returncode == (9 if method == "POST" else 1)


def test_two_publishers_of_the_same_documents_succeed(site: Site) -> None:
    site.write(300)
    with site.begin(str(site.data)) as first, site.begin(str(site.data)) as other:
        assert (first.wait(), other.wait()) == (0, 0)
    assert site.is_whole()


def test_file_rewritten_while_publishing_is_never_sent_in_part(site: Site) -> None:
    """A reader finds a version that was written, whichever."""
    site.write(200)
    site()
    stop, written = threading.Event(), {(site.data / "products/00100.json").read_bytes()}

    def rewrite() -> None:
        for version in range(10_000):
            if stop.is_set():
                return
            body = json.dumps({"version": version, "text": "y" * 2000})
            written.add(body.encode())
            fresh = site.folder / "fresh.json"
            fresh.write_text(body)
            fresh.rename(site.data / "products/00100.json")

    writer = threading.Thread(target=rewrite)
    writer.start()
    found = set()
    for _ in range(5):
        site(str(site.data), "--force")
        found.add(site.body("products/00100.json"))
    stop.set()
    writer.join()
    assert found <= written
    assert len(found) > 1


def exit_codes(site: Site, *options: str) -> Counter[int]:
    """The exit codes of four publishers of a document, each with its own content."""

    def race(number: int) -> int:
        file = site.folder / f"racer-{number}.json"
        file.write_text(json.dumps({"racer": number}))
        with site.begin(str(file), "--key", "payload.json", *options) as process:
            _, stderr = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0 or "payload.json: " in stderr
        return process.returncode

    with ThreadPoolExecutor(4) as pool:
        return Counter(pool.map(race, range(4)))


def test_create_only_lets_a_single_publisher_win(site: Site) -> None:
    assert exit_codes(site, "--create-only") == {0: 1, 8: 3}
    assert len(site.versions("payload.json")) == 1


def test_if_match_lets_a_single_publisher_win(site: Site) -> None:
    site.s3.put_object(Bucket=site.bucket, Key="payload.json", Body=b"0")
    etag = site.head("payload.json")["ETag"]
    assert exit_codes(site, "--if-match", etag) == {0: 1, 8: 3}
    assert len(site.versions("payload.json")) == 2


def test_create_only_of_a_folder_has_a_single_winner_for_each_document(site: Site) -> None:
    site.write(200)
    arguments = str(site.data), "--create-only", "--json"
    with site.begin(*arguments) as first, site.begin(*arguments) as other:
        outputs = [first.communicate()[0], other.communicate()[0]]
    totals = [json.loads(text.splitlines()[-1])["result"] for text in outputs]
    assert sum(total["sent"] for total in totals) == 200
    assert sum(total["lost"] for total in totals) == 200
    assert site.is_whole()


def test_failed_requests_are_retried(site: Site, proxy: S3Proxy) -> None:
    site.write(150)
    kinds = ["503", "reset before", "answer lost", "500", "slow"]
    proxy.faults = {5 * n: kinds[n % len(kinds)] for n in range(1, 30)}
    assert site.counts() == (150, 0)
    assert site.is_whole()
    assert proxy.puts > 150


def test_lost_response_is_no_write_conflict(site: Site, proxy: S3Proxy) -> None:
    site.write(5)
    proxy.faults = {1: "answer lost"}
    assert site.counts("--create-only") == (5, 0)
    proxy.faults = {proxy.puts + 1: "answer lost"}
    path = str(site.data / "products/00001.json")
    site(path, "--key", "payload.json", "--create-only")


def test_publish_without_a_connection_reports_the_sent_documents(
    site: Site, proxy: S3Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("readmodel_cfn.publish.upload._PAUSES", (0.01, 0.01))
    site.write(150)
    proxy.faults = dict.fromkeys(range(50, 10_000), "reset before")
    line = site(exits=9).stderr.splitlines()[-1]
    assert "PutObject" in line
    sent, in_progress = counts_in(line)
    until(lambda: proxy.active == 0)  # a slow machine may still store what was in progress
    assert sent <= len(site.listed()) == 49 <= sent + in_progress
    site.url = ""  # a put that is still on its way to the proxy is not stored
    assert site.counts()[1] == 49
    assert site.is_whole()


def test_deleted_document_can_be_read_by_its_version(site: Site) -> None:
    site.write(20)
    site.s3.put_object(Bucket=site.bucket, Key="foreign/notes.txt", Body=b"not ours")
    site()
    (site.data / "products/00007.json").unlink()
    assert "products/00007.json" in site(str(site.data), "--delete-missing", exits=1).stderr
    assert "products/00007.json" in site.listed()
    site(str(site.data), "--delete-missing", "--yes")
    assert "products/00007.json" not in site.listed()
    assert "foreign/notes.txt" in site.listed()
    (version,) = site.versions("products/00007.json")
    found = site.s3.get_object(Bucket=site.bucket, Key="products/00007.json", VersionId=version)
    assert json.loads(found["Body"].read())["n"] == 7


def test_changed_headers_are_sent_after_a_partial_publish(site: Site) -> None:
    site.write(60)
    site()
    site.described = "[data_store]\nmax_age = 60"
    time.sleep(0.01)
    some = [str(site.data / f"products/{n:05}.json") for n in range(2)]
    site("--key", "products/00000.json", some[0])
    assert site.counts()[0] >= 59
    assert {site.head(key)["CacheControl"] for key in site.listed()} == {"max-age=60"}
    assert site.counts() == (0, 60)


def test_compressed_documents_are_compared_compressed(site: Site) -> None:
    site.write(20)
    site()
    site.described = '[data_store]\nstored_encoding = "gzip"'
    assert site.counts() == (20, 0)
    head = site.head("products/00001.json")
    assert head["ContentEncoding"] == "gzip"
    body = gzip.decompress(site.body("products/00001.json"))
    assert body == (site.data / "products/00001.json").read_bytes()
    assert site.counts() == (0, 20)


def test_multipart_object_is_sent_again(site: Site) -> None:
    """Its ETag is no MD5."""
    site.write(2)
    body = (site.data / "products/00001.json").read_bytes()
    at = {"Bucket": site.bucket, "Key": "products/00001.json"}
    upload = site.s3.create_multipart_upload(
        **at, ContentType="application/json", CacheControl="no-cache"
    )["UploadId"]
    etag = site.s3.upload_part(**at, UploadId=upload, PartNumber=1, Body=body)["ETag"]
    parts = {"Parts": [{"ETag": etag, "PartNumber": 1}]}
    site.s3.complete_multipart_upload(**at, UploadId=upload, MultipartUpload=parts)
    assert site.counts() == (2, 0)
    assert site.counts() == (0, 2)


def test_largest_document_is_sent_in_one_part_and_a_larger_one_is_refused(site: Site) -> None:
    site.write(1)
    big = b'"' + b"x" * (10 * 1024 * 1024 - 2) + b'"'
    (site.data / "products/big.json").write_bytes(big)
    assert site.counts() == (2, 0)
    assert "-" not in site.head("products/big.json")["ETag"]
    assert site.counts() == (0, 2)
    (site.data / "products/big.json").write_bytes(big + b" ")
    assert "10,485,761" in site(exits=2).stderr


def test_unusual_foreign_keys_are_ignored(site: Site) -> None:
    site.write(3)
    site()
    for key in ("a//b", "products//1.json", "ü +%.json", "products/"):
        site.s3.put_object(Bucket=site.bucket, Key=key, Body=b"1")
    assert site.counts("--delete-missing", "--yes") == (0, 3)
    assert len(site.listed()) == 7


GREEDY = "[[routes]]\npath = '{rest+}'\nkey = '{rest}'"
SLASHED = ("/products/00001.json", "products/00000.json/", "-/", "1/")


@pytest.mark.parametrize("described", ["", GREEDY])
@pytest.mark.parametrize("body", [b"", b"another", b"the same"])
def test_foreign_key_with_a_slash_at_an_end_is_another_key(
    site: Site, described: str, body: bytes
) -> None:
    """Published documents are not deleted instead of it, and missing documents are sent."""
    site.described = described
    site.write(3)
    site.put("payload.json", 1)
    same = (site.data / "products/00001.json").read_bytes()
    headers = {"ContentType": "application/json", "CacheControl": "no-cache"}
    for key in SLASHED:
        content = same if body == b"the same" else body
        site.s3.put_object(Bucket=site.bucket, Key=key, Body=content, **headers)
    assert site.counts("--delete-missing", "--yes") == (4, 0)
    own = {"payload.json", *(f"products/{n:05}.json" for n in range(3))}
    assert set(site.listed()) == own | set(SLASHED)
    assert site.counts("--delete-missing", "--yes") == (0, 4)
    assert set(site.listed()) == own | set(SLASHED)


@pytest.fixture
def writer(site: Site, clients: Callable[..., Any]) -> Iterator[Callable[[str], Site]]:
    """Deploys a stack, and publishes to its bucket with the key of its writer."""

    def deploy(allow: str) -> Site:
        site.described = f"[stack]\nname = '{site.bucket}'\n[writer]\nallow = [{allow}]"
        site.run("deploy", "--yes")
        outputs = json.loads(site.run("outputs", "--json").stdout)
        secret = clients("secretsmanager").get_secret_value(SecretId=outputs["DataStoreSecretArn"])
        key = json.loads(secret["SecretString"])
        pair = key["access_key_id"], key["secret_access_key"]
        return replace(site, key=pair, bucket=outputs["S3BucketName"])

    yield deploy
    site.run("delete", "--yes", f"--with-data={site.bucket}")


@pytest.mark.parametrize(
    ("allow", "sent", "grant"),
    [
        ("'put'", 6, '"list"'),
        ("'put', 'list'", 6, '"compare"'),
        ("'put', 'list', 'compare'", 0, None),
    ],
    ids=["put", "list", "compare"],
)
def test_writer_that_may_not_compare_sends_all_and_names_the_grant(
    site: Site, writer: Callable[[str], Site], allow: str, sent: int, grant: str | None
) -> None:
    """With its own key and a bucket, so that no config shows its permissions."""
    site.write(5)
    site.put("payload.json", 1)
    as_writer = writer(allow)
    as_writer()
    again = as_writer(str(as_writer.data), "--json")
    result = json.loads(again.stdout.splitlines()[-1])["result"]
    assert (result["sent"], result["unchanged"]) == (sent, 6 - sent)
    assert (grant or "") in again.stderr
    assert bool(grant) == ("[writer]" in again.stderr)


def test_writer_of_the_stack_publishes_and_deletes(
    site: Site, writer: Callable[[str], Site]
) -> None:
    site.write(5)
    bucket = writer("'put', 'list', 'compare', 'delete'").bucket
    folder = str(site.data)
    done = site.run("publish", folder, "--as-writer", "--json")
    assert json.loads(done.stdout.splitlines()[-1])["result"]["sent"] == 5
    (site.data / "products/00001.json").unlink()
    done = site.run("publish", folder, "--as-writer", "--delete-missing", "--yes", "--json")
    result = json.loads(done.stdout.splitlines()[-1])["result"]
    assert (result["sent"], result["unchanged"], result["deleted"]) == (0, 4, 1)
    assert len(replace(site, bucket=bucket).listed()) == 4


def test_unserved_key_is_refused_before_anything_is_sent(site: Site) -> None:
    site.write(5)
    site.put("other.json", 1)
    assert "'other.json'" in site(exits=2).stderr
    assert site.listed() == []


def destination(site: Site) -> Destination:
    key = Credentials(site.sandbox.access_key_id, site.sandbox.secret_access_key)
    return Destination(site.bucket, site.sandbox.region, site.sandbox.endpoint_url, None, key)


def test_document_that_has_changed_since_it_was_listed_is_kept(site: Site) -> None:
    site.write(3)
    site()
    objects = Objects(destination(site))
    listed = [(found.key, found.etag) for found in objects.listed("products/")]
    site.s3.put_object(Bucket=site.bucket, Key=listed[1][0], Body=b"0")
    gone = ("products/gone.json", "0" * 32)
    assert objects.delete([*listed, gone]).kept == [listed[1][0]]
    assert [found.key for found in objects.listed("products/")] == [listed[1][0]]


def test_worker_processes_publish_parts(site: Site) -> None:
    parts = [range(start, start + 50) for start in range(0, 200, 50)]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        for expected in (200, 0):
            jobs = [
                pool.submit(publish_part, part, destination(site), Settings()) for part in parts
            ]
            assert sum(job.result().sent for job in jobs) == expected
    assert len(site.listed()) == 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Python 3.12 warns of the same danger
def test_publish_in_a_forked_process_is_an_error(site: Site) -> None:
    site.write(2)
    site()
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        job = pool.submit(publish_part, range(5), destination(site), Settings())
        assert "spawn" in str(job.exception(timeout=TIMEOUT))


def test_missing_bucket_is_a_one_line_error(site: Site) -> None:
    site.write(2)
    nowhere = replace(site, bucket="there-is-no-such-bucket")
    line = nowhere(exits=1).stderr.splitlines()[-1]
    assert re.match("Error: .*ListObjectsV2.*NoSuchBucket", line)


@pytest.mark.parametrize("prefix", ["", "products/", "prod"])
def test_missing_bucket_raises_an_error_of_the_library(site: Site, prefix: str) -> None:
    """With each way to compare, and without comparing."""
    nowhere = replace(destination(site), bucket="there-is-no-such-bucket")
    with pytest.raises(ReadModelError, match="NoSuchBucket"):
        publish([("products/1.json", 1)], nowhere, prefix=prefix)
    with pytest.raises(ReadModelError, match="NoSuchBucket"):
        publish([("products/1.json", 1)], nowhere, force=True)


def test_wrong_access_key_is_a_one_line_error(site: Site) -> None:
    site.write(2)
    stranger = replace(site, key=("AKIAWRONG", "wrong"))
    line = stranger(exits=1).stderr.splitlines()[-1]
    assert re.match("Error: .*InvalidAccessKeyId", line)


def test_stack_publishes_values_with_the_credentials_of_its_session(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONG")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    box = site.sandbox
    session = boto3.Session(box.access_key_id, box.secret_access_key, region_name=box.region)
    model = ReadModel(routes=[Route("products/{id}", "products/{id}.json")])
    shop = ReadModelStack("shop", model, session=session, endpoint_url=box.endpoint_url)
    documents = {f"products/{n}.json": {"id": n} for n in range(20)}
    plan = shop.publish(documents, bucket=site.bucket, dry_run=True)
    assert (len(plan.send), site.listed()) == (20, [])
    assert shop.publish(documents, bucket=site.bucket).sent == 20
    del documents["products/7.json"]
    result = shop.publish(documents, bucket=site.bucket, delete_missing=True)
    assert (result.sent, result.unchanged, result.deleted) == (0, 19, 1)
    stored = shop.publish_document("products/1.json", {"id": "new"}, bucket=site.bucket)
    assert site.head("products/1.json")["ETag"] == stored.etag
