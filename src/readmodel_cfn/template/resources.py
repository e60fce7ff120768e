"""The resources and outputs of one read model, section by section in the article's order.

An existing bucket, role or API is used instead of a new one, and keeps its own settings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from troposphere import AWSHelperFn, AWSObject, Output, iam, s3
from troposphere import apigateway as ag

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import MINIMUM_COMPRESSION_SIZE
from readmodel_cfn.template.access import ApiKeys, access_outputs, build_api_keys
from readmodel_cfn.template.alarms import AlarmResources, build_alarms
from readmodel_cfn.template.api import build_api
from readmodel_cfn.template.cdn import CdnResources, build_cdn, distribution_arn
from readmodel_cfn.template.cors import build_preflights
from readmodel_cfn.template.cors_origin import fixed_origin
from readmodel_cfn.template.data_store import build_data_store
from readmodel_cfn.template.deployment import build_deployment, build_stage
from readmodel_cfn.template.domain import DomainResources, build_domain
from readmodel_cfn.template.gateway_responses import build_gateway_responses
from readmodel_cfn.template.gateway_role import build_gateway_role
from readmodel_cfn.template.logs import LogsResources, build_logs
from readmodel_cfn.template.model import ReadModel
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.options import options_of
from readmodel_cfn.template.outputs import (
    build_outputs,
    cdn_outputs,
    log_group_output,
    preview_output,
    url_outputs,
)
from readmodel_cfn.template.references import Reference, reference_to
from readmodel_cfn.template.releases import PREFIX, PREVIEW_STAGE, release_key
from readmodel_cfn.template.waf import build_associations, build_web_acl, web_acl_arn
from readmodel_cfn.template.writer import WriterResources, build_writer

Bucket: TypeAlias = s3.Bucket | AWSHelperFn | str
Role: TypeAlias = iam.Role | AWSHelperFn | str


@dataclass(frozen=True)
class Existing:
    """An existing bucket, role and API; None for each that the read model creates."""

    bucket: Reference | None = None
    role: Reference | None = None
    api: ag.RestApi | None = None

    @property
    def resources(self) -> list[AWSObject]:
        """The existing resources that are in the template."""
        references = [reference for reference in (self.bucket, self.role) if reference]
        resources = [*(reference.resource for reference in references), self.api]
        return [resource for resource in resources if resource is not None]


NOTHING = Existing()


@dataclass(frozen=True)
class Resources:
    """The resources of one read model; a field is None or empty if nothing was created.

    `api` is the existing API if there is one.
    """

    data_store: s3.Bucket | None
    data_store_policy: s3.BucketPolicy | None
    writer: WriterResources
    gateway_role: iam.Role | None
    gateway_policies: tuple[iam.PolicyType | iam.ManagedPolicy, ...]
    api: ag.RestApi
    api_resources: tuple[ag.Resource, ...]
    methods: tuple[ag.Method, ...]
    gateway_responses: tuple[ag.GatewayResponse, ...]
    deployment: ag.Deployment | None
    stage: ag.Stage | None
    preview_stage: ag.Stage | None = None
    api_keys: ApiKeys | None = None
    domain: DomainResources | None = None
    logs: LogsResources | None = None
    alarms: AlarmResources = field(default_factory=AlarmResources)
    cdn: CdnResources | None = None
    waf: tuple[AWSObject, ...] = ()

    def __iter__(self) -> Iterator[AWSObject]:
        """Each resource, in the article's order."""
        store = [self.data_store, self.data_store_policy]
        role = [self.gateway_role, *self.gateway_policies]
        api = [self.api, *self.api_resources, *self.methods, *self.gateway_responses]
        stages = [self.deployment, self.stage, self.preview_stage]
        keys = [*self.api_keys] if self.api_keys else []
        edge = [*(self.logs or ()), *(self.domain or ()), *self.alarms]
        front = [*self.waf, *(self.cdn or ())]
        resources = [*store, *self.writer, *role, *api, *stages, *keys, *edge, *front]
        yield from (resource for resource in resources if resource is not None)


