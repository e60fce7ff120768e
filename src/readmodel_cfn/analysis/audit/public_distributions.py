"""What anybody can reach through a CloudFront distribution: behaviors without signed requests."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.evaluate import Unreadable
from readmodel_cfn.cloudformation.resources import Resource

_DISTRIBUTION = "AWS::CloudFront::Distribution"
_SIGNED = ("TrustedKeyGroups", "TrustedSigners")
_FUNCTIONS = ("FunctionAssociations", "LambdaFunctionAssociations")
_READS = ("GET", "HEAD")  # the methods without AllowedMethods
_ALL_PATHS = "/*"


@dataclass(frozen=True)
class PublicDistribution:
    """The paths of a distribution that need no signature, and where CloudFront sends the requests.

    `path` is the path pattern of a behavior, `/*` for the default one. `origin` is the origin's
    domain name with its path, empty if it is unknown. `has_function` says that a function sees each
    request, and may refuse it.
    """

    resource: str
    verbs: tuple[str, ...]
    path: str
    origin: str
    has_function: bool

    def __str__(self) -> str:
        function = ", as far as its function allows it" if self.has_function else ""
        origin = self.origin or "an unknown origin"
        return f"{', '.join(self.verbs)} {self.path} of {self.resource} from {origin}{function}"

    def as_dict(self) -> dict[str, Any]:
        """The paths as `audit --json` prints them."""
        return {**asdict(self), "verbs": list(self.verbs)}


def public_distributions(view: View) -> list[PublicDistribution]:
    """The paths of all distributions that anybody can reach, in the order of the template."""
    found: list[PublicDistribution] = []
    for distribution in view.of(_DISTRIBUTION):
        try:
            config = view.evaluator.fields(distribution.properties.get("DistributionConfig"))
            found += [*_behaviors(view, distribution, config)]
        except Unreadable:
            found.append(PublicDistribution(distribution.id, _READS, _ALL_PATHS, "", False))
    return found


def _behaviors(
    view: View, distribution: Resource, config: Mapping[str, Any]
) -> Iterator[PublicDistribution]:
    if str(view.text(config.get("Enabled"))).lower() == "false":
        return
    origins = _origins(view, config)
    behaviors = [item for _, item in view.evaluator.items(config.get("CacheBehaviors"))]
    for item in (*behaviors, config.get("DefaultCacheBehavior")):
        behavior = view.evaluator.fields(item)
        if any(name in behavior for name in _SIGNED):
            continue
        verbs = [
            view.text(verb) for _, verb in view.evaluator.items(behavior.get("AllowedMethods"))
        ]
        yield PublicDistribution(
            distribution.id,
            tuple(map(str, verbs)) or _READS,
            str(view.text(behavior.get("PathPattern"))) or _ALL_PATHS,
            origins.get(str(view.text(behavior.get("TargetOriginId"))), ""),
            any(name in behavior for name in _FUNCTIONS),
        )


def _origins(view: View, config: Mapping[str, Any]) -> dict[str, str]:
    """The domain name and path of each origin, by its ID."""
    found = {}
    for _, item in view.evaluator.items(config.get("Origins")):
        origin = view.evaluator.fields(item)
        names = (view.text(origin.get(name)) for name in ("DomainName", "OriginPath"))
        found[str(view.text(origin.get("Id")))] = "".join(map(str, names))
    return found
