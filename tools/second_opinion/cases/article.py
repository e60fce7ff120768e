"""The article's stack: GET alone, no condition passed on, and no header back."""

from readmodel_cfn import ReadModel
from second_opinion.cases.shared import (
    FUTURE,
    LONG_AGO,
    MISSING_TOKEN,
    OTHER_TYPE,
    READS,
    SAMPLES,
    unserved,
)
from second_opinion.steps import ABSENT, Ask, Case, Step

_UNCONDITIONAL: tuple[Step, ...] = (
    SAMPLES,
    Ask("ETag", "/samples", 200, gives={"etag": ABSENT, "last-modified": ABSENT}),
    Ask("If-None-Match, same", "/samples", 200, headers={"If-None-Match": SAMPLES.etag}),
    Ask("If-None-Match, other", "/samples", 200, headers={"If-None-Match": '"other"'}),
    Ask("If-Modified-Since, past", "/samples", 200, headers={"If-Modified-Since": LONG_AGO}),
    Ask("If-Modified-Since, future", "/samples", 200, headers={"If-Modified-Since": FUTURE}),
    Ask("gzip accepted", "/samples", 200, headers={"Accept-Encoding": "gzip, deflate"}),
    Ask("HEAD", "/samples", 403, "HEAD", body=b""),
)
ARTICLE = Case(
    "article",
    ReadModel.article(),
    (
        Ask("not yet published", "/samples", 500),
        *READS,
        *_UNCONDITIONAL,
        *unserved(403, MISSING_TOKEN),
        OTHER_TYPE,
        Ask("other Content-Type", "/samples", 200),
    ),
)
