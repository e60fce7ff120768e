"""Listing: the one listing that tells what a bucket has of the keys that routes serve."""

import os.path
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain

from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Listed, Objects


def listing(
    objects: Objects,
    beginnings: Sequence[str],
    first: str = "",
    last: str | None = None,
    *,
    exactly: bool = False,
) -> Iterator[Listed]:
    """The objects from the first key to the last whose keys begin like one of these, in order.

    `exactly` is needed where something is deleted for what is found: see Objects.listed.

    Where the directory that all of them have in common may not be listed, each is by itself: a
    writer is granted no more.

    Raises:
        Denied: not even that may be listed.
    """
    after = first[:-1] or None  # a listing begins behind the key that it is given
    for one in _listed(partial(objects.listed, after=after, exactly=exactly), beginnings):
        if last is not None and one.key > last:
            return
        yield one


def _listed(
    below: Callable[[str], Iterator[Listed]], beginnings: Sequence[str]
) -> Iterator[Listed]:
    alone = _widest(beginnings)
    common = os.path.commonprefix(alone)  # noqa: RUF071 - of texts, cut to a directory below
    directory = common[: common.rfind("/") + 1]
    try:
        yield from below(directory)
    except Denied:
        if alone == [directory]:
            raise
        yield from chain.from_iterable(map(below, alone))


def _widest(beginnings: Sequence[str]) -> list[str]:
    """Without those that begin like another; sorted, so that their listings are too."""
    found: list[str] = []
    for one in sorted(beginnings):
        if not found or not one.startswith(found[-1]):
            found.append(one)
    return found
