"""`publish` of a single JSON file: its key, its conditions, and the writer's credentials."""

import json
import signal
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import ANY
from functional_aws import OUTPUTS, TARGET, Aws, enter_project, error_of, run, stubbed

from readmodel_cfn import ReadModel, ReadModelStack
from readmodel_cfn.aws.connection import Credentials
from readmodel_cfn.errors import ConfigError, LostRace, ReadModelError

# The ETag is no MD5, as with a KMS key.
STORED = {"ETag": '"e"', "VersionId": "v1", "ServerSideEncryption": "aws:kms"}
ROUTES = """
[[routes]]
path = "samples"
key = "payload.json"
[[routes]]
path = "products/{id}"
key = "products/{id}.json"
"""
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-1"
KEY = Credentials("AKIA1", "s3cret")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    (tmp_path / "f.json").write_text('{"a": 1}')
    with stubbed(monkeypatch) as made:
        yield made


def publish(*arguments: str, file: str = "f.json") -> Any:
    return run("publish", file, "--region", "eu-west-1", *arguments)


def takes(
    aws: Aws,
    key: str = "payload.json",
    bucket: str = "data-bucket",
    cache_control: str = "no-cache",
) -> None:
    aws.answers(
        "s3",
        "put_object",
        STORED,
        Bucket=bucket,
        Key=key,
        Body=b'{"a": 1}',
        ContentType="application/json",
        CacheControl=cache_control,
        ChecksumSHA256=ANY,
    )


def outputs(aws: Aws, **more: str) -> None:
    aws.stack(outputs={**OUTPUTS, **more})


def test_published_file_prints_key_etag_and_version(aws: Aws) -> None:
    outputs(aws)
    takes(aws)
    done = publish()
    assert done.exit_code == 0
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["key", "data-bucket/payload.json"],
        ["ETag", '"e"'],
        ["version", "v1"],
        [OUTPUTS["SamplesUrl"]],
    ]


def test_invalidated_paths_are_printed(aws: Aws) -> None:
    Path("readmodel.toml").write_text("[cdn]\n[writer]\nallow = ['put', 'invalidate']")
    outputs(aws, DistributionId="E1", DistributionUrl="https://d1.cloudfront.net")
    takes(aws)
    aws.answers("cloudfront", "create_invalidation", {"Location": "l"})
    done = publish("--invalidate", "--stack-name", "read-model")
    assert done.exit_code == 0
    assert "/samples*" in done.stderr
    assert "/payload.json*" in done.stderr


