"""Adds read models to any template (`add_read_model`) and deploys a shared API (`deploy_api`).

No other module adds resources or outputs to a template.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from troposphere import AWSObject, Join, Output, Template, iam, s3
from troposphere import apigateway as ag

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.conflicts import (
    belongs_to,
    check_additions,
    check_existing,
    check_not_deployed,
)
from readmodel_cfn.template.cors_origin import fixed_origin
from readmodel_cfn.template.deployment import API_PARTS, build_deployment
from readmodel_cfn.template.gateway_responses import build_gateway_responses
from readmodel_cfn.template.model import ReadModel
from readmodel_cfn.template.naming import PREFIX, PREFIX_IN_WORDS, Names
from readmodel_cfn.template.outputs import exported, url, url_outputs
from readmodel_cfn.template.references import bucket_reference, resolve, role_reference
from readmodel_cfn.template.resources import (
    Bucket,
    Existing,
    Resources,
    Role,
    adapt,
    build_resources,
    outputs_of,
)
from readmodel_cfn.template.sections.deployment import Deployment


@dataclass(frozen=True)
class Handle:
    """A read model in a template: its troposphere objects, for `Ref` and `GetAtt`.

    `bucket` and `role` are the created or the existing ones; None if an existing one was given by
    name. `stage` and `url`, the base URL, are None on an existing API: `deploy_api` returns them.
    `writer` is None if the model has no writer. `resources` are all resources that were created.
    """

    prefix: str
    model: ReadModel
    bucket: s3.Bucket | None
    role: iam.Role | None
    api: ag.RestApi
    stage: ag.Stage | None
    writer: iam.User | iam.Role | None
    url: Join | None
    resources: Resources


@dataclass(frozen=True)
class DeployedApi:
    """The deployment and the stage of an API; `url` is its base URL."""

    deployment: ag.Deployment
    stage: ag.Stage
    url: Join


def add_read_model(
    template: Template,
    model: ReadModel,
    prefix: str = "",
    *,
    data_store: Bucket | None = None,
    gateway_role: Role | None = None,
    api: ag.RestApi | None = None,
    outputs: bool = True,
    export: bool = False,
) -> Handle:
    """Add a read model to an existing template, and return its objects.

    Logical IDs and outputs begin with `prefix`, so a template can have several read models.

    `data_store` is an existing bucket: an object of the template, or a name. Its policy and
    settings are not changed. `gateway_role` is an existing role, given in the same way; it must
    trust API Gateway, and gets the permission to read. `api` is an existing RestApi of the
    template; it gets no deployment and no stage: call `deploy_api` after everything has been added
    to it.

    `outputs=False` adds no outputs. `export=True` exports them, except access keys, so that other
    stacks can use `imported`.

    Raises:
        ConfigError: a name is already used, or an option would have no effect. The template is
            unchanged.
    """
    if not isinstance(prefix, str) or not re.fullmatch(PREFIX, prefix):
        hint = f"use {PREFIX_IN_WORDS}"
        raise ConfigError(f"{prefix!r} is not allowed", where="prefix", hint=hint)
    bucket, role = resolve(template, data_store), resolve(template, gateway_role)
    existing = Existing(
        bucket=None if bucket is None else bucket_reference(bucket),
        role=None if role is None else role_reference(role),
        api=api,
    )
    adapted, names = adapt(model, existing), Names(prefix)
    if api is not None:
        check_not_deployed(template, api)
    made = build_resources(adapted, names, existing)
    shown = outputs_of(adapted, made, names, existing) if outputs else []
    add(template, made, exported(shown) if export else shown, existing.resources)
    return Handle(
        prefix=prefix,
        model=adapted,
        bucket=existing.bucket.resource if existing.bucket else made.data_store,
        role=existing.role.resource if existing.role else made.gateway_role,
        api=made.api,
        stage=made.stage,
        writer=made.writer.identity,
        url=url(made.api, adapted.deployment.stage) if made.stage else None,
        resources=made,
    )


def deploy_api(
    template: Template,
    api: ag.RestApi,
    handles: Sequence[Handle],
    options: Deployment | None = None,
    *,
    outputs: bool = True,
    export: bool = False,
) -> DeployedApi:
    """Deploy an API of the template with its read models, after everything else has been added.

    The deployment's logical ID ends with a hash of everything that the template adds to the API, so
    every change is deployed. API Gateway's own errors get the form of a read model's errors, unless
    the template has its own gateway responses. The URLs are outputs, with each read model's prefix.

    Raises:
        ConfigError: there is no read model, one is not on this API or not in this template, or
            they allow different CORS origins: API Gateway's own errors can allow only one, or
            all if each read model allows several.
            The template is unchanged.
    """
    options = options or Deployment()
    _check_handles(template, api, handles)
    origin = _cors_origin(handles)
    resources = template.resources.values()
    parts = [
        part for part in resources if part.resource_type in API_PARTS and belongs_to(part, api)
    ]
    own = {part.ResponseType for part in parts if isinstance(part, ag.GatewayResponse)}
    responses = [
        response
        for response in build_gateway_responses(origin, api)
        if response.ResponseType not in own
    ]
    deployment, stage = build_deployment(
        options,
        api=api,
        routes=[route for handle in handles for route in handle.model.routes],
        parts=[*parts, *responses],
        named=[named for handle in handles for named in (handle.bucket, handle.role) if named],
    )
    shown: list[Output] = []
    for handle in handles if outputs else ():
        shown += url_outputs(api, options.stage, handle.model.routes, Names(handle.prefix))
    add(template, [*responses, deployment, stage], exported(shown) if export else shown, [api])
    return DeployedApi(deployment, stage, url(api, options.stage))


def add(
    template: Template,
    resources: Iterable[AWSObject],
    outputs: list[Output],
    existing: Sequence[AWSObject] = (),
) -> None:
    """Add all resources and outputs, or nothing; `existing` are resources that they refer to.

    Raises:
        ConfigError: a name is already used, a resource is missing, or a quota would be exceeded.
    """
    check_existing(template, existing)
    # Compared by identity: troposphere objects are equal if their properties are.
    kept = {id(resource) for resource in existing}
    new = [resource for resource in resources if id(resource) not in kept]
    check_additions(template, new, outputs)
    template.add_resource(new)
    template.add_output(outputs)


def _check_handles(template: Template, api: ag.RestApi, handles: Sequence[Handle]) -> None:
    if not handles:
        hint = "pass the handles that add_read_model returned"
        raise ConfigError("it has no read model", where=api.title, hint=hint)
    for handle in handles:
        where = handle.prefix or "read model"
        if handle.api is not api or handle.stage:
            hint = f"pass api={api.title} to add_read_model"
            raise ConfigError(f"is not on the API {api.title}", where=where, hint=hint)
        methods = handle.resources.methods
        if not any(template.resources.get(method.title) is method for method in methods):
            hint = "pass the template that it was added to"
            raise ConfigError("is not in this template", where=where, hint=hint)
    if len({handle.prefix for handle in handles}) < len(handles):
        hint = "pass each handle once"
        raise ConfigError("one of its read models is given twice", where=api.title, hint=hint)


def _cors_origin(handles: Sequence[Handle]) -> str | None:
    origins = {fixed_origin(handle.model.api.cors_origins) for handle in handles}
    if len(origins) > 1:
        found = list(dict.fromkeys(handle.model.api.cors_origin for handle in handles))
        what = f"the read models of one API allow different origins: {found}"
        raise ConfigError(what, where="api.cors_origin", hint="use the same origin for all of them")
    return origins.pop()
