"""Cures of the API: gateway responses, compression, deployment and stage."""

from collections.abc import Iterator, Mapping
from typing import Any

from readmodel_cfn.analysis.apis import Api
from readmodel_cfn.analysis.audit.cures.edit import Cure, Edit, depends, extended, new_id
from readmodel_cfn.analysis.audit.cures.responses import origin_of
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.resources import references

_HEADER = "gatewayresponse.header.Access-Control-Allow-Origin"


def _gateway_response(view: View, resource: str, path: str) -> Iterator[Edit]:
    api = _api_with(view, resource)
    reads = [read for read in view.reads if api and read.api == api.id]
    origin = origin_of(view, reads[0]) if reads else None
    if api is None or origin is None:
        return
    if path != "Properties":
        yield from extended(view, f"Resources/{resource}/{path}", {_HEADER: origin})
        return
    kinds = {view.text(found.properties.get("ResponseType")) for found in api.gateway_responses}
    missing = [kind for kind in ("DEFAULT_4XX", "DEFAULT_5XX") if kind not in kinds]
    names = [new_id(view, f"{resource}{kind.title()}") for kind in missing]
    for name, kind in zip(names, missing, strict=True):
        properties = {
            "RestApiId": {"Ref": resource},
            "ResponseType": kind,
            "ResponseParameters": {_HEADER: origin},
        }
        yield Edit(
            f"Resources/{name}",
            {"Type": "AWS::ApiGateway::GatewayResponse", "Properties": properties},
        )
    yield from depends(view, api.id, *names)


def _api_with(view: View, resource: str) -> Api | None:
    """The API with this logical ID, or with this gateway response."""
    for api in view.apis.values():
        own = [api.resource, *api.gateway_responses]
        if any(found and found.id == resource for found in own):
            return api
    return None


def _compression_size(_: View, resource: str, path: str) -> Iterator[Edit]:
    yield Edit(f"Resources/{resource}/{path}", 1024)


def _depends_on_all(view: View, resource: str, path: str) -> Iterator[Edit]:
    """The deployment after every method and gateway response of its API."""
    for api in view.apis.values():
        for deployment in api.deployments:
            if deployment.id == resource:
                parts = _parts(view, api)
                referenced = {name.partition(".")[0] for name in references(deployment.properties)}
                names = dict.fromkeys([*deployment.depends_on, *parts])
                yield Edit(
                    f"Resources/{resource}/{path}",
                    [name for name in names if name not in referenced],
                )


def _parts(view: View, api: Api) -> list[str]:
    """What a deployment of the API depends on; what the API defines itself has no logical ID."""
    parts = (*api.methods, *api.gateway_responses)
    return [part.id for part in parts if part.id not in view.places]


def _stage(view: View, resource: str, _: str) -> Iterator[Edit]:
    api = _api_with(view, resource)
    if api is None:
        return
    deployment = api.deployments[0].id if api.deployments else new_id(view, f"{resource}Deployment")
    properties: dict[str, Any] = {"RestApiId": {"Ref": resource}}
    if not api.deployments:
        yield Edit(
            f"Resources/{deployment}",
            {
                "Type": "AWS::ApiGateway::Deployment",
                "DependsOn": _parts(view, api),
                "Properties": properties,
            },
        )
    named = {"DeploymentId": {"Ref": deployment}, "StageName": "v1"}
    yield Edit(
        f"Resources/{new_id(view, f'{resource}Stage')}",
        {"Type": "AWS::ApiGateway::Stage", "Properties": {**properties, **named}},
    )


CURES: Mapping[str, Cure] = {
    "R25": _gateway_response,
    "R30": _compression_size,
    "R33": _depends_on_all,
    "R34": _stage,
}
"""The cures by rule."""