def test_url_has_the_values_of_the_key(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text(ROUTES)
    outputs(aws)
    takes(aws, "products/42.json")
    done = publish("--key", "products/42.json")
    assert done.stdout.splitlines()[-1] == f"{OUTPUTS['ApiUrl']}/products/42"


def test_document_that_another_route_hides_has_no_url(aws: Aws, tmp_path: Path) -> None:
    routes = ROUTES + '[[routes]]\npath = "products/new"\nkey = "new.json"\n'
    (tmp_path / "readmodel.toml").write_text(routes)
    outputs(aws)
    takes(aws, "products/new.json")
    done = publish("--key", "products/new.json", "--json")
    assert json.loads(done.stdout)["url"] is None


def test_cache_control_comes_from_the_config(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text("[data_store]\nmax_age = 60")
    outputs(aws)
    takes(aws, cache_control="max-age=60")
    assert publish().exit_code == 0


def test_json_result_is_one_object(aws: Aws) -> None:
    outputs(aws)
    takes(aws)
    assert json.loads(publish("--json").stdout) == {
        "bucket": "data-bucket",
        "key": "payload.json",
        "etag": '"e"',
        "version": "v1",
        "outcome": "sent",
        "document_version": None,
        "stored_version": None,
        "bytes": 8,
        "url": OUTPUTS["SamplesUrl"],
        "invalidated": [],
        **TARGET,
    }


def test_bucket_option_skips_the_stack_lookup(aws: Aws) -> None:
    """It needs no permission but the writer's s3:PutObject."""
    takes(aws, bucket="mine")
    assert publish("--bucket", "mine").exit_code == 0
    assert aws.calls == ["PutObject"]


def test_as_writer_uses_the_key_of_the_secret(aws: Aws) -> None:
    outputs(aws, DataStoreSecretArn=SECRET_ARN)
    key = {"access_key_id": KEY.access_key_id, "secret_access_key": KEY.secret_access_key}
    aws.answers(
        "secretsmanager",
        "get_secret_value",
        {"SecretString": json.dumps(key)},
        SecretId=SECRET_ARN,
    )
    takes(aws)
    done = publish("--as-writer")
    assert done.exit_code == 0
    assert KEY.secret_access_key not in done.output
    assert aws.connections[-1] == ("s3", KEY)
    assert {who for service, who in aws.connections if service != "s3"} == {None}


def test_as_writer_uses_the_key_of_the_article_outputs(aws: Aws) -> None:
    outputs(
        aws,
        DataStoreAccessKeyId=KEY.access_key_id,
        DataStoreSecretAccessKey=KEY.secret_access_key,
    )
    takes(aws)
    assert publish("--as-writer").exit_code == 0
    assert aws.connections[-1] == ("s3", KEY)


def test_as_writer_with_a_bucket_looks_up_the_stack(aws: Aws) -> None:
    outputs(
        aws,
        DataStoreAccessKeyId=KEY.access_key_id,
        DataStoreSecretAccessKey=KEY.secret_access_key,
    )
    takes(aws, bucket="mine")
    assert publish("--as-writer", "--bucket", "mine").exit_code == 0


def test_as_writer_with_another_prefix_names_the_missing_output(aws: Aws) -> None:
    aws.stack(outputs={"ShopS3BucketName": "shop-payloads"})
    assert "S3BucketName" in error_of(publish("--as-writer"), 1)


def test_as_writer_requires_a_user_with_a_key(aws: Aws) -> None:
    outputs(aws)
    line = error_of(publish("--as-writer"), 1)
    assert line.startswith("--as-writer: ")


@pytest.mark.parametrize("secret", ["text", "[]", "{}", "null", '{"access_key_id": "a"}'])
def test_malformed_secret_is_an_error_that_names_its_arn(aws: Aws, secret: str) -> None:
    outputs(aws, DataStoreSecretArn=SECRET_ARN)
    aws.answers("secretsmanager", "get_secret_value", {"SecretString": secret})
    assert error_of(publish("--as-writer"), 1).startswith(f"{SECRET_ARN}: ")


@pytest.fixture
def two_routes(aws: Aws, tmp_path: Path) -> Aws:
    (tmp_path / "readmodel.toml").write_text(ROUTES)
    return aws


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (("--route", "samples"), "payload.json"),
        (("--key", "products/7.json"), "products/7.json"),
        (("--key", "products/7.json", "--route", "products/{id}"), "products/7.json"),
    ],
)
def test_route_and_key_options_choose_the_key(
    two_routes: Aws, arguments: tuple[str, ...], key: str
) -> None:
    outputs(two_routes)
    takes(two_routes, key)
    assert publish(*arguments).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ((), ["--route", "--key", "samples", "products/{id}"]),
        (("--route", "products/{id}"), ["products/{id}", "--key", "products/{id}.json"]),
        (("--route", "products"), ["--route", "'products'", "samples", "products/{id}"]),
        (
            ("--key", "products/a/b.json"),
            ["--key", "'products/a/b.json'", "payload.json", "products/{id}.json"],
        ),
        (
            ("--key", "payload.json", "--route", "products/{id}"),
            ["--key", "'payload.json'", "products/{id}.json"],
        ),
        (("--key", ""), ["--key", "''", "payload.json", "products/{id}.json"]),
        (("--route", ""), ["--route", "''", "samples", "products/{id}"]),
    ],
)
def test_invalid_key_or_route_is_refused_before_any_call(
    two_routes: Aws, arguments: tuple[str, ...], names: list[str]
) -> None:
    line = error_of(publish(*arguments), 2)
    for name in names:
        assert name in line
    assert two_routes.calls == []


@pytest.mark.parametrize("key", ["products/.7.json", "products/7.json"])
def test_a_key_that_no_parameter_takes_or_a_pattern_excludes_is_refused(
    two_routes: Aws, key: str
) -> None:
    """Whoever names one FILE wants it sent, so it is refused."""
    line = error_of(publish("--key", key, "--exclude", "products/7*"), 2)
    assert key in line
    assert two_routes.calls == []


def test_a_key_is_taken_where_a_route_spells_its_dot(aws: Aws, tmp_path: Path) -> None:
    route = '[[routes]]\npath = "l/{n}"\nkey = ".well-known/{n}.json"\n'
    (tmp_path / "readmodel.toml").write_text(route)
    outputs(aws)
    takes(aws, ".well-known/app.json")
    assert publish("--key", ".well-known/app.json").exit_code == 0


