"""ReadModel: what one read model is, as a value; its options are the sections' options."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.routes import Route, check_routes
from readmodel_cfn.sections.api import Api
from readmodel_cfn.sections.data_store import DataStore
from readmodel_cfn.sections.deployment import Deployment
from readmodel_cfn.sections.gateway_role import GatewayRole
from readmodel_cfn.sections.writer import Writer


@dataclass(frozen=True)
class ReadModel:
    """One read model: routes, and the options of the article's sections.

    `ReadModel()` is the production stack with the article's one route, `ReadModel.article()` the
    stack that the article prints.

    Raises:
        ConfigError: values that AWS would refuse, or that do not belong together.
    """

    routes: Sequence[Route] = (Route(),)
    data_store: DataStore = field(default_factory=DataStore)
    writer: Writer = field(default_factory=Writer)
    gateway_role: GatewayRole = field(default_factory=GatewayRole)
    api: Api = field(default_factory=Api)
    deployment: Deployment = field(default_factory=Deployment)

    def __post_init__(self) -> None:
        object.__setattr__(self, "routes", tuple(self.routes))  # frozen, like the rest
        check_routes(self.routes)
        if len({section.as_printed for section in self._sections}) > 1:
            raise ConfigError(
                "some sections are as printed and some are not", hint="use ReadModel.article()"
            )

    @property
    def _sections(self) -> tuple[DataStore, Writer, GatewayRole, Api, Deployment]:
        return self.data_store, self.writer, self.gateway_role, self.api, self.deployment

    @property
    def as_printed(self) -> bool:
        """Is this the article's own stack?"""
        return self.api.as_printed

    @classmethod
    def article(cls) -> Self:
        """The article's stack as printed, gaps and all: for its readers, not for production."""
        return cls(
            data_store=DataStore(as_printed=True),
            writer=Writer(as_printed=True, key_in="outputs"),
            gateway_role=GatewayRole(as_printed=True),
            api=Api(as_printed=True),
            deployment=Deployment(as_printed=True),
        )
