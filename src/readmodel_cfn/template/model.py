"""ReadModel: the routes and options of one read model, as a frozen value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from readmodel_cfn.template.options import OptionError
from readmodel_cfn.template.pairs import check_pairs
from readmodel_cfn.template.releases import PREFIX, PREVIEW_STAGE, Releases
from readmodel_cfn.template.routes import ROUTES_ALLOWED, Route, check_routes
from readmodel_cfn.template.sections.access import Access
from readmodel_cfn.template.sections.alarms import Alarms
from readmodel_cfn.template.sections.api import Api
from readmodel_cfn.template.sections.cdn import Cdn
from readmodel_cfn.template.sections.data_store import DataStore
from readmodel_cfn.template.sections.deployment import Deployment
from readmodel_cfn.template.sections.domain import Domain
from readmodel_cfn.template.sections.gateway_role import GatewayRole
from readmodel_cfn.template.sections.logs import Logs
from readmodel_cfn.template.sections.waf import Waf
from readmodel_cfn.template.sections.writer import Writer

SECTIONS: Mapping[str, type] = {
    "data_store": DataStore,
    "writer": Writer,
    "gateway_role": GatewayRole,
    "api": Api,
    "deployment": Deployment,
    "releases": Releases,
    "access": Access,
    "domain": Domain,
    "logs": Logs,
    "alarms": Alarms,
    "cdn": Cdn,
    "waf": Waf,
}
OPTIONAL_SECTIONS = frozenset({"releases", "access", "domain", "logs", "alarms", "cdn", "waf"})
"""The sections that a model has only if its file has their table."""


@dataclass(frozen=True)
class ReadModel:
    """One read model: its routes, and the options of each section of the template.

    `ReadModel()` is the production stack with the article's route: `samples`, which serves
    `payload.json`. `build_article` makes the template that the article prints.

    Raises:
        ConfigError: values that AWS would refuse, or that contradict each other.
    """

    routes: Sequence[Route] = (Route(),)
    data_store: DataStore = field(default_factory=DataStore)
    writer: Writer = field(default_factory=Writer)
    gateway_role: GatewayRole = field(default_factory=GatewayRole)
    api: Api = field(default_factory=Api)
    deployment: Deployment = field(default_factory=Deployment)
    releases: Releases | None = None
    access: Access | None = None
    domain: Domain | None = None
    logs: Logs | None = None
    alarms: Alarms | None = None
    cdn: Cdn | None = None
    waf: Waf | None = None

    def __post_init__(self) -> None:
        routes: Any = self.routes
        if not isinstance(routes, Iterable):
            raise OptionError("routes", routes, ROUTES_ALLOWED)
        object.__setattr__(self, "routes", tuple(routes))
        check_routes(self.routes)
        for name, section in SECTIONS.items():
            value = getattr(self, name)
            is_off = value is None and name in OPTIONAL_SECTIONS
            if not is_off and not isinstance(value, section):
                raise OptionError(name, value, f"a {section.__name__} object")
        self._check_releases()
        check_pairs(self)

    @property
    def writer_allow(self) -> tuple[str, ...]:
        """What the writer may do: with versions also compare, because publish reads them."""
        allow = self.writer.allow
        versioned = self.releases is None and any(route.version_field for route in self.routes)
        return (*allow, "compare") if versioned and "put" in allow else allow

    def _check_releases(self) -> None:
        if self.releases is None:
            return
        for route in self.routes:
            if route.key.startswith(PREFIX):
                allowed = f"a key that does not begin with {PREFIX} while [releases] is on"
                raise OptionError("routes.key", route.key, allowed)
        if self.releases.preview and self.deployment.stage == PREVIEW_STAGE:
            allowed = f"another name than {PREVIEW_STAGE}, or preview = false under [releases]"
            raise OptionError("deployment.stage", PREVIEW_STAGE, allowed)

    @property
    def writes_metric(self) -> bool:
        """Whether `publish` writes a metric, which an alarm reads."""
        return self.alarms is not None and self.alarms.published_within_hours is not None

    def to_dict(self) -> dict[str, Any]:
        """The template as plain values, like troposphere's Template.to_dict."""
        from readmodel_cfn.template.render import build_template

        content: dict[str, Any] = build_template(self).to_dict()
        return content