def terminate(*_: object) -> None:
    """SIGTERM, which without a handler would end the process that runs the tests."""
    assert callable(signal.getsignal(signal.SIGTERM)), "SIGTERM is not handled"
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_sigterm_while_one_document_is_sent_says_that_it_may_be_stored(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setattr("readmodel_cfn.publish.put.put", terminate)
    line = error_of(publish("--bucket", "mine", *options), 9)
    assert line.startswith("mine/payload.json: ")
    assert "0 sent, 1 in progress" in line
    assert "run it again" in line


@pytest.mark.parametrize(
    ("options", "printer"), [((), "published"), (("--json",), "print_json")], ids=["text", "json"]
)
def test_sigterm_once_one_document_is_sent_says_that_it_is(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], printer: str
) -> None:
    takes(aws, bucket="mine")
    monkeypatch.setattr(f"readmodel_cfn.cli.output.{printer}", terminate)
    line = error_of(publish("--bucket", "mine", *options), 9)
    assert "1 sent" in line
    assert "run it again" in line


BAD_FILES = {
    "text": (b"hello", "JSON"),
    "empty": (b"", "JSON"),
    "not UTF-8": (b"\xff\xfe", "JSON"),
    "11 MB": (b"[" + b" " * (11 * 1024 * 1024) + b"]", "10,485,760"),
    "too deep": (b"[" * 100_000, "levels"),
    "NaN": (b'{"price": NaN}', "NaN"),
}


@pytest.mark.parametrize(("content", "fact"), BAD_FILES.values(), ids=BAD_FILES)
def test_invalid_document_is_refused_before_any_call(
    aws: Aws, tmp_path: Path, content: bytes, fact: str
) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    line = error_of(publish(file="bad.json"), 2)
    assert line.startswith("bad.json: ")
    assert fact in line
    assert aws.calls == []


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_json_has_the_fault_of_a_single_file(
    aws: Aws, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """As it has those of a directory."""
    (tmp_path / "bad.json").write_text("{")
    result = publish("--key", "payload.json", "--json", *options, file="bad.json")
    assert error_of(result, 2).startswith("bad.json: ")
    assert json.loads(result.stdout)["invalid"]["source"] == "bad.json"
    assert aws.calls == []


def test_missing_file_is_a_usage_error(aws: Aws) -> None:
    assert error_of(publish(file="nope.json"), 2).startswith("nope.json: ")
    assert aws.calls == []


def test_file_whose_path_is_a_served_key_needs_no_key_option(
    two_routes: Aws, tmp_path: Path
) -> None:
    (tmp_path / "products").mkdir()
    (tmp_path / "f.json").rename(tmp_path / "products" / "7.json")
    outputs(two_routes)
    takes(two_routes, "products/7.json")
    assert publish(file="products/7.json").exit_code == 0


def takes_if(aws: Aws, **condition: str) -> None:
    expected = {"Bucket": "mine", "Key": "payload.json", "Body": b'{"a": 1}'}
    headers = {"ContentType": "application/json", "CacheControl": "no-cache"}
    aws.answers("s3", "put_object", STORED, **expected, **headers, **condition, ChecksumSHA256=ANY)


@pytest.mark.parametrize("etag", ["e", '"e"'])
def test_if_match_sends_the_quoted_etag(aws: Aws, etag: str) -> None:
    takes_if(aws, IfMatch='"e"')
    assert publish("--bucket", "mine", "--if-match", etag).exit_code == 0


def test_create_only_sends_if_none_match(aws: Aws) -> None:
    takes_if(aws, IfNoneMatch="*")
    assert publish("--bucket", "mine", "--create-only").exit_code == 0


def now_there(aws: Aws, etag: str) -> None:
    aws.answers("s3", "head_object", {"ETag": etag, "ContentLength": 8, "VersionId": "v2"})


@pytest.mark.parametrize("arguments", [("--create-only",), ("--if-match", "e")])
def test_write_conflict_shows_the_current_etag(aws: Aws, arguments: tuple[str, ...]) -> None:
    aws.refuses("s3", "put_object", "PreconditionFailed", "no", 412)
    now_there(aws, '"now"')
    line = error_of(publish("--bucket", "mine", *arguments), 8)
    assert line.startswith("mine/payload.json: ")
    assert '"now"' in line


def test_if_match_on_a_deleted_document_exits_8(aws: Aws) -> None:
    aws.refuses("s3", "put_object", "NoSuchKey", "gone", 404)
    aws.refuses("s3", "head_object", "404", "Not Found", 404)
    line = error_of(publish("--bucket", "mine", "--if-match", "e"), 8)
    assert line.startswith("mine/payload.json: ")


def test_concurrent_write_conflict_is_retried_once(aws: Aws) -> None:
    aws.refuses("s3", "put_object", "ConditionalRequestConflict", "two", 409)
    takes_if(aws, IfNoneMatch="*")
    assert publish("--bucket", "mine", "--create-only").exit_code == 0


def test_second_concurrent_write_conflict_exits_8(aws: Aws) -> None:
    aws.refuses("s3", "put_object", "ConditionalRequestConflict", "two", 409)
    aws.refuses("s3", "put_object", "ConditionalRequestConflict", "two", 409)
    aws.refuses("s3", "head_object", "403", "Forbidden", 403)
    error_of(publish("--bucket", "mine", "--create-only"), 8)


def test_access_denied_is_no_write_conflict(aws: Aws) -> None:
    aws.refuses("s3", "put_object", "AccessDenied", "no", 403)
    error_of(publish("--bucket", "mine", "--create-only"), 1)


def test_stack_without_the_output_is_an_error(aws: Aws) -> None:
    aws.stack(outputs={})
    line = error_of(publish(), 1)
    for name in ("read-model", "S3BucketName", "--stack-name", "[stack]"):
        assert name in line


@pytest.mark.parametrize(
    ("status", "code", "command"),
    [("ROLLBACK_COMPLETE", 1, "diagnose"), ("CREATE_IN_PROGRESS", 9, "follow")],
)
def test_a_stack_that_was_not_created_is_not_published_to(
    aws: Aws, status: str, code: int, command: str
) -> None:
    aws.stack(status, outputs={})
    line = error_of(publish(), code)
    assert f"readmodel-cfn {command} --stack-name read-model" in line
    assert "S3BucketName" not in line


@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied",
        "InvalidAccessKeyId",
        "ExpiredToken",
        "SignatureDoesNotMatch",
        "NoSuchBucket",
    ],
)
def test_s3_error_is_one_line_with_its_code(aws: Aws, code: str) -> None:
    outputs(aws)
    aws.refuses("s3", "put_object", code, "because\nof this", 403)
    line = error_of(publish(), 1)
    for fact in ("PutObject", code, "because of this"):
        assert fact in line


