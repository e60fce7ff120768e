"""What to do about an error of AWS, and which errors are reported at once."""

import pytest
from botocore.exceptions import ClientError
from functional_wire import Wire, refusal, xml

from readmodel_cfn.aws.causes import hint_for
from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.aws.errors import is_transient, readable_error

KEY = Credentials("AKIA1", "secret")


@pytest.mark.parametrize(
    ("code", "message", "fact"),
    [
        ("RequestTimeTooSkewed", "", "clock"),
        ("SignatureDoesNotMatch", "Signature expired: 1", "clock"),
        ("InvalidSignatureException", "Signature not yet current: 1", "clock"),
        ("SignatureDoesNotMatch", "differs", "access key"),
        ("KMS.KMSInvalidStateException", "", "KMS key"),
        ("AccessDenied", "not authorized to perform: kms:Decrypt on it", "kms:Decrypt"),
        ("LimitExceededException", "Limit on the number of stacks", "quota"),
        ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", "sub"),
        (
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for https://gitlab.com",
            "create-open-id-connect-provider",
        ),
    ],
)
def test_hint_says_what_to_do(code: str, message: str, fact: str) -> None:
    assert fact in (hint_for(code, message) or "")


def test_unknown_error_has_no_hint() -> None:
    assert hint_for("SomethingElse", "Access Denied") is None


def test_quota_of_cloudformation_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    client = Connection("eu-west-1", credentials=KEY).client("cloudformation")
    wire = Wire(client, refusal("LimitExceededException", "Limit on the number of stacks"))
    with pytest.raises(ClientError) as caught:
        client.create_stack(StackName="shop")
    assert wire.sent == ["CreateStack"]
    assert not is_transient(caught.value)
    error = readable_error(caught.value)
    assert error
    assert "quota" in (error.hint or "")
    assert "CreateStack" in (error.where or "")


def test_throttling_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    client = Connection("eu-west-1", credentials=KEY).client("cloudformation")
    wire = Wire(client, refusal("Throttling", "Rate exceeded"), xml("CreateStack", ""))
    client.create_stack(StackName="shop")
    assert wire.sent == ["CreateStack", "CreateStack"]