def build_resources(model: ReadModel, names: Names, existing: Existing = NOTHING) -> Resources:
    """The resources of the model; they are not in a template yet."""
    store, routes, origins = model.data_store, model.routes, model.api.cors_origins
    keys = written = [route.key_pattern for route in routes]
    if model.releases:
        keys = [release_key("*", key) for key in keys]
        written = [f"{PREFIX}*"]  # manifests are beside the documents, and `*` matches slashes too
    distribution = distribution_arn(names) if model.cdn else None
    own_bucket, bucket_policy = None, None
    if existing.bucket is None:  # a bucket has only one policy; an existing bucket keeps its own
        has_releases = model.releases is not None
        own_bucket, bucket_policy = build_data_store(
            store,
            names,
            origins,
            releases=has_releases,
            distribution=distribution if model.cdn and model.cdn.origin == "data-store" else None,
        )
    bucket = existing.bucket or reference_to(own_bucket)
    writer = build_writer(
        model.writer,
        names,
        bucket=bucket,
        keys=written,
        kms_key=store.kms_key,
        allow=model.writer_allow,
        metric=model.writes_metric,
        distribution=distribution,
    )
    role = build_gateway_role(
        model.gateway_role,
        names,
        existing=existing.role,
        bucket=bucket,
        keys=keys,
        may_list=model.api.missing == "not-found",
        kms_key=store.kms_key,
        releases=model.releases is not None,
    )
    api = build_api(
        model.api,
        names,
        routes=routes,
        existing=existing.api,
        bucket=bucket,
        role=role.reference,
        gzip_stored=store.gzip_stored,
        releases=model.releases is not None,
        access=model.access,
        default_endpoint=model.domain is None or model.domain.default_endpoint,
    )
    preflights = build_preflights(
        model.api,
        names,
        routes=routes,
        resources=api.resources,
        gzip_stored=store.gzip_stored,
        access=model.access,
    )
    resources, methods = tuple(api.resources.values()), (*api.methods, *preflights)
    responses: list[ag.GatewayResponse] = []
    deployment, stage, preview, api_keys, domain = None, None, None, None, None
    logs = build_logs(model.logs, names) if model.logs else None
    if existing.api is None:  # an existing API gets one of each type from deploy_api
        responses = build_gateway_responses(
            fixed_origin(origins), api.api, signed=bool(model.access and model.access.auth == "iam")
        )
        named = [reference.resource for reference in (bucket, role.reference)]
        deployment, stage = build_deployment(
            model.deployment,
            api=api.api,
            routes=routes,
            parts=[*resources, *methods, *responses],
            named=[resource for resource in named if resource],
            after=role.policies if model.releases else [],
            logs=logs,
        )
        if model.releases and model.releases.preview:
            place = (PREVIEW_STAGE, api.api, deployment, routes)
            preview = build_stage(model.deployment, *place, "PreviewStage", logs)
        stages = [stage, preview] if preview else [stage]
        api_keys = build_api_keys(model.access, names, api=api.api, stages=stages)
        if model.domain:
            domain = build_domain(model.domain, model.api, names, api=api.api, stage=stage)
    alarms = AlarmResources()
    if model.alarms:
        alarms = build_alarms(
            model.alarms,
            names,
            api=api.api,
            deployment=model.deployment,
            routes=routes,
            has_cdn=model.cdn is not None,
        )
    waf, cdn = _edge(model, names, api.api, [stage, preview], own_bucket)
    return Resources(
        data_store=own_bucket,
        data_store_policy=bucket_policy,
        writer=writer,
        gateway_role=role.role,
        gateway_policies=role.policies,
        api=api.api,
        api_resources=resources,
        methods=methods,
        gateway_responses=tuple(responses),
        deployment=deployment,
        stage=stage,
        preview_stage=preview,
        api_keys=api_keys,
        domain=domain,
        logs=logs,
        alarms=alarms,
        cdn=cdn,
        waf=waf,
    )


def _edge(
    model: ReadModel,
    names: Names,
    api: ag.RestApi,
    stages: Sequence[ag.Stage | None],
    bucket: s3.Bucket | None,
) -> tuple[tuple[AWSObject, ...], CdnResources | None]:
    """The web ACL with its associations, and the distribution."""
    served = [stage for stage in stages if stage is not None]
    acl = (
        build_web_acl(model.waf, names, "CLOUDFRONT" if model.cdn else "REGIONAL")
        if model.waf
        else None
    )
    arn = web_acl_arn(model.waf, acl) if model.waf else None
    if model.cdn is None:
        associations = build_associations(arn, served) if arn else []
        return (*([acl] if acl else []), *associations), None
    cdn = build_cdn(
        model.cdn,
        names,
        api=api,
        stage=served[0],
        bucket=bucket,
        routes=model.routes,
        cors=model.api,
        web_acl=arn,
    )
    return (acl,) if acl else (), cdn


def outputs_of(
    model: ReadModel, made: Resources, names: Names, existing: Existing = NOTHING
) -> list[Output]:
    """The outputs of the resources; on an existing API, deploy_api adds the URLs."""
    stage = model.deployment.stage
    urls = url_outputs(made.api, stage, model.routes, names, model.domain) if made.stage else []
    if made.logs:
        urls.append(log_group_output(made.logs.group, names))
    if made.preview_stage:
        urls.append(preview_output(made.api, names))
    urls += access_outputs(model.access, made.api_keys, names, api=made.api, stage=stage)
    if made.cdn:
        urls += cdn_outputs(made.cdn, names)
    return build_outputs(
        names,
        urls=urls,
        bucket=existing.bucket or reference_to(made.data_store),
        writer=made.writer.identity,
        access_key=made.writer.access_key,
        secret=made.writer.secret,
        topic=made.alarms.topic,
    )


