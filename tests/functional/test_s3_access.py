"""A file and a folder are published to the same URL, with the same key and the same headers.

boto3 publishes a file, obstore a folder.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import obstore
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import UnauthorizedSSOTokenError
from click.testing import CliRunner, Result
from functional_aws import error_of
from functional_wire import Body
from hypothesis import given
from hypothesis import strategies as st
from processes import environment

from readmodel_cfn.aws import http, s3
from readmodel_cfn.aws.connection import Connection, Credentials, credential_errors
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.cli import main
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.publish import objects
from readmodel_cfn.publish.destination import Destination, as_writer
from readmodel_cfn.publish.store import checked_access, store
from recording_s3 import AUTHORITY, Asked, recording_s3

KEY = "products/1.json"
OTHER_KEY = Credentials("AKIAGIVEN", "given-secret")
# Variables that obstore reads, and AWS's SDKs do not.
STRAY = {
    "AWS_ENDPOINT": "http://127.0.0.1:9",
    "AWS_SKIP_SIGNATURE": "true",
    "AWS_SERVER_SIDE_ENCRYPTION": "aws:kms",
    "AWS_SSE_KMS_KEY_ID": "key",
    "AWS_SSE_BUCKET_KEY_ENABLED": "true",
    "AWS_SSE_CUSTOMER_KEY_BASE64": "AAAA",
    "AWS_REQUEST_PAYER": "true",
    "AWS_UNSIGNED_PAYLOAD": "true",
    "AWS_S3_EXPRESS": "true",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    "AWS_CHECKSUM_ALGORITHM": "crc64nvme",
    "AWS_TOKEN": "other-token",
    "AWS_BUCKET": "other",
    "AWS_BUCKET_NAME": "other",
    "AWS_PROXY_URL": "http://127.0.0.1:9",
    "AWS_ALLOW_HTTP": "false",
    "AWS_ALLOW_INVALID_CERTIFICATES": "true",
    "AWS_DEFAULT_CONTENT_TYPE": "text/plain",
    "AWS_USER_AGENT": "other",
    "AWS_CONDITIONAL_PUT": "nothing",
    "AWS_COPY_IF_NOT_EXISTS": "nothing",
    "AWS_DISABLE_TAGGING": "perhaps",
    "AWS_DISABLE_BULK_DELETE": "perhaps",
    "AWS_IMDSV1_FALLBACK": "perhaps",
    "AWS_METADATA_ENDPOINT": "http://127.0.0.1:9",
    "AWS_STS_ENDPOINT": "http://127.0.0.1:9",
    "AWS_TIMEOUT": "perhaps",
}
ENDPOINTS = st.sampled_from(["http://127.0.0.1:8001", "https://127.0.0.1:8002/"])
REGIONS = st.sampled_from(
    ["eu-west-1", "us-east-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-iso-east-1"]
)
BUCKETS = st.sampled_from(["my-bucket", "my.bucket", "My_Bucket", "a--b", "abc"])
STYLES = st.sampled_from(["path", "virtual", "auto"])
TRUTH = st.sampled_from(["true", "false"])


def optional(**values: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({}, optional=values)


PROFILES = optional(
    region=REGIONS,
    endpoint_url=ENDPOINTS,
    use_fips_endpoint=TRUTH,
    use_dualstack_endpoint=TRUTH,
    ignore_configured_endpoint_urls=TRUTH,
    services=st.just("mine"),
    aws_session_token=st.just("profile-token"),
)
OF_S3 = optional(
    addressing_style=STYLES,
    use_accelerate_endpoint=TRUTH,
    us_east_1_regional_endpoint=st.sampled_from(["legacy", "regional"]),
    payload_signing_enabled=TRUTH,
)
VARIABLES = optional(
    AWS_REGION=REGIONS,
    AWS_DEFAULT_REGION=REGIONS,
    AWS_ENDPOINT_URL=ENDPOINTS,
    AWS_ENDPOINT_URL_S3=ENDPOINTS,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=TRUTH,
    AWS_USE_FIPS_ENDPOINT=TRUTH,
    AWS_USE_DUALSTACK_ENDPOINT=TRUTH,
    AWS_S3_US_EAST_1_REGIONAL_ENDPOINT=st.sampled_from(["legacy", "regional"]),
    AWS_ACCESS_KEY_ID=st.just("AKIAENVIRONMENT"),
    AWS_SESSION_TOKEN=st.just("environment-token"),
    AWS_PROFILE=st.just("mine"),
    **{name: st.just(value) for name, value in STRAY.items()},
)
# Variables that publishing a folder understands without botocore.
PLAIN_VARIABLES = optional(
    AWS_ENDPOINT_URL=ENDPOINTS,
    AWS_ENDPOINT_URL_S3=st.sampled_from(["", "http://127.0.0.1:8004"]),
    AWS_ENDPOINT_URL_STS=st.just("http://127.0.0.1:8005"),
    AWS_REQUEST_CHECKSUM_CALCULATION=st.sampled_from(["when_required", "when_supported"]),
    AWS_RESPONSE_CHECKSUM_VALIDATION=st.just("when_required"),
    AWS_DISABLE_HOST_PREFIX_INJECTION=TRUTH,
    AWS_LAMBDA_FUNCTION_NAME=st.just("shop"),
    AWS_LAMBDA_RUNTIME_API=st.just("127.0.0.1:9001"),
    AWS_XRAY_DAEMON_ADDRESS=st.just("169.254.79.129:2000"),
)


@contextmanager
def settings(
    variables: Mapping[str, str] = {},
    profile: Mapping[str, str] = {},
    of_s3: Mapping[str, str] = {},
    name: str = "default",
) -> Iterator[Path]:
    """An environment with these variables alone, and a profile."""
    kept = {key: value for key, value in os.environ.items() if not is_setting(key)}
    given = dict(variables)
    if "AWS_ACCESS_KEY_ID" in given:
        given["AWS_SECRET_ACCESS_KEY"] = "environment-secret"
    with TemporaryDirectory() as folder:
        config, own = Path(folder, "config"), Path(folder, "credentials")
        lines = [f"[{name if name == 'default' else f'profile {name}'}]"]
        lines += [f"{key} = {value}" for key, value in profile.items()]
        if of_s3:
            lines += ["s3 =", *(f"  {key} = {value}" for key, value in of_s3.items())]
        lines += ["[services mine]", "s3 =", "  endpoint_url = http://127.0.0.1:8003"]
        config.write_text("\n".join(lines) if profile or of_s3 else "")
        keys = "aws_access_key_id = AKIAPROFILE\naws_secret_access_key = profile-secret\n"
        own.write_text(f"[{name}]\n{keys}" if profile or of_s3 else "")
        files = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(own)}
        off = {"AWS_EC2_METADATA_DISABLED": "true"}
        with mock.patch.dict(os.environ, {**kept, **files, **off, **given}, clear=True):
            yield Path(folder)


def is_setting(name: str) -> bool:
    return name.startswith("AWS_") or name.lower().endswith(("_proxy", "_ca_bundle"))


def of_file(client: Any, bucket: str) -> tuple[str, str, str | None]:
    """The URL, the key and the region that sign, and the token, of boto3's PutObject."""
    sent: list[Any] = []

    def keep(request: Any, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), Body(""))

    client.meta.events.register("before-send.s3.PutObject", keep)
    client.put_object(Bucket=bucket, Key=KEY, Body=b"{}")
    headers = {name: text(value) for name, value in sent[0].headers.items()}
    credential = headers["Authorization"].partition("Credential=")[2].partition(",")[0]
    return sent[0].url, without_date(credential), headers.get("X-Amz-Security-Token")


