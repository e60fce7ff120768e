"""The origins of the pages that `verify` sends requests as."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from readmodel_cfn.aws.http import LOCAL_HOSTS

_SOME_ORIGIN = "https://readmodel-cfn.example"
_LOCAL_ORIGIN = "http://localhost"
_SOME_LOCAL_ORIGIN = "http://readmodel-cfn.localhost"


@dataclass(frozen=True)
class RequestOrigins:
    """The origins of the pages that `verify` sends requests as.

    `page` is the allowed origin, or any origin if CORS allows all or is off. Of several configured
    origins `others` are the rest, and `refused` is an origin that is not configured.
    """

    page: str
    others: tuple[str, ...] = ()
    refused: str | None = None

    @classmethod
    def of(cls, url: str, configured: Sequence[str]) -> Self:
        """The origins for an API at a URL.

        A local emulator, such as the sandbox, refuses pages of other machines before it calls the
        API. For one configured origin a local page gets the same headers, because API Gateway does
        not compare origins. Of several, which S3 compares, only the local ones can be used.
        """
        is_local = urlsplit(url).hostname in LOCAL_HOSTS
        if len(configured) < 2:
            allowed = next((origin for origin in configured if origin != "*"), _SOME_ORIGIN)
            return cls(_LOCAL_ORIGIN if is_local else allowed)
        usable = [origin for origin in configured if not is_local or _is_local_origin(origin)]
        refused = _SOME_LOCAL_ORIGIN if is_local else _SOME_ORIGIN
        return cls(next(iter(usable), refused), tuple(usable[1:]), refused)


def _is_local_origin(origin: str) -> bool:
    host = urlsplit(origin).hostname or ""
    return host in LOCAL_HOSTS or host.endswith(".localhost")
