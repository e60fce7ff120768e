"""The table of readmodel.toml that each resource comes from, for messages about failures."""

from collections.abc import Iterable, Mapping

from troposphere import AWSObject

from readmodel_cfn.template.model import ReadModel
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.resources import Resources, build_resources


def origins(model: ReadModel, prefix: str = "") -> Mapping[str, str]:
    """The table, such as `[data_store]`, of every resource of the model, by logical ID.

    The resources and methods of a path come from its route, such as `[[routes]] path = "samples"`;
    a resource that several routes share comes from the first of them. A deployment's logical ID
    contains a hash, so the deployments of earlier templates are not included.
    """
    names = Names(prefix)
    created = build_resources(model, names)
    return _of_sections(created) | _of_routes(model, created, names)


def _of_sections(created: Resources) -> dict[str, str]:
    tables: dict[str, Iterable[AWSObject | None]] = {
        "[data_store]": [created.data_store, created.data_store_policy],
        "[writer]": created.writer,
        "[gateway_role]": [created.gateway_role, *created.gateway_policies],
        "[api]": [created.api, *created.gateway_responses],
        "[deployment]": [created.deployment, created.stage],
        "[releases]": [created.preview_stage],
        "[access]": [*(created.api_keys or ())],
        "[domain]": created.domain or (),
        "[logs]": created.logs or (),
        "[alarms]": created.alarms,
        "[cdn]": created.cdn or [],
        "[waf]": created.waf,
    }
    return {
        resource.title: table
        for table, resources in tables.items()
        for resource in resources
        if resource is not None
    }


def _of_routes(model: ReadModel, created: Resources, names: Names) -> dict[str, str]:
    first: dict[str, str] = {}
    own: dict[str, str] = {}
    for route in model.routes:
        table = f'[[routes]] path = "{route.path}"'
        own[names.resource(route.path)] = table
        for path in route.paths:
            first.setdefault(names.resource(path), table)
    of_resources = {resource.title: first[resource.title] for resource in created.api_resources}
    of_methods = {method.title: own[method.ResourceId.data["Ref"]] for method in created.methods}
    return of_resources | of_methods
