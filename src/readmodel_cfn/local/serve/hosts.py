"""The hosts for which `serve` answers.

A page of any site can reach this machine under its own host name (DNS rebinding), and sends no
Origin then: to the browser both have the same origin. So the Host header must name this machine.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

# No name below `localhost` can be registered: https://www.rfc-editor.org/rfc/rfc6761#section-6.3
_LOCALHOST = re.compile(r"([a-z0-9_-]+\.)*localhost")
# A host, of which an IPv6 address is in brackets, and a port.
_HOST = re.compile(r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<name>[^:\[\]]+?)\.?)(?::[0-9]{0,5})?")


def names_this_machine(host: str, given: str, local_address: str) -> bool:
    """Whether a Host header names this machine.

    That is `localhost`, a loopback address, or the host that was `given` to serve on; if that is
    every address of this machine, then the one to which the client is connected.
    """
    found = _HOST.fullmatch(host.lower())
    if found is None:
        return False
    name, v6 = found["name"], found["v6"]
    if name and (name == given.lower() or _LOCALHOST.fullmatch(name)):
        return True
    address, served = _address(name or v6), _address(given)
    if address is None or (address.version == 6) != (v6 is not None):
        return False
    is_own = served is not None and served.is_unspecified and address == _address(local_address)
    return address.is_loopback or address == served or is_own


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