def test_dry_run_of_one_file_shows_its_key_without_a_call(aws: Aws) -> None:
    result = publish("--dry-run", "--json")
    assert result.exit_code == 5
    assert json.loads(result.stdout)["plan"]["send"] == ["payload.json"]
    assert aws.calls == []


def test_dry_run_of_an_invalid_file_or_key_is_refused(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    assert error_of(publish("--dry-run", file="bad.json"), 2).startswith("bad.json: ")
    assert "other.json" in error_of(publish("--dry-run", "--key", "other.json"), 2)
    assert error_of(publish("--dry-run", "--if-match", "e"), 2).startswith("--if-match")
    assert aws.calls == []


def shop(**more: Any) -> ReadModelStack:
    return ReadModelStack("read-model", ReadModel(), region="eu-west-1", **more)


def test_publish_document_returns_what_the_command_prints(aws: Aws) -> None:
    outputs(aws)
    takes(aws)
    published = shop().publish_document("payload.json", b'{"a": 1}')
    outputs(aws)
    takes(aws)
    assert published.as_dict() == json.loads(publish("--json").stdout)


def test_publish_document_encodes_values(aws: Aws) -> None:
    expected = {"Body": b'{"day":"2026-01-02"}', "Bucket": "mine", "Key": "payload.json"}
    headers = {"ContentType": "application/json", "CacheControl": "no-cache"}
    aws.answers("s3", "put_object", STORED, **expected, **headers, ChecksumSHA256=ANY)
    value = {"day": date(2026, 1, 2)}
    shop().publish_document("payload.json", value, bucket="mine", default=str)


@pytest.mark.parametrize(
    ("key", "value"),
    [("other.json", 1), ("payload.json", object()), ("payload.json", b"{"), ("a b", 1)],
)
def test_publish_document_refuses_invalid_documents_before_any_call(
    aws: Aws, key: str, value: object
) -> None:
    with pytest.raises(ConfigError) as refused:
        shop().publish_document(key, value)
    assert refused.value.where == key
    assert aws.calls == []


def test_publish_document_refuses_an_excluded_key(aws: Aws) -> None:
    with pytest.raises(ConfigError):
        shop().publish_document("payload.json", 1, exclude=["pay*"])
    assert aws.calls == []


def test_publish_document_with_if_match_reports_a_conflict(aws: Aws) -> None:
    aws.refuses("s3", "put_object", "PreconditionFailed", "no", 412)
    now_there(aws, '"now"')
    with pytest.raises(LostRace):
        shop().publish_document("payload.json", 1, bucket="mine", if_match="e")


def test_publish_errors_of_botocore_are_readable(aws: Aws) -> None:
    aws.refuses("s3", "put_object", "AccessDenied", "no", 403)
    with pytest.raises(ReadModelError, match="AccessDenied"):
        shop().publish_document("payload.json", 1, bucket="mine")
