"""API keys and their usage plans, as a template defines them for one stage."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from readmodel_cfn.local.gateway.failures import ResponseType


@dataclass(frozen=True, slots=True)
class Limits:
    """A throttle: `rate` is in requests per second, `burst` the size of the token bucket."""

    rate: float
    burst: float


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """A usage plan that covers the stage.

    `keys` are the values of its enabled keys. `by_method` are the throttles of single methods, by
    path and HTTP method (`/things/GET`). `quota` is the number of requests that a key may send.
    """

    keys: frozenset[str]
    throttle: Limits | None = None
    by_method: Mapping[str, Limits] = field(default_factory=dict)
    quota: int | None = None


class UsagePlans:
    """The usage plans of a stage, with what each key has used since this object was made.

    A token bucket limits each key ("usage plan throttling", developer guide, "Throttle requests to
    your REST APIs"). A quota counts the requests of this process: its period never ends (assumed:
    a server on one machine is not left running for a day).
    """

    def __init__(
        self, plans: Sequence[UsagePlan], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._plans, self._clock, self._lock = tuple(plans), clock, Lock()
        self._tokens: dict[tuple[int, str, str], tuple[float, float]] = {}
        self._used: dict[tuple[int, str], int] = {}

    def refusal(self, key: str, resource_path: str, http_method: str) -> ResponseType | None:
        """Why a request with the key is not served, or None; a request that is served counts."""
        numbers = [number for number, plan in enumerate(self._plans) if key in plan.keys]
        if not key or not numbers:
            return "INVALID_API_KEY"
        method = f"{resource_path}/{http_method}"
        with self._lock:
            if not all(self._take_token(number, key, method) for number in numbers):
                return "THROTTLED"
            if not all(self._count(number, key) for number in numbers):
                return "QUOTA_EXCEEDED"
        return None

    def _take_token(self, number: int, key: str, method: str) -> bool:
        plan = self._plans[number]
        own = plan.by_method.get(method)
        limits = own or plan.throttle
        if limits is None:
            return True
        slot, now = (number, key, method if own else ""), self._clock()
        tokens, last = self._tokens.get(slot, (limits.burst, now))
        tokens = min(limits.burst, tokens + (now - last) * limits.rate)
        taken = tokens >= 1
        self._tokens[slot] = (tokens - taken, now)
        return taken

    def _count(self, number: int, key: str) -> bool:
        quota = self._plans[number].quota
        if quota is None:
            return True
        used = self._used.get((number, key), 0)
        if used >= quota:
            return False
        self._used[number, key] = used + 1
        return True
