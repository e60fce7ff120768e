"""Conditional reads: which requests of a reader that has the payload get a 304.

S3's reference of GetObject tells of each condition alone and of both together, and refers to
RFC 7232 for the rest: If-None-Match wins, and what is no date is ignored.
"""

from dataclasses import replace

from second_opinion.cases.shared import FUTURE, LONG_AGO, SAMPLES
from second_opinion.steps import LAST_MODIFIED, Ask, Step

_OTHER, _TAG, _SINCE = '"other"', "If-None-Match", "If-Modified-Since"
_VALIDATORS = {"etag": SAMPLES.etag, "last-modified": "a time", "cache-control": "no-cache"}


def _asked(name: str, status: int | None, tag: str | None = None, since: str | None = None) -> Ask:
    given = {_TAG: tag, _SINCE: since}
    headers = {header: value for header, value in given.items() if value is not None}
    return Ask(name, "/samples", status, headers=headers, gives=_VALIDATORS)


def _with_head(one: Ask) -> Ask:
    return replace(one, name=f"HEAD, {one.name}", method="HEAD", body=b"")


CONDITIONS: tuple[Step, ...] = (
    SAMPLES,
    _asked("If-None-Match, same", 304, tag=SAMPLES.etag),
    _asked("If-None-Match, other", 200, tag=_OTHER),
    # As one gateway does it to be like S3: GitHub, versity/versitygw pull request 2194.
    _asked("If-None-Match, any", 304, tag="*"),
    # Whether S3 takes more than one ETag, or compares weakly as the RFC does, no source tells.
    _asked("If-None-Match, list with it", None, tag=f"{_OTHER}, {SAMPLES.etag}"),
    _asked("If-None-Match, list without it", 200, tag=f'{_OTHER}, "another"'),
    _asked("If-None-Match, weak", None, tag=f"W/{SAMPLES.etag}"),
    _asked("If-None-Match, without quotes", None, tag=SAMPLES.etag.strip('"')),
    _asked("If-Modified-Since, past", 200, since=LONG_AGO),
    _asked("If-Modified-Since, same", 304, since=LAST_MODIFIED),
    # Measured on AWS: GitHub, apache/opendal pull request 5500.
    _asked("If-Modified-Since, future", 200, since=FUTURE),
    _asked("If-Modified-Since, no date", 200, since="yesterday"),
    _asked("both, same and past", 304, tag=SAMPLES.etag, since=LONG_AGO),
    _asked("both, same and same", 304, tag=SAMPLES.etag, since=LAST_MODIFIED),
    _asked("both, other and same", 200, tag=_OTHER, since=LAST_MODIFIED),
    _asked("both, other and past", 200, tag=_OTHER, since=LONG_AGO),
    _with_head(_asked("no condition", 200)),
    _with_head(_asked("If-None-Match, same", 304, tag=SAMPLES.etag)),
    _with_head(_asked("If-None-Match, other", 200, tag=_OTHER)),
    _with_head(_asked("If-Modified-Since, past", 200, since=LONG_AGO)),
    _with_head(_asked("If-Modified-Since, same", 304, since=LAST_MODIFIED)),
)
