"""The account on the embedded AWS: `[stack] account` does not apply to the sandbox itself."""

from pathlib import Path

import pytest

from readmodel_cfn import ReadModel, ReadModelStack
from readmodel_cfn.consent import Consent
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local.sandbox import Sandbox

OTHER = "210987654321"


@pytest.fixture
def home(sandbox_home: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """The run's sandbox is the one that `sandbox=True` uses; its URL."""
    monkeypatch.setenv("READMODEL_CFN_HOME", str(sandbox_home))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", sandbox.region)
    return sandbox.endpoint_url


@pytest.mark.usefixtures("home")
def test_sandbox_is_exempt_and_named() -> None:
    stack = ReadModelStack("account-exempt", ReadModel(), sandbox=True, account=OTHER)
    asked: list[Consent] = []

    def agree(consent: Consent) -> bool:
        asked.append(consent)
        return True

    try:
        result = stack.deploy(confirm=agree)
        published = stack.publish({"payload.json": 1})
        document = stack.publish_document("payload.json", 2)
        restored = stack.restore("payload.json", stack.history("payload.json")[-1].id)
        verified = stack.verify(timeout=60)
    finally:
        deleted = stack.delete(with_data=True, confirm=agree)
    targets = [consent.target for consent in asked]
    targets += [result.target, published.target, document.target]
    targets += [restored.target, verified.target, deleted.target]
    assert {target.sandbox for target in targets} == {True}
    assert {target.stack for target in targets} == {"account-exempt"}
    assert len({target.account for target in targets}) == 1
    assert "the sandbox" in asked[0].text
    assert stack.delete().name == "account-exempt"  # it was deleted in the last 90 days
    nothing = ReadModelStack("account-never", sandbox=True).delete()
    assert (nothing.name, nothing.target.sandbox) == (None, True)


def test_another_account_is_refused_by_url(home: str) -> None:
    stack = ReadModelStack("account-refused", ReadModel(), endpoint_url=home, account=OTHER)
    with pytest.raises(ConfigError, match=OTHER):
        stack.deploy()
    assert ReadModelStack("account-refused", ReadModel(), endpoint_url=home).delete().name is None


def test_first_create_and_update_have_the_same_account(home: str) -> None:
    stack = ReadModelStack("account-same", ReadModel(), endpoint_url=home)
    try:
        accounts = {stack.deploy().target.account for _ in range(2)}
    finally:
        stack.delete(with_data=True, confirm=lambda _: True)
    assert len(accounts) == 1
    assert None not in accounts
