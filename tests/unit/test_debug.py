"""The messages about requests to AWS: what they mask, whatever the service and the request."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from readmodel_cfn.aws import debug

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.fixture(autouse=True)
def _debug(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.DEBUG, "readmodel_cfn.aws")
    monkeypatch.setattr(debug, "_secrets", set())


def sent(url: str = "https://x.example/", body: Any = b"", **headers: Any) -> None:
    handlers: dict[str, Any] = {}
    client = SimpleNamespace(
        meta=SimpleNamespace(events=SimpleNamespace(register_last=handlers.__setitem__))
    )
    debug.watch(client)
    request = SimpleNamespace(method="POST", url=url, body=body, headers=headers)
    handlers["before-send"]("before-send.s3.PutObject", request=request)


def received(parsed: Any, status: int = 200) -> None:
    handlers: dict[str, Any] = {}
    client = SimpleNamespace(
        meta=SimpleNamespace(events=SimpleNamespace(register_last=handlers.__setitem__))
    )
    debug.watch(client)
    handlers["response-received"](
        "response-received.sts.AssumeRole",
        response_dict={"status_code": status},
        parsed_response=parsed,
        exception=None,
    )


@pytest.mark.parametrize(
    "url",
    [
        f"https://b.s3.example/k?X-Amz-Signature={SECRET}&x=1",
        f"https://b.s3.example/k?x=1&x-amz-security-token={SECRET}",
        f"https://b.s3.example/k?AWSAccessKeyId=A&Signature={SECRET}",
        "https://user:wJalrXUtnFEMI@proxy.example/",
    ],
)
def test_signed_urls_are_masked(url: str, caplog: pytest.LogCaptureFixture) -> None:
    sent(url)
    assert "wJalrXUtnFEMI" not in caplog.text
    assert "s3 PutObject: POST https://" in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        "Action=CreateStack&Parameters.member.1.ParameterValue=wJalrXUtnFEMI",
        b"Action=CreateStack&Parameters.member.1.ParameterValue=wJalrXUtnFEMI",
    ],
)
def test_values_of_parameters_are_masked(
    body: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    sent(body=body)
    assert "CreateStack" in caplog.text
    assert "wJalrXUtnFEMI" not in caplog.text


@pytest.mark.parametrize(
    "parsed",
    [
        {"Credentials": {"SecretAccessKey": SECRET, "SessionToken": SECRET}},
        {"SecretString": SECRET, "Name": SECRET},
        {"SecretString": f'{{"password": "{SECRET}"}}', "Name": SECRET},
        {"Stacks": [{"Outputs": [{"OutputKey": "DbPassword", "OutputValue": SECRET}]}]},
        {"StackEvents": [{"ResourceProperties": f'{{"SecretString": "{SECRET}"}}'}]},
    ],
)
def test_secrets_of_responses_are_masked_from_then_on(
    parsed: Any, caplog: pytest.LogCaptureFixture
) -> None:
    received(parsed)
    assert "AssumeRole: 200" in caplog.text
    assert SECRET not in caplog.text


def test_token_of_a_request_is_masked_in_the_response(caplog: pytest.LogCaptureFixture) -> None:
    sent(**{"X-Amz-Security-Token": SECRET})
    received({"Error": {"Code": "InvalidToken", "Token-0": SECRET}}, 400)
    assert "InvalidToken" in caplog.text
    assert SECRET not in caplog.text


def test_long_bodies_are_shortened(caplog: pytest.LogCaptureFixture) -> None:
    sent(body=b"x" * 50_000)
    assert len(caplog.messages[-1]) < 2_000


def test_failed_call_of_another_library_is_logged_with_its_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(OSError, match="lost"), debug.logged_call("PutObject", "s3://b/k"):
        raise OSError("lost")
    assert "s3://b/k" in caplog.messages[-1]
    assert "lost" in caplog.messages[-1]


def test_values_in_a_change_set_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    values = dict.fromkeys(("BeforeValue", "AfterValue"), SECRET)
    contexts = dict.fromkeys(("BeforeContext", "AfterContext"), f'{{"SecretString": "{SECRET}"}}')
    target = {"Name": "SecretString", **values}
    received({"Changes": [{"ResourceChange": {"Details": [{"Target": target}], **contexts}}]})
    assert SECRET not in caplog.text
    assert "SecretString" in caplog.text
