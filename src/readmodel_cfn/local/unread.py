"""Reads what a client still sends of a request that has its response already.

A client that is sending does not get the response if the connection is closed meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

SECONDS = 10.0
"""The longest time of reading."""
IDLE_SECONDS = 1.0
"""The longest time in which nothing arrives."""


async def discard(receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
    """Read the rest of a request's body, for some seconds, and keep nothing of it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            more = True
            while more:
                message = await asyncio.wait_for(receive(), IDLE_SECONDS)
                more = message.get("more_body", False)
