"""Whether a connection is to an emulator: settings of the environment and of a profile."""

from pathlib import Path

import pytest

from readmodel_cfn.aws.connection import Connection

EMULATOR, OTHER = "http://127.0.0.1:4566", "https://vpce-1.apigateway.example"
ALL = f"endpoint_url = {EMULATOR}"
BOTH = f"""\
services = mine
[services mine]
cloudformation =
  endpoint_url = {EMULATOR}
api_gateway =
  endpoint_url = {EMULATOR}
"""


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ENDPOINT_URL", "ENDPOINT_URL_API_GATEWAY", "ENDPOINT_URL_CLOUDFORMATION"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.delenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.mark.parametrize(
    ("profile", "variables", "expected"),
    [
        ("", {}, None),
        (ALL, {}, EMULATOR),
        (BOTH, {}, EMULATOR),
        ("", {"AWS_ENDPOINT_URL": EMULATOR}, EMULATOR),
        (ALL, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
        (BOTH.replace("api_gateway", "s3"), {}, None),
        (BOTH, {"AWS_ENDPOINT_URL_API_GATEWAY": OTHER}, None),
        ("", {"AWS_ENDPOINT_URL_API_GATEWAY": OTHER}, None),
        (f"{ALL}\nignore_configured_endpoint_urls = true", {}, None),
        (ALL, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, None),
    ],
    ids=[
        "nothing is set",
        "the profile",
        "services of the profile",
        "the environment",
        "the environment before the profile",
        "services without API Gateway",
        "an endpoint of API Gateway alone, before services",
        "an endpoint of API Gateway alone",
        "a profile whose endpoints are ignored",
        "an environment whose endpoints are ignored",
    ],
)
def test_emulator_is_found_where_botocore_finds_endpoints(
    profile: str,
    variables: dict[str, str],
    expected: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "config").write_text(f"[profile mine]\nregion = eu-west-1\n{profile}\n")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Connection(profile="mine").emulator_url == expected


def test_given_endpoint_is_used_before_the_profile(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(f"[profile mine]\n{ALL}\n")
    assert Connection(profile="mine", endpoint_url="http://127.0.0.1:1").emulator_url == (
        "http://127.0.0.1:1"
    )
