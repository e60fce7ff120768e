"""The sandbox keeps no large body: it refuses it and closes the connection."""

import gzip
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from readmodel_cfn.limits import API_PAYLOAD_BYTES
from readmodel_cfn.local.sandbox import Sandbox

MB = 1024 * 1024
API = "/_aws/execute-api/abcdefghij/v1/samples"
SIGNED = "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/s3/aws4_request\r\n"


def answer(sandbox: Sandbox, head: str, body: bytes = b"") -> bytes:
    """Everything that the sandbox sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=60) as connection:
        connection.sendall(f"{head}\r\nHost: 127.0.0.1\r\n".encode() + body)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("path", [API, "/", "/bucket/key"])
def test_a_length_of_more_than_10_mb_is_refused_without_a_signature(
    sandbox: Sandbox, path: str
) -> None:
    got = answer(
        sandbox, f"POST {path} HTTP/1.1\r\nContent-Length: {API_PAYLOAD_BYTES + 1}", b"\r\n"
    )
    assert got.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("path", "signature"), [(API, ""), ("/", ""), (API, SIGNED)], ids=["api", "s3", "signed api"]
)
def test_chunks_of_more_than_10_mb_are_refused(sandbox: Sandbox, path: str, signature: str) -> None:
    size = API_PAYLOAD_BYTES + 1
    body = b"\r\n%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n"
    head = f"POST {path} HTTP/1.1\r\n{signature}Transfer-Encoding: chunked"
    assert answer(sandbox, head, body).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_sends_a_long_body_first_gets_the_response(sandbox: Sandbox) -> None:
    body = b"\r\n" + b"x" * (30 * MB)
    head = f"POST {API} HTTP/1.1\r\nContent-Length: {30 * MB}"
    assert answer(sandbox, head, body).startswith(b"HTTP/1.1 413 ")


def test_s3_takes_a_signed_object_of_100_mb_and_larger_ones_in_parts(
    clients: Callable[..., Any], make_bucket: Callable[..., None], tmp_path: Path
) -> None:
    s3 = clients("s3")
    make_bucket(s3, "large-objects")
    s3.put_object(Bucket="large-objects", Key="a", Body=b"x" * (100 * MB))
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="large-objects", Key="b", Body=b"x" * (100 * MB + 1))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    file = tmp_path / "large"
    file.write_bytes(b"x" * (101 * MB))
    s3.upload_file(str(file), "large-objects", "c")
    listed = s3.list_objects_v2(Bucket="large-objects")["Contents"]
    assert [(each["Key"], each["Size"] // MB) for each in listed] == [("a", 100), ("c", 101)]
    for key in "ac":
        s3.delete_object(Bucket="large-objects", Key=key)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc on this system")
def test_compressed_calls_are_read_and_a_bomb_takes_no_memory(
    sandbox: Sandbox, clients: Callable[..., Any]
) -> None:
    metrics = [{"MetricName": f"{'m' * 200}{number}", "Value": 1} for number in range(200)]
    clients("cloudwatch").put_metric_data(Namespace="compressed", MetricData=metrics)
    found = clients("cloudwatch").list_metrics(Namespace="compressed")["Metrics"]
    assert len(found) == len(metrics)
    bomb = gzip.compress(b"\0" * (500 * MB), 1)
    target = "X-Amz-Target: GraniteServiceVersion20100801.PutMetricData"
    head = f"POST / HTTP/1.1\r\nConnection: close\r\nContent-Encoding: gzip\r\n{target}"
    before = peak(sandbox)
    answer(sandbox, f"{head}\r\nContent-Length: {len(bomb)}", b"\r\n" + bomb)
    assert peak(sandbox) - before < 300 * MB


def peak(sandbox: Sandbox) -> int:
    """The most memory that the sandbox has used, in bytes."""
    lines = Path(f"/proc/{sandbox.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
