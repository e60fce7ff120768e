"""Shared API: the one deployment and the one stage of an API that read models are added to.

A deployment is a snapshot of all that the API has, so it is made for the whole API: for the read
models on it, and for what else the template puts there.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import AWSObject, Join, Output, Template
from troposphere import apigateway as ag

from readmodel_cfn.api_room import is_of
from readmodel_cfn.compose import Handle, add, exported
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.naming import Names
from readmodel_cfn.sections import gateway_responses
from readmodel_cfn.sections.deployment import Deployment, deployment, fingerprint, stage
from readmodel_cfn.sections.outputs import url, urls

_SNAPPED = (
    ag.Authorizer,
    ag.GatewayResponse,
    ag.Method,
    ag.Model,
    ag.RequestValidator,
    ag.Resource,
)


@dataclass(frozen=True)
class DeployedApi:
    """An API's deployment and its stage; `url` is what all paths start from."""

    deployment: ag.Deployment
    stage: ag.Stage
    url: Join


def deploy_api(
    template: Template,
    api: ag.RestApi,
    handles: Sequence[Handle],
    options: Deployment | None = None,
    *,
    outputs: bool = True,
    export: bool = False,
) -> DeployedApi:
    """Deploy an API of the template with the read models on it, after all else was added to it.

    The deployment's logical id is a hash of everything that the template gives the API, so any
    change of it is deployed. API Gateway's own errors (gateway responses) are told as a read model
    tells them, but for those that the template has already. The URLs go to the outputs, under each
    read model's prefix.

    Raises:
        ConfigError: there is no read model, one is not on this API or of another template, or they
            allow different origins, which the API's own errors can name only one of. Nothing was
            added.
    """
    options = options or Deployment()
    _check_handles(template, api, handles)
    origin = _origin(handles)
    there = _of_api(template, api)
    answered = {one.ResponseType for one in there if isinstance(one, ag.GatewayResponse)}
    made = [one for one in gateway_responses.of(origin, api) if one.ResponseType not in answered]
    deployed = _deployment(api, [*there, *made], handles, options)
    routes = [route for one in handles for route in one.model.routes]
    staged = stage(options, routes, api, deployed)
    shown = _urls(api, options.stage, handles) if outputs else []
    add(template, [*made, deployed, staged], exported(shown) if export else shown, [api])
    return DeployedApi(deployed, staged, url(api, options.stage))


def _check_handles(template: Template, api: ag.RestApi, handles: Sequence[Handle]) -> None:
    """Check that there are read models, each once, on this API of this template."""
    if not handles:
        hint = "give what add_read_model returned"
        raise ConfigError("no read model is on it", where=api.title, hint=hint)
    for one in handles:
        where = one.prefix or "read model"
        if one.api is not api or one.stage:
            hint = f"give api={api.title} to add_read_model"
            raise ConfigError(f"is not on the API {api.title}", where=where, hint=hint)
        if not any(template.resources.get(own.title) is own for own in one.resources.methods):
            hint = "give the one that it was added to"
            raise ConfigError("is not in this template", where=where, hint=hint)
    if len({one.prefix for one in handles}) < len(handles):
        hint = "give each of them once"
        raise ConfigError("a read model of it is given twice", where=api.title, hint=hint)


def _origin(handles: Sequence[Handle]) -> str | None:
    """The one origin that all read models of the API allow."""
    origins = list(dict.fromkeys(one.model.api.cors_origin for one in handles))
    if len(origins) > 1:
        what = f"the read models of one API allow different origins: {origins}"
        raise ConfigError(what, where="api.cors_origin", hint="give all of them the same")
    return origins[0]


def _urls(api: ag.RestApi, stage: str, handles: Sequence[Handle]) -> list[Output]:
    found = (urls(api, stage, one.model.routes, Names(one.prefix)) for one in handles)
    return [output for those in found for output in those]


def _of_api(template: Template, api: ag.RestApi) -> list[AWSObject]:
    """All that the template gives the API and a deployment is a snapshot of."""
    every = template.resources.values()
    return [one for one in every if isinstance(one, _SNAPPED) and is_of(one, api)]


def _deployment(
    api: ag.RestApi, snapped: Sequence[AWSObject], handles: Sequence[Handle], options: Deployment
) -> ag.Deployment:
    """The deployment; what integrations name is hashed too, for a replaced one has a new name."""
    named = [found for one in handles for found in (one.bucket, one.role) if found]
    served = {one.title: _rendered(one) for one in [api, *snapped, *named]}
    waits_for = [one for one in snapped if isinstance(one, (ag.Method, ag.GatewayResponse))]
    return deployment(api, waits_for, fingerprint(options, served))


def _rendered(resource: AWSObject) -> dict[str, Any]:
    rendered: dict[str, Any] = json.loads(json.dumps(resource.to_dict()))
    return {"Properties": {}, **rendered}
