"""The hosts for which `serve` answers."""

import pytest

from readmodel_cfn.local.serve.hosts import names_this_machine

LOCAL = "127.0.0.1"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8000",
        "localhost.",
        "localhost.:80",
        "localhost:",
        "shop.localhost:8000",
        "127.0.0.1",
        "127.9.9.9:80",
        "[::1]:8000",
        "[0:0:0:0:0:0:0:1]",
    ],
)
def test_this_machine_has_these_names(host: str) -> None:
    assert names_this_machine(host, LOCAL, LOCAL)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "shop.example",
        "shop.example:80",
        "localhost.shop.example",
        "evil-localhost",
        "localhost@shop.example",
        "shop.example@localhost",
        "localhost,shop.example",
        "localhost shop.example",
        "localhost:80:80",
        "localhost:x",
        "localhost:123456",
        "192.168.0.1",
        "0.0.0.0",  # noqa: S104 - refused
        "2130706433",
        "127.1",
        "::1",
        "[::1",
        "[127.0.0.1]",
        "[localhost]",
        "[::]",
        "[2001:db8::1]",
    ],
)
def test_no_other_host_is_this_machine(host: str) -> None:
    assert not names_this_machine(host, LOCAL, LOCAL)


@pytest.mark.parametrize(
    ("given", "host", "local_address", "expected"),
    [
        ("shop.example", "shop.example:80", "192.168.0.7", True),
        ("Shop.example", "SHOP.EXAMPLE.", "192.168.0.7", True),
        ("shop.example", "a.shop.example", "192.168.0.7", False),
        ("192.168.0.7", "192.168.0.7:80", "192.168.0.7", True),
        ("192.168.0.7", "192.168.0.8", "192.168.0.7", False),
        ("0.0.0.0", "192.168.0.7:80", "192.168.0.7", True),  # noqa: S104
        ("0.0.0.0", "192.168.0.8", "192.168.0.7", False),  # noqa: S104
        ("0.0.0.0", "shop.example", "192.168.0.7", False),  # noqa: S104
        ("::", "[2001:db8::7]", "2001:db8::7", True),
        ("::", "[2001:db8::8]", "2001:db8::7", False),
        ("192.168.0.7", "localhost", "192.168.0.7", True),
    ],
)
def test_the_host_to_serve_on_is_this_machine(
    given: str, host: str, local_address: str, expected: bool
) -> None:
    assert names_this_machine(host, given, local_address) == expected
