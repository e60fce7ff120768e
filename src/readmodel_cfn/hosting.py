"""Hosting: what a template has already and a read model uses, and which options that leaves idle.

An option that would change nothing is refused, not passed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias

from troposphere import AWSHelperFn, iam, s3
from troposphere import apigateway as ag

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.model import ReadModel
from readmodel_cfn.references import to_bucket, to_role
from readmodel_cfn.resources import Host

BucketLike: TypeAlias = s3.Bucket | AWSHelperFn | str
RoleLike: TypeAlias = iam.Role | AWSHelperFn | str

_ANY = "*/*"
_OF_A_BUCKET = ("name", "account_regional", "old_versions_days", "retain", "access_logs")
_OF_A_ROLE = ("name", "permissions_boundary")
_OF_AN_API = ("description", "security_policy", "compress_from")


@dataclass(frozen=True)
class Given:
    """What a caller gives as there already; None is what the read model makes itself."""

    data_store: BucketLike | None = None
    gateway_role: RoleLike | None = None
    api: ag.RestApi | None = None

    @property
    def host(self) -> Host:
        """The same as references.

        Raises:
            ConfigError: a name that no bucket or role can have.
        """
        return Host(
            data_store=None if self.data_store is None else to_bucket(self.data_store),
            gateway_role=None if self.gateway_role is None else to_role(self.gateway_role),
            api=self.api,
        )

    def fit(self, model: ReadModel) -> ReadModel:
        """The model as it is here: on an API that was given, that one says how it compresses.

        Raises:
            ConfigError: the model has an option that this leaves idle, or that the API contradicts.
        """
        if model.as_printed:
            raise ConfigError("is a template of its own", where="ReadModel.article()", hint=_ALONE)
        if self.data_store is not None:
            _refuse_idle("data_store", model.data_store, _OF_A_BUCKET, "set it on that bucket")
        if self.gateway_role is not None:
            _refuse_idle("gateway_role", model.gateway_role, _OF_A_ROLE, "set it on that role")
        return model if self.api is None else _on_api(model, self.api)


_ALONE = "use build_template"


def _on_api(model: ReadModel, api: ag.RestApi) -> ReadModel:
    _refuse_idle("api", model.api, _OF_AN_API, "set it on that RestApi")
    every = [one.name for one in fields(model.deployment)]
    _refuse_idle("deployment", model.deployment, every, "give it to deploy_api")
    properties: Mapping[str, Any] = api.properties
    binary = _ANY in properties.get("BinaryMediaTypes", ())
    if binary != model.data_store.gzip_stored:
        wanted = "needs" if model.data_store.gzip_stored else "cannot be served with"
        what = f"{model.data_store.stored_encoding!r} {wanted} BinaryMediaTypes {_ANY}"
        hint = f"change either; they belong to the RestApi {api.title}"
        raise ConfigError(what, where="data_store.stored_encoding", hint=hint)
    least: int | Literal["never"] = properties.get("MinimumCompressionSize", "never")
    return replace(model, api=replace(model.api, compress_from=least))


def _refuse_idle(table: str, options: object, names: Sequence[str], hint: str) -> None:
    default = type(options)()
    for name in names:
        if getattr(options, name) != getattr(default, name):
            what = f"belongs to the {_CALLED[table]} that is there already"
            raise ConfigError(what, where=f"{table}.{name}", hint=hint)


_CALLED = {"data_store": "bucket", "gateway_role": "role", "api": "API", "deployment": "stage"}
