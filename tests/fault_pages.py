"""Pages of a list, as AWS may cut them: short, empty, twice, or in another order."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence

LISTS = {
    "DescribeStackEvents": "StackEvents",
    "ListStackResources": "StackResourceSummaries",
    "DescribeChangeSet": "Changes",
    "ListChangeSets": "Summaries",
}
_SHORT = 4

Members = list[ET.Element]


def _short(members: Members) -> Iterator[Members]:
    for start in range(0, max(len(members), 1), _SHORT):
        yield members[start : start + _SHORT]


def _each_twice(members: Members) -> Iterator[Members]:
    yield [member for member in members for _ in range(2)]


def _page_twice(members: Members) -> Iterator[Members]:
    for page in _short(members):
        yield page
        yield page


def _overlapping(members: Members) -> Iterator[Members]:
    """A new event between two pages moves the last event of a page into the next."""
    for start in range(0, max(len(members), 1), _SHORT):
        yield members[max(start - 1, 0) : start + _SHORT]


def _reversed(members: Members) -> Iterator[Members]:
    yield members[::-1]


def _shuffled(members: Members) -> Iterator[Members]:
    """Every third event first: neither the newest nor the oldest is in its place."""
    yield [*members[2::3], *members[0::3], *members[1::3]]


def _empty_first(members: Members) -> Iterator[Members]:
    yield []
    yield members


def _empty_between(members: Members) -> Iterator[Members]:
    half = len(members) // 2
    yield from (members[:half], [], [], members[half:])


# What may happen to any list, and what may happen to events only.
ANY_LIST: dict[str, Callable[[Members], Iterator[Members]]] = {
    "short pages": _short,
    "an empty page first": _empty_first,
    "empty pages between": _empty_between,
}
EVENTS: dict[str, Callable[[Members], Iterator[Members]]] = {
    "each event twice": _each_twice,
    "each page twice": _page_twice,
    "overlapping pages": _overlapping,
    "events reversed": _reversed,
    "events shuffled": _shuffled,
}
PAGES = ANY_LIST | EVENTS


def pages(body: bytes, action: str, kind: str, token: str) -> Sequence[bytes]:
    """The bodies of the pages of a response, with the tokens `token-1`, `token-2` ..."""
    members = list(_list(ET.fromstring(body), action))  # noqa: S314 - the sandbox's own answer
    parts = list(PAGES[kind](members))
    last = len(parts) - 1
    return [
        _page(body, action, part, "" if number == last else f"{token}-{number + 1}")
        for number, part in enumerate(parts)
    ]


def _page(body: bytes, action: str, members: Members, token: str) -> bytes:
    root = ET.fromstring(body)  # noqa: S314 - as above
    found = _list(root, action)
    found[:] = members
    if token:
        result, name = root[0], _qualified(root, "NextToken")
        for old in result.findall(name):
            result.remove(old)
        ET.SubElement(result, name).text = token
    return bytes(ET.tostring(root, "utf-8", default_namespace=_namespace(root)))


def _list(root: ET.Element, action: str) -> ET.Element:
    found = root.find(f".//{_qualified(root, LISTS[action])}")
    assert found is not None, f"{action} answered no {LISTS[action]}"
    return found


def _namespace(root: ET.Element) -> str:
    return root.tag.partition("}")[0].removeprefix("{")


def _qualified(root: ET.Element, name: str) -> str:
    return f"{{{_namespace(root)}}}{name}"