def of_folder(connection: Connection, bucket: str) -> tuple[str, str, str | None]:
    """The same of obstore's, which signs a URL without sending a request."""
    access = checked_access(connection, bucket)
    signed = obstore.sign(store(access, bucket, None, {}), "PUT", KEY, timedelta(minutes=1))
    query = parse_qs(urlsplit(signed).query)
    token = query.get("X-Amz-Security-Token", [None])[0]
    return signed.partition("?")[0], without_date(query["X-Amz-Credential"][0]), token


def text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def without_date(credential: str) -> str:
    key, _, *scope = credential.split("/")
    return "/".join([key, *scope])


def outcome(call: Any) -> Any:
    """What the call returns, or the error that it raises."""
    try:
        with readable_errors():
            return call()
    except ReadModelError as error:
        return type(error), str(error)


@given(
    bucket=BUCKETS,
    variables=VARIABLES,
    profile=PROFILES,
    of_s3=OF_S3,
    name=st.sampled_from(["default", "mine"]),
    region=st.none() | REGIONS,
    endpoint_url=st.none() | ENDPOINTS,
    key=st.sampled_from([None, OTHER_KEY]),
)
def test_file_and_folder_ask_the_same_url_with_the_same_key(
    bucket: str,
    variables: dict[str, str],
    profile: dict[str, str],
    of_s3: dict[str, str],
    name: str,
    region: str | None,
    endpoint_url: str | None,
    key: Credentials | None,
) -> None:
    with settings(variables, profile, of_s3, name):
        connection = Connection(region, None, endpoint_url, key)
        file = outcome(lambda: of_file(connection.client("s3"), bucket))
        assert (
            outcome(lambda: of_folder(Connection(region, None, endpoint_url, key), bucket)) == file
        )


