"""API room: whether an API can take what a read model or a deployment adds to it."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from troposphere import AWSObject, Ref, Template
from troposphere import apigateway as ag

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.references import plain

_MOST_OF_AN_API = 300  # resources, API Gateway's quota; the root is one


def is_of(one: AWSObject, api: ag.RestApi) -> bool:
    """Does a resource say that it belongs to the API, in whatever way?"""
    return bool(_api(one) == Ref(api).to_dict())


def check_undeployed(template: Template, api: ag.RestApi) -> None:
    """Check that what is added to the API will be deployed with it.

    Raises:
        ConfigError: a deployment of this tool's is there already, which would lack it.
    """
    made = re.compile(rf"{re.escape(api.title)}Deployment[0-9a-f]{{10}}")
    for title, one in template.resources.items():
        if isinstance(one, ag.Deployment) and made.fullmatch(title) and is_of(one, api):
            what = f"it is deployed already: {title} would lack what is added now"
            hint = "add every read model with an api that you made, then call deploy_api"
            raise ConfigError(what, where=api.title, hint=hint)


def check_api_room(template: Template, made: Sequence[AWSObject]) -> None:
    """Check that API Gateway would take all of it.

    Raises:
        ConfigError: a path or a stage of an API is taken, or it would have too many resources.
    """
    there = list(template.resources.values())
    _check_paths(there, made)
    _check_stages(there, made)
    count = Counter(json.dumps(_api(one)) for one in _resources([*there, *made]))
    if (most := max(count.values(), default=0)) >= _MOST_OF_AN_API:
        what = f"{most} path segments of one API are more than the {_MOST_OF_AN_API - 1} it takes"
        raise ConfigError(what, where="routes", hint="use a {parameter}, or another API")


def _check_paths(there: Iterable[AWSObject], made: Iterable[AWSObject]) -> None:
    """API Gateway has one resource of a name, and one variable, below each other resource."""
    taken = {_place(one): one for one in _resources(there)}
    for one in _resources(made) if taken else ():
        if other := taken.get(_place(one)):
            what = f"the API has /{other.PathPart} already, where this adds /{one.PathPart}"
            hint = f"begin the routes otherwise, or remove {other.title}"
            raise ConfigError(what, where=one.title, hint=hint)


def _check_stages(there: Iterable[AWSObject], made: Iterable[AWSObject]) -> None:
    """A Deployment with a StageName makes that stage too."""
    taken = {_stage(one): one for one in there if isinstance(one, (ag.Stage, ag.Deployment))}
    for one in made:
        if isinstance(one, ag.Stage) and (other := taken.get(_stage(one))):
            what = f"the API has the stage {one.StageName} already: {other.title}"
            hint = f"give Deployment(stage=...) another name, or remove {other.title}"
            raise ConfigError(what, where=one.title, hint=hint)


def _resources(every: Iterable[AWSObject]) -> Iterator[ag.Resource]:
    return (one for one in every if isinstance(one, ag.Resource))


def _api(one: AWSObject) -> Any:
    return plain(one.properties.get("RestApiId"))


def _place(one: ag.Resource) -> str:
    part = plain(one.properties.get("PathPart"))
    variable = isinstance(part, str) and part.startswith("{")
    place = [_api(one), plain(one.properties.get("ParentId")), "{}" if variable else part]
    return json.dumps(place, sort_keys=True)


def _stage(one: AWSObject) -> str:
    return json.dumps([_api(one), plain(one.properties.get("StageName"))], sort_keys=True)
