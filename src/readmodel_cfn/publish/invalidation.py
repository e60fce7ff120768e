"""Invalidation: CloudFront reads again what a run of `publish` changed."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.limits import CLOUDFRONT_WILDCARDS
from readmodel_cfn.progress import OnProgress
from readmodel_cfn.publish.results import Deleted, Sent
from readmodel_cfn.template.routes import Route

_EVERYTHING = "/*"


@dataclass
class ChangedRoutes:
    """The routes whose documents a run sends or deletes; call it with each progress value.

    `origin` is where CloudFront reads: with "api" it caches under the path, not under the key.
    """

    routes: Sequence[Route]
    on_progress: OnProgress
    origin: Literal["data-store", "api"] = "data-store"
    changed: list[Route] = field(default_factory=list)

    def __call__(self, value: Any) -> None:
        """Note the route of a document that was sent or deleted, and pass the value on."""
        if isinstance(value, Sent | Deleted):
            self.add(value.key)
        self.on_progress(value)

    def add(self, key: str) -> None:
        """Note the routes of a document."""
        for route in self.routes:
            if route not in self.changed and route.match_key(key):
                self.changed.append(route)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths to invalidate."""
        return wildcards(self.changed, keys=self.origin == "data-store")


def wildcards(routes: Iterable[Route], *, keys: bool = True) -> tuple[str, ...]:
    """A path with a wildcard for each route, and with `keys` another one if its keys differ.

    CloudFront caches under the URI that the function returns, and AWS recommends to invalidate the
    viewer's URI too. Too many become one for everything.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    """
    each = ((route.path, route.key) if keys else (route.path,) for route in routes)
    texts = (text.partition("{")[0] for several in each for text in several)
    found = tuple(dict.fromkeys(f"/{text}*" for text in texts))
    covered = _EVERYTHING in found or len(found) > CLOUDFRONT_WILDCARDS
    return (_EVERYTHING,) if covered else found


def invalidate(connection: Connection, distribution: str, paths: Sequence[str]) -> None:
    """Invalidate the paths; without a path nothing is done. It does not wait for CloudFront.

    Raises:
        Unfinished: CloudFront refused; the documents are published.
    """
    if not paths:
        return
    batch = {
        "Paths": {"Quantity": len(paths), "Items": list(paths)},
        "CallerReference": str(uuid.uuid4()),
    }
    try:
        with readable_errors():
            cloudfront = connection.client("cloudfront")
            cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
    except ReadModelError as error:
        given = ", ".join(paths)
        what = f"the documents are published, but not invalidated: {error.what}"
        hint = f"run it again with --force --invalidate, or invalidate {given} yourself"
        raise Unfinished(what, where=f"distribution {distribution}", hint=hint) from error
