"""The listening socket and its URL."""

import socket

import pytest

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local.serve.server import listen, url_of


def test_port_0_listens_on_a_free_local_port() -> None:
    with listen("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        assert port > 0


def test_socket_protocol_is_tcp() -> None:
    """Without it asyncio leaves Nagle's algorithm on: 40 ms an answer."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_port_in_use_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ReadModelError, match=f"^http://127.0.0.1:{port}: ") as error:
            listen("127.0.0.1", port)
    assert error.value.exit_code == 1


@pytest.mark.parametrize("host", ["192.0.2.1", "x" * 70 + ".example"])
def test_address_of_another_machine_is_an_error(host: str) -> None:
    with pytest.raises(ReadModelError) as error:
        listen(host, 0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")],
)
def test_url_of_host_and_port(host: str, url: str) -> None:
    assert url_of(host, 80) == url
