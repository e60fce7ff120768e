"""The outputs of one read model in a stack: its bucket, and the URLs of its API. No AWS calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.template.routes import Route, serving_route

_ARTICLE_URL = "SamplesUrl"  # the only URL of the article's stack, that of its one route
_ARTICLE_PATH = "/samples"


@dataclass(frozen=True)
class ModelOutputs:
    """The values by name, without the read model's prefix."""

    values: Mapping[str, str]
    prefix: str
    location: StackLocation

    @classmethod
    def of(cls, outputs: Mapping[str, str], prefix: str, location: StackLocation) -> Self:
        """Those of a stack's outputs that have the prefix."""
        own = {
            name.removeprefix(prefix): value
            for name, value in outputs.items()
            if name.startswith(prefix)
        }
        return cls(own, prefix, location)

    def required(self, name: str) -> str:
        """The value of an output.

        Raises:
            ReadModelError: the stack has no such output.
        """
        if name not in self.values:
            what = f"no output {self.prefix}{name}"
            hint = "choose a read model's stack with --stack-name, or set prefix under [stack]"
            raise ReadModelError(what, where=str(self.location), hint=hint)
        return self.values[name]

    def url(self, path: str = "") -> str:
        """The URL at which readers get a path: that of the CDN, or of the API.

        An emulator does not serve CloudFront, so there it is that of the API.

        Raises:
            ReadModelError: the stack has no API.
        """
        cdn = self.cdn_url()
        if cdn is None or self.location.connection.emulator_url:
            return self.api_url(path)
        return f"{cdn}/{path.lstrip('/')}" if path else cdn

    def cdn_url(self) -> str | None:
        """The URL of the distribution, if there is one."""
        return self.values.get("DistributionUrl")

    def api_url(self, path: str = "") -> str:
        """The URL of a path of the API; without a path that of the API.

        Raises:
            ReadModelError: the stack has no API.
        """
        api = self.values.get("ApiUrl")
        if api is None:
            api = self.required(_ARTICLE_URL).removesuffix(_ARTICLE_PATH)
        return f"{api}/{path.lstrip('/')}" if path else api

    def at_default_endpoint(self) -> Self:
        """The same outputs with API Gateway's own URL instead of that of a domain name."""
        default, api = self.values.get("DefaultEndpointUrl"), self.values.get("ApiUrl", "")
        if default is None:
            return self
        urls = {
            name: default + self.values[name].removeprefix(api)
            for name in ("ApiUrl", _ARTICLE_URL)
            if name in self.values
        }
        return replace(self, values={**self.values, **urls})

    @property
    def has_domain(self) -> bool:
        """Whether the API has a domain name."""
        return "DefaultEndpointUrl" in self.values

    def route_urls(self, routes: Sequence[Route]) -> dict[str, str]:
        """The URL of each route by its path; empty if the stack has no API of its own."""
        return {route.path: self.url(route.path) for route in routes} if self._has_api else {}

    def document_url(self, key: str, routes: Sequence[Route]) -> str | None:
        """The URL at which a document can be read; None if no route serves it."""
        found = serving_route(routes, key)
        return self.url(found[1]) if found and self._has_api else None

    def api_urls(self) -> dict[str, str]:
        """The URL of each API by the name of the stack's output, which has the prefix."""
        found = {name: url for name, url in self.values.items() if name.endswith("ApiUrl")}
        if not found and _ARTICLE_URL in self.values:
            found = {_ARTICLE_URL: self.api_url()}
        return {f"{self.prefix}{name}": url for name, url in found.items()}

    @property
    def _has_api(self) -> bool:
        return bool({"ApiUrl", _ARTICLE_URL} & self.values.keys())