def adapt(model: ReadModel, existing: Existing) -> ReadModel:
    """The model, adapted to the existing resources: an existing API keeps its compression.

    Raises:
        ConfigError: an option of the model would have no effect, or the API contradicts it.
    """
    if existing.bucket is not None:
        if model.cdn and model.cdn.origin == "data-store":
            what = "the distribution needs a statement in the bucket's policy, which is not changed"
            hint = "use origin = 'api', or omit data_store, so that the read model has a bucket"
            raise ConfigError(what, where="cdn.origin", hint=hint)
        _check_defaults("data_store", model.data_store, "set it on that bucket")
    if existing.role is not None:
        _check_defaults("gateway_role", model.gateway_role, "set it on that role")
    return model if existing.api is None else _adapt_to_api(model, existing.api)


def _adapt_to_api(model: ReadModel, api: ag.RestApi) -> ReadModel:
    if not isinstance(api, ag.RestApi):
        hint = "use the template's RestApi object"
        raise ConfigError(f"a {type(api).__name__} is not allowed", where="api", hint=hint)
    _check_defaults("api", model.api, "set it on that RestApi")
    _check_defaults("deployment", model.deployment, "pass it to deploy_api", every=True)
    for table, what in _NEED_OWN_API.items():
        if getattr(model, table):
            hint = "omit api, so that the read model has an API and a stage of its own"
            raise ConfigError(what, where=table, hint=hint)
    for name in ("Body", "BodyS3Location"):  # it replaces the whole API
        if name in api.properties:
            what = f"its {name} would overwrite the added resources"
            hint = "use another RestApi, or omit api to create one"
            raise ConfigError(what, where=api.title, hint=hint)
    smallest = _compress_from(api)
    if problem := _encoding_problem(model.data_store.gzip_stored, _binary_types(api), smallest):
        what = f"{model.data_store.stored_encoding!r} {problem}"
        hint = f"change one of them; BinaryMediaTypes and compression belong to {api.title}"
        raise ConfigError(what, where="data_store.stored_encoding", hint=hint)
    return replace(model, api=replace(model.api, compress_from=smallest))


_NEED_OWN_API = {
    "releases": "releases need a stage of their own",
    "access": "access belongs to a whole API",
    "domain": "a domain name needs a stage of its own",
    "logs": "access logs need a stage of their own",
    "alarms": "alarms need a stage of their own",
    "cdn": "a distribution needs a stage of its own",
    "waf": "a web ACL needs a stage of its own",
}
_OWNERS = {"data_store": "bucket", "gateway_role": "role", "api": "API", "deployment": "stage"}


def _check_defaults(table: str, options: object, hint: str, *, every: bool = False) -> None:
    """Refuse settings that would have no effect on an existing resource."""
    default = type(options)()
    for declared, _ in options_of(type(options)):
        name = declared.name
        own = every or declared.metadata["of_resource"]
        if own and getattr(options, name) != getattr(default, name):
            what = f"has no effect on an existing {_OWNERS[table]}"
            raise ConfigError(what, where=f"{table}.{name}", hint=hint)


def _binary_types(api: ag.RestApi) -> list[str]:
    """The API's binary media types; a template may write a slash as ~1."""
    types: Any = api.properties.get("BinaryMediaTypes", [])
    if not isinstance(types, list) or not all(isinstance(kind, str) for kind in types):
        what = "its BinaryMediaTypes are unknown, because they are a function"
        hint = "use a list of strings: documents are served according to it"
        raise ConfigError(what, where=api.title, hint=hint)
    return [kind.replace("~1", "/") for kind in types]


def _compress_from(api: ag.RestApi) -> int | Literal["never"]:
    """The API's MinimumCompressionSize; for a function 0, so that responses have a Vary header."""
    size: Any = api.properties.get("MinimumCompressionSize", "never")
    if size == "never" or isinstance(size, AWSHelperFn):
        return "never" if size == "never" else 0
    if not 0 <= int(size) <= MINIMUM_COMPRESSION_SIZE:
        hint = f"use 0 to {MINIMUM_COMPRESSION_SIZE}"
        what = f"MinimumCompressionSize {size} is not allowed"
        raise ConfigError(what, where=api.title, hint=hint)
    return int(size)


def _encoding_problem(
    gzip_stored: bool, binary_types: list[str], compress_from: int | Literal["never"]
) -> str | None:
    """The reason why the API cannot serve documents of this encoding, or None.

    API Gateway converts a response of a binary type to or from base64, depending on the client's
    Accept:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
    """
    if not gzip_stored:
        kinds = [kind for kind in ("*/*", "application/json") if kind in binary_types]
        return f"cannot be served with BinaryMediaTypes {kinds[0]}" if kinds else None
    if "*/*" not in binary_types:
        return "needs BinaryMediaTypes */*"
    return None if compress_from == "never" else "cannot be served with MinimumCompressionSize"
