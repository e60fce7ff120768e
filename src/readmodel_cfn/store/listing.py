"""Listing: the one listing that tells what a bucket has of the keys that routes serve."""

import os.path
from collections.abc import Iterator, Sequence
from itertools import chain

from readmodel_cfn.store.object_errors import Denied
from readmodel_cfn.store.objects import Listed, Objects


def listing(
    objects: Objects, beginnings: Sequence[str], first: str = "", last: str | None = None
) -> Iterator[Listed]:
    """The objects from the first key to the last whose keys begin like one of these, in order.

    Where the directory that all of them have in common may not be listed, each is by itself: a
    writer is granted no more.

    Raises:
        Denied: not even that may be listed.
    """
    after = first[:-1] or None  # a listing begins behind the key that it is given
    for one in _listed(objects, beginnings, after):
        if last is not None and one.key > last:
            return
        yield one


def _listed(objects: Objects, beginnings: Sequence[str], after: str | None) -> Iterator[Listed]:
    alone = _widest(beginnings)
    common = os.path.commonprefix(alone)  # noqa: RUF071 - of texts, cut to a directory below
    directory = common[: common.rfind("/") + 1]
    try:
        yield from objects.listed(directory, after)
    except Denied:
        if alone == [directory]:
            raise
        yield from chain.from_iterable(objects.listed(one, after) for one in alone)


def _widest(beginnings: Sequence[str]) -> list[str]:
    """Without those that begin like another; sorted, so that their listings are too."""
    found: list[str] = []
    for one in sorted(beginnings):
        if not found or not one.startswith(found[-1]):
            found.append(one)
    return found
