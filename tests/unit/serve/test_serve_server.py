"""The port."""

import socket

import pytest

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local.serve.server import listen, url_of


def test_a_free_port_of_this_machine_only() -> None:
    with listen("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        assert port > 0


def test_the_socket_says_tcp() -> None:
    """Without it asyncio leaves Nagle's algorithm on: 40 ms an answer."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_busy_port_is_one_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ReadModelError, match=f"^http://127.0.0.1:{port}: .*; stop") as error:
            listen("127.0.0.1", port)
    assert error.value.exit_code == 1


@pytest.mark.parametrize("host", ["192.0.2.1", "x" * 70 + ".example"])
def test_an_address_of_another_machine_is_one_error(host: str) -> None:
    with pytest.raises(ReadModelError) as error:
        listen(host, 0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")],
)
def test_the_url(host: str, url: str) -> None:
    assert url_of(host, 80) == url
