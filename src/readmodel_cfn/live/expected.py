"""What should be live: the stages of a template, in the stack that was made of it. Pure.

It serves any template with an AWS::ApiGateway::Stage, or with a Deployment that names its stage, as
the article's does.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from readmodel_cfn.audit.expressions import TOKEN
from readmodel_cfn.audit.reading import Text, Unreadable, fields, items, texts
from readmodel_cfn.audit.resource import Resource
from readmodel_cfn.live.facets import setting_facets, setting_key
from readmodel_cfn.live.methods import methods_of
from readmodel_cfn.live.reader import Reader
from readmodel_cfn.live.references import Names
from readmodel_cfn.live.values import Expected, Facets


def expected(
    template: Mapping[str, Any], ids: Names, stack_id: str, parameters: Names
) -> list[Expected]:
    """The stages that should be live; none where their API or their name cannot be known.

    `ids` are the physical ids of the stack's resources, `parameters` its parameters.
    """
    found = _stages(Reader.of_stack(template, ids, stack_id, parameters))
    return [one for one in found if one.api and not TOKEN.search(one.api + one.stage)]


def _stages(reader: Reader) -> Iterator[Expected]:
    for one in reader.of("Stage"):
        deployment = reader.value(one.properties.get("DeploymentId"))
        yield _stage(reader, one, one.properties, reader.ids[one.id], deployment)
    for one in reader.of("Deployment"):
        if name := reader.value(one.properties.get("StageName")):
            described = one.properties.get("StageDescription")
            yield _stage(reader, one, described, name, reader.ids[one.id])


def _stage(reader: Reader, one: Resource, described: Any, name: str, deployment: str) -> Expected:
    """A stage that `one` makes, with its settings in `described`."""
    api = reader.name(one.properties.get("RestApiId"))
    methods, unread = methods_of(api, reader)
    whole, settings = reader.shows_all_of(api), _settings(described, reader.value)
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
        api=reader.value(one.properties.get("RestApiId")),
        stage=name,
        deployment=None if TOKEN.search(deployment) else deployment,
        separate=one.type.endswith("Stage"),
        canary="CanarySetting" in (described or {}) or "DeploymentCanarySettings" in one.properties,
        settings=settings,
        methods=methods,
        complete=whole and not unread,
        unknown=tuple(what for what, is_known in unknown.items() if not is_known),
    )


def _settings(described: Any, text: Text) -> Mapping[str, Facets] | None:
    try:
        found = [texts(one, text) for _, one in items(fields(described).get("MethodSettings"))]
    except Unreadable:
        return None
    return {
        setting_key(one.pop("ResourcePath", ""), one.pop("HttpMethod", "")): setting_facets(one)
        for one in found
    }
