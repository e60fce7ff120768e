"""What was seen: every answer, by what was asked."""

from dataclasses import dataclass

from readmodel_cfn.aws.http import Response
from readmodel_cfn.verify.probe import Probe


@dataclass(frozen=True)
class Reads:
    """The answers of the API while the probe's first document was there, then its second.

    `etags` are S3's own. `missing`, `unknown` and their like from another origin are None where
    there is no such path.
    """

    probe: Probe
    etags: tuple[str, str]
    first: Response
    unchanged: Response
    head: Response
    head_unchanged: Response
    zipped: Response
    other_method: Response
    missing: Response | None
    unknown: Response | None
    cross_first: Response
    cross_unchanged: Response
    cross_missing: Response | None
    cross_unknown: Response | None
    preflight: Response
    changed: Response
    outdated: Response

    @property
    def is_served(self) -> bool:
        """Is there a payload at all, so that its headers say something?"""
        return self.first.status == 200


@dataclass(frozen=True)
class Doors:
    """What came of asking past the API, and without TLS.

    `item` and `listing` are anonymous requests to the bucket. `plain_bucket` is the status of an
    otherwise allowed request without TLS, `plain_api` that of one to the API, 0 where nobody
    answered, and `old_tls` is whether the API speaks TLS below 1.2: None is what this endpoint
    cannot show, and `why` says why.
    """

    item: Response
    listing: Response
    plain_bucket: int | None = None
    plain_api: int | None = None
    old_tls: bool | None = None
    why: str = ""
