"""What should be live: the stages of a template, in the stack that was made of it. Pure.

It serves any template with an AWS::ApiGateway::Stage, or with a Deployment that names its stage, as
the article's does.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import PartialText
from readmodel_cfn.deploy.live.facets import setting_facets, setting_key
from readmodel_cfn.deploy.live.methods import methods_of
from readmodel_cfn.deploy.live.reader import Reader
from readmodel_cfn.deploy.live.references import Names
from readmodel_cfn.deploy.live.values import Expected, Facets


def expected(
    template: Mapping[str, Any], ids: Names, stack_id: str, parameters: Names
) -> list[Expected]:
    """The stages that should be live; none where their API or their name cannot be known.

    `ids` are the physical ids of the stack's resources, `parameters` its parameters.
    """
    found = _stages(Reader.of_stack(template, ids, stack_id, parameters))
    return [stage for stage in found if stage is not None]


def _stages(reader: Reader) -> Iterator[Expected | None]:
    for one in reader.of("Stage"):
        deployment = reader.value(one.properties.get("DeploymentId"))
        yield _stage(reader, one, one.properties, reader.ids[one.id], deployment)
    for one in reader.of("Deployment"):
        if name := reader.value(one.properties.get("StageName")):
            described = one.properties.get("StageDescription")
            yield _stage(reader, one, described, name, reader.ids[one.id])


def _stage(
    reader: Reader, one: Resource, described: Any, name: PartialText, deployment: PartialText
) -> Expected | None:
    """A stage that `one` makes, with its settings in `described`; None if it cannot be known."""
    api_id = reader.value(one.properties.get("RestApiId"))
    if not api_id or not isinstance(api_id, str) or not isinstance(name, str):
        return None
    api = reader.name(one.properties.get("RestApiId"))
    methods, unread = methods_of(api, reader)
    whole, settings = reader.shows_all_of(api), _settings(described, reader.by_id)
    unknown = {
        "routes that the template does not write out": whole,
        "method settings of the template": settings is not None,
        **{f"{logical_id} of the template": False for logical_id in unread},
        **{
            f"integration of {verb} {path}": method.integration is not None
            for (path, verb), method in methods.items()
        },
    }
    return Expected(
        api=api_id,
        stage=name,
        deployment=deployment if isinstance(deployment, str) else None,
        separate=one.type.endswith("Stage"),
        canary="CanarySetting" in (described or {}) or "DeploymentCanarySettings" in one.properties,
        settings=settings,
        methods=methods,
        complete=whole and not unread,
        unknown=tuple(what for what, is_known in unknown.items() if not is_known),
    )


def _settings(described: Any, evaluator: Evaluator) -> Mapping[str, Facets] | None:
    try:
        listed = evaluator.items(evaluator.fields(described).get("MethodSettings"))
        found = [evaluator.texts(setting) for _, setting in listed]
    except Unreadable:
        return None
    return {
        setting_key(
            str(setting.pop("ResourcePath", "")), str(setting.pop("HttpMethod", ""))
        ): setting_facets(setting)
        for setting in found
    }
