"""Hosting: what a template has already and a read model uses, and which options that leaves idle.

An option that would change nothing is refused, not passed over.
"""

from collections.abc import Sequence
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
_DOCUMENT = "application/json"
_LARGEST = 10_485_760  # bytes, of MinimumCompressionSize
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
    if not isinstance(api, ag.RestApi):
        hint = "give the template's RestApi itself"
        raise ConfigError(f"a {type(api).__name__} is not allowed", where="api", hint=hint)
    _refuse_idle("api", model.api, _OF_AN_API, "set it on that RestApi")
    every = [one.name for one in fields(model.deployment)]
    _refuse_idle("deployment", model.deployment, every, "give it to deploy_api")
    _check_definition(api)
    gzip, least = model.data_store.gzip_stored, _compresses_from(api)
    if problem := _unserved(gzip, _binary(api), least):
        what = f"{model.data_store.stored_encoding!r} {problem}"
        hint = f"change either; they belong to the RestApi {api.title}"
        raise ConfigError(what, where="data_store.stored_encoding", hint=hint)
    return replace(model, api=replace(model.api, compress_from=least))


def _check_definition(api: ag.RestApi) -> None:
    """CloudFormation imports a definition over the API: what it does not name would be gone."""
    for name in ("Body", "BodyS3Location"):
        if name in api.properties:
            what = f"its {name} would overwrite what is added to it"
            hint = "take another RestApi, or give none to have one made"
            raise ConfigError(what, where=api.title, hint=hint)


def _binary(api: ag.RestApi) -> list[str]:
    """The API's binary media types; a template may write their slash ~1."""
    given: Any = api.properties.get("BinaryMediaTypes", [])
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        what = "its BinaryMediaTypes cannot be told, since a function makes them"
        hint = "write them out: they decide how documents are served"
        raise ConfigError(what, where=api.title, hint=hint)
    return [one.replace("~1", "/") for one in given]


def _compresses_from(api: ag.RestApi) -> int | Literal["never"]:
    """Where a function says it, it may be any size: Vary is told, which is never wrong."""
    given: Any = api.properties.get("MinimumCompressionSize", "never")
    if given == "never" or isinstance(given, AWSHelperFn):
        return "never" if given == "never" else 0
    if not 0 <= (least := int(given)) <= _LARGEST:
        hint = f"give 0 to {_LARGEST}"
        what = f"MinimumCompressionSize {given} is not allowed"
        raise ConfigError(what, where=api.title, hint=hint)
    return least


def _unserved(gzip: bool, binary: Sequence[str], least: int | Literal["never"]) -> str | None:
    """Why documents cannot be served so, if they cannot.

    What is of a binary type is converted to or from base64, by what a reader accepts:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
    """
    if not gzip:
        found = next((one for one in (_ANY, _DOCUMENT) if one in binary), None)
        return found and f"cannot be served with BinaryMediaTypes {found}"
    if _ANY not in binary:
        return f"needs BinaryMediaTypes {_ANY}"
    return None if least == "never" else "cannot be served with MinimumCompressionSize"


def _refuse_idle(table: str, options: object, names: Sequence[str], hint: str) -> None:
    default = type(options)()
    for name in names:
        if getattr(options, name) != getattr(default, name):
            what = f"belongs to the {_CALLED[table]} that is there already"
            raise ConfigError(what, where=f"{table}.{name}", hint=hint)


_CALLED = {"data_store": "bucket", "gateway_role": "role", "api": "API", "deployment": "stage"}