@given(
    bucket=BUCKETS,
    region=REGIONS,
    endpoint_url=st.none() | st.sampled_from(["http://127.0.0.1:8001", "http://localhost:8001/"]),
    token=st.booleans(),
    proxies=optional(HTTPS_PROXY=st.just("proxy:1"), HTTP_PROXY=st.just("http://proxy:2")),
    no_proxy=st.sampled_from(["", "amazonaws.com", "127.0.0.1", "*"]),
    all_proxy=st.booleans(),
    plain=PLAIN_VARIABLES,
)
def test_what_is_known_without_botocore_is_what_botocore_says(
    bucket: str,
    region: str,
    endpoint_url: str | None,
    token: bool,
    proxies: dict[str, str],
    no_proxy: str,
    all_proxy: bool,
    plain: dict[str, str],
) -> None:
    variables = {
        **plain,
        "AWS_ACCESS_KEY_ID": "AKIA1",
        "AWS_REGION": region,
        "NO_PROXY": no_proxy,
        **proxies,
    }
    variables |= {"AWS_SESSION_TOKEN": "token"} if token else {}
    variables |= {"ALL_PROXY": "http://proxy:3"} if all_proxy else {}
    with settings(variables):
        connection = Connection(endpoint_url=endpoint_url)
        fast = s3._without_botocore(connection, bucket)
        known = region in ("eu-west-1", "us-east-1") and bucket in ("my-bucket", "abc")
        assert (fast is not None) == known
        if fast:
            slow = s3._with_botocore(connection, bucket)
            assert replace(fast, signer=slow.signer) == slow
            given, found = fast.signer(), slow.signer()
            assert {**given, "expires_at": None} == {**found, "expires_at": None}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with one product to publish as a file and as a folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "products").mkdir(parents=True)
    (tmp_path / "data" / KEY).write_text("{}")
    route = '[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'
    (tmp_path / "readmodel.toml").write_text(route)
    return tmp_path


FILE = (f"data/{KEY}", "--key", KEY)
FOLDER = ("data", "--force")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_REGION": "eu-west-1"}


def publish(words: tuple[str, ...], url: str) -> Result:
    """Run it with the settings of the environment."""
    arguments = ["publish", *words, "--bucket", "mine", "--endpoint-url", url]
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


# Headers of the connection and of the client, and those that differ with the time.
OF_CLIENT = {"user-agent", "host", "accept", "accept-encoding", "expect", "connection"}
OF_BOTO3 = {"amz-sdk-invocation-id", "amz-sdk-request", "x-amz-sdk-checksum-algorithm"}
OF_TIME = {"x-amz-date", "authorization"}


def described(asked: Asked) -> tuple[str, str, dict[str, str]]:
    """The method, the path, and what the headers say of the document and of the request."""
    left_out = OF_CLIENT | OF_BOTO3 | OF_TIME
    headers = {name: value for name, value in asked.headers.items() if name not in left_out}
    credential = asked.headers["authorization"].partition("Credential=")[2].partition(",")[0]
    return asked.method, asked.path, {**headers, "credential": without_date(credential)}


@pytest.mark.parametrize("name", [None, *STRAY])
@pytest.mark.usefixtures("folder")
def test_file_and_folder_send_the_same_headers_whatever_else_is_set(name: str | None) -> None:
    stray = {name: STRAY[name]} if name else {}
    with recording_s3() as found, settings({**KEYS, **stray}):
        done = [publish(words, found.url) for words in (FILE, FOLDER)]
        assert [each.exit_code for each in done] == [0, 0], [each.output for each in done]
        file, folder = map(described, found.puts())
        assert file == folder
        assert file[:2] == ("PUT", f"/mine/{KEY}")
        assert not {"x-amz-server-side-encryption", "x-amz-request-payer"} & file[2].keys()
        assert all(os.environ[name] == value for name, value in stray.items())


@pytest.mark.parametrize(
    ("code", "status", "message", "fact"),
    [
        ("RequestTimeTooSkewed", 403, "The difference is too large.", "clock"),
        ("SignatureDoesNotMatch", 403, "Signature expired: 1 is now earlier than 2", "clock"),
        ("InvalidSignatureException", 403, "Signature not yet current: 1", "clock"),
        ("SignatureDoesNotMatch", 403, "The signature does not match.", "access key"),
        ("ExpiredToken", 400, "The provided token has expired.", "aws sso login"),
        ("InvalidToken", 400, "The provided token is malformed.", "aws sso login"),
        ("NoSuchBucket", 404, "The specified bucket does not exist", "bucket"),
        ("PermanentRedirect", 301, "Use the specified endpoint.", "--region"),
        ("AuthorizationHeaderMalformed", 400, "expecting 'eu-central-1'", "--region"),
        ("AccessDenied", 403, "Access Denied", "permission"),
        ("AccessDenied", 403, "not authorized to perform: kms:GenerateDataKey", "kms:Gene"),
        ("KMS.DisabledException", 400, "the key is disabled", "KMS key"),
        ("KMS.NotFoundException", 400, "the key does not exist", "KMS key"),
        ("IllegalLocationConstraintException", 400, "incompatible location", "--region"),
        ("NotImplemented", 501, "not implemented", "again"),
        ("InsufficientStorage", 507, "the disk is full", "again"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_error_has_the_same_code_and_hint_for_a_file_and_a_folder(
    code: str, status: int, message: str, fact: str
) -> None:
    with recording_s3() as found, settings(KEYS):
        found.error = code, status, message
        lines = [error_of(publish(words, found.url), 1) for words in (FILE, FOLDER)]
    file, folder = (line.rpartition("; ") for line in lines)
    assert code in file[0]
    assert code in folder[0]
    assert fact in file[2]
    assert folder[2] == file[2]
    assert len(found.puts()) == 2, "neither client sends it again, or to another region"


@pytest.mark.parametrize(("status", "fact"), [(302, "again"), (307, "again"), (301, "--region")])
@pytest.mark.usefixtures("folder")
def test_redirect_is_not_followed(status: int, fact: str) -> None:
    with recording_s3() as found, settings(KEYS):
        found.error = "", status, ""
        file, folder = (error_of(publish(words, found.url), 1) for words in (FILE, FOLDER))
    assert fact in file.partition("; ")[2]
    assert folder.partition("; ")[2] == file.partition("; ")[2]
    assert len(found.puts()) == 2


@pytest.mark.usefixtures("folder")
def test_message_has_the_characters_that_xml_escapes() -> None:
    with recording_s3() as found, settings(KEYS):
        found.error = "InvalidRequest", 400, "a &amp;lt; b"
        for words in (FILE, FOLDER):
            assert "a &lt; b" in error_of(publish(words, found.url), 1)


BAD_KEYS = {
    "a line break after the key": {"AWS_ACCESS_KEY_ID": "AKIA1\n"},
    "a space before the secret": {"AWS_SECRET_ACCESS_KEY": " hidden"},
    "a line break in the token": {"AWS_SESSION_TOKEN": "hid\nden"},
}


@pytest.mark.parametrize("words", [FILE, FOLDER, ("data",)], ids=["file", "folder", "compared"])
@pytest.mark.parametrize("given", BAD_KEYS.values(), ids=BAD_KEYS.keys())
@pytest.mark.usefixtures("folder")
def test_space_around_a_key_is_refused_and_the_key_is_not_shown(
    given: dict[str, str], words: tuple[str, ...]
) -> None:
    with recording_s3() as found, settings(KEYS), mock.patch.dict(os.environ, given):
        line = error_of(publish(words, found.url), 2)
        assert "line break" in line
        assert "hid" not in line
        assert found.asked == []


@pytest.mark.parametrize("words", [FILE, FOLDER, ("data",)], ids=["file", "folder", "compared"])
@pytest.mark.parametrize("proxy", ["http://", "::::"])
@pytest.mark.usefixtures("folder")
def test_invalid_proxy_is_one_line(proxy: str, words: tuple[str, ...]) -> None:
    with settings({**KEYS, "HTTP_PROXY": proxy}):
        assert "HTTP_PROXY" in error_of(publish(words, "http://s3.example"), 1)


@pytest.mark.parametrize("words", [FILE, FOLDER], ids=["file", "folder"])
@pytest.mark.parametrize(
    "lines",
    [
        "[default]\ns3 = text\n",
        "[default]\nservices = mine\n[services mine]\ns3 = text\n",
        "[default]\nservices = mine\n[services mine]\ncloudformation = text\n",
        "[default]\nservices =\n  mine = text\n",
        "[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = other\n"
        "[profile other]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = default\n",
    ],
    ids=[
        "s3 is a text",
        "s3 of services is a text",
        "another service is a text",
        "services is a group",
        "a circle of profiles",
    ],
)
@pytest.mark.usefixtures("folder")
def test_invalid_profile_is_one_line(lines: str, words: tuple[str, ...]) -> None:
    key = {} if "role_arn" in lines else KEYS
    with settings({"AWS_REGION": "eu-west-1", **key}) as here:
        (here / "config").write_text(lines)
        arguments = ["publish", *words, "--bucket", "mine"]
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        error_of(done, 2)


def test_mfa_code_without_a_terminal_is_one_line() -> None:
    with pytest.raises(ReadModelError, match="mfa_serial"), credential_errors():
        raise EOFError


PROGRAMS = {
    "no JSON": "echo not-json",
    "nothing": "true",
    "a failure": "sh -c 'exit 1'",
    "no program": "/nowhere/program",
    "another version": """echo '{"Version": 2}'""",
    "a list": "echo '[]'",
    "no key": """echo '{"Version": 1}'""",
    "an open quotation mark": "sh -c 'open",
}


@pytest.mark.parametrize("words", [FILE, FOLDER, ("data",)], ids=["file", "folder", "compared"])
@pytest.mark.parametrize("command", PROGRAMS.values(), ids=PROGRAMS.keys())
@pytest.mark.usefixtures("folder")
def test_credential_process_that_fails_is_one_line(command: str, words: tuple[str, ...]) -> None:
    variables = {"AWS_PROFILE": "mine", "AWS_REGION": "eu-west-1"}
    with recording_s3() as found, settings(variables) as here:
        config = f"[profile mine]\ncredential_process = {command}\n"
        (here / "config").write_text(config)
        done = publish(words, found.url)
        assert "credential_process" in error_of(done, 1)
        assert found.asked == []


@pytest.mark.parametrize("words", [FILE, FOLDER], ids=["file", "folder"])
@pytest.mark.parametrize(
    "lines",
    [
        "role_arn = arn:aws:iam::111122223333:role/r\nweb_identity_token_file = /nowhere/token",
        "credential_process = cat OUTPUT",
    ],
    ids=["web identity", "credentials that have expired"],
)
@pytest.mark.usefixtures("folder")
def test_credentials_that_cannot_be_fetched_are_one_line(
    lines: str, words: tuple[str, ...]
) -> None:
    variables = {"AWS_PROFILE": "mine", "AWS_REGION": "eu-west-1"}
    with recording_s3() as found, settings(variables) as here:
        key = {"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t"}
        (here / "output").write_text(json.dumps({**key, "Expiration": "2020-01-01T00:00:00Z"}))
        text = lines.replace("OUTPUT", str(here / "output"))
        (here / "config").write_text(f"[profile mine]\n{text}\n")
        assert "credentials" in error_of(publish(words, found.url), 1)
        assert found.asked == []


@pytest.mark.usefixtures("folder")
def test_missing_sso_login_is_the_same_error_for_a_file_and_a_folder() -> None:
    profile = {
        "sso_session": "example",
        "sso_account_id": "111122223333",
        "sso_role_name": "publisher",
    }
    with recording_s3() as found, settings(KEYS) as here:
        lines = [f"{name} = {value}" for name, value in profile.items()]
        session = "[sso-session example]\nsso_region = eu-west-1\nsso_start_url = https://x.invalid"
        (here / "config").write_text("\n".join(["[profile mine]", *lines, session]))
        mine = ("--profile", "mine")
        file, *folders = (
            error_of(publish((*words, *mine), found.url), 1) for words in (FILE, FOLDER, ("data",))
        )
        assert "aws sso login" in file
        assert folders == [file, file]
        assert found.asked == []


@pytest.mark.parametrize("words", [FILE, FOLDER], ids=["file", "folder"])
@pytest.mark.usefixtures("folder")
def test_certificates_of_the_profile_are_trusted(words: tuple[str, ...]) -> None:
    with recording_s3(tls=True) as found, settings(KEYS) as here:
        assert "AWS_CA_BUNDLE" in error_of(publish(words, found.url), 1)
        (here / "config").write_text(f"[default]\nca_bundle = {AUTHORITY}\n")
        done = publish(words, found.url)
        assert done.exit_code == 0, done.output
        (here / "config").write_text("[default]\nca_bundle = /nowhere/ca.pem\n")
        assert "/nowhere/ca.pem" in error_of(publish(words, found.url), 2)


@pytest.mark.parametrize("words", [FILE, FOLDER], ids=["file", "folder"])
def test_file_without_certificates_is_refused(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "ca.pem").write_text("no certificate")
    with settings({**KEYS, "AWS_CA_BUNDLE": str(folder / "ca.pem")}):
        assert "ca.pem" in error_of(publish(words, "https://127.0.0.1:9"), 2)


@pytest.mark.parametrize("proxy", ["http://", "::::", "http://proxy:port"])
def test_invalid_proxy_of_a_read_is_one_line(proxy: str) -> None:
    with settings({"HTTP_PROXY": proxy}), pytest.raises(ReadModelError, match="HTTP_PROXY"):
        http.request("http://api.example/v1")


def test_proxy_of_a_read_is_left_out_for_a_host_with_its_port() -> None:
    with settings({"HTTP_PROXY": "http://proxy:1", "NO_PROXY": "api.example:81"}):
        assert http.proxy_for("http://api.example:81/v1") is None
        assert http.proxy_for("http://api.example:82/v1")


@pytest.mark.parametrize("words", [FILE, FOLDER], ids=["file", "folder"])
@pytest.mark.usefixtures("folder")
def test_requests_use_the_proxy_that_botocore_uses(words: tuple[str, ...]) -> None:
    with recording_s3() as proxy, settings({**KEYS, "HTTP_PROXY": proxy.url}):
        assert publish(words, "http://s3.example:81").exit_code == 0
        assert {asked.path for asked in proxy.puts()} == {f"http://s3.example:81/mine/{KEY}"}
        os.environ["NO_PROXY"] = "127.0.0.1"
        with recording_s3() as direct:
            assert publish(words, direct.url).exit_code == 0
            assert len(direct.puts()) == 1
        assert len(proxy.puts()) == 1


def key(name: str) -> Any:
    return SimpleNamespace(access_key=name, secret_key="secret", token="token")


def test_credentials_that_may_expire_are_asked_for_again() -> None:
    keys = iter(["AKIA1", "AKIA2"])
    signer = s3.Signer(lambda: key(next(keys)), expires=True)
    found = [signer() for _ in range(2)]
    assert [each["access_key_id"] for each in found] == ["AKIA1", "AKIA2"]
    soon = datetime.now(UTC) + timedelta(minutes=5)  # object_store renews them in this time
    assert all(each["expires_at"] and each["expires_at"] < soon for each in found)


def test_credentials_that_cannot_be_renewed_are_the_error_of_every_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def expired() -> Any:
        raise UnauthorizedSSOTokenError

    access = s3.BucketAccess(
        "http://127.0.0.1:9/mine", "eu-west-1", s3.Signer(expired, expires=True)
    )
    monkeypatch.setattr(objects, "checked_access", lambda *_: access)
    with pytest.raises(ReadModelError, match="aws sso login"):
        objects.Objects(Destination("mine")).put(KEY, b"{}", {}, False)


def test_folder_is_published_without_botocore_if_nothing_is_set(folder: Path) -> None:
    with recording_s3() as found:
        words = ("publish", *FOLDER, "--bucket", "mine", "--endpoint-url", found.url)
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "readmodel_cfn", *words],
            env=environment({**KEYS, "AWS_SECRET_ACCESS_KEY": "secret"}),
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert len(found.puts()) == 1
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "obstore" in imported
    assert "botocore" not in imported


def test_key_of_the_writer_is_used_at_the_endpoint_of_the_profile() -> None:
    with settings(profile={"endpoint_url": "http://127.0.0.1:8001"}, name="mine"):
        mine = Connection("eu-west-1", "mine")
        outputs = {"DataStoreAccessKeyId": "AKIAWRITER", "DataStoreSecretAccessKey": "secret"}
        writer = as_writer(Destination.from_connection(mine, "my-bucket"), outputs, ())
        file = of_file(writer.connection.client("s3"), "my-bucket")
        assert file[0] == f"http://127.0.0.1:8001/my-bucket/{KEY}"
        assert file[1].startswith("AKIAWRITER/")
        assert of_folder(writer.connection, "my-bucket") == file
