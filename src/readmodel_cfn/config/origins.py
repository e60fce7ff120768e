"""Which table of readmodel.toml a resource comes from, for messages about failed resources."""

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
    made = build_resources(model, names)
    return _of_sections(made) | _of_routes(model, made, names)


def _of_sections(made: Resources) -> dict[str, str]:
    tables: dict[str, Iterable[AWSObject | None]] = {
        "[data_store]": [made.data_store, made.data_store_policy],
        "[writer]": made.writer,
        "[gateway_role]": [made.gateway_role, *made.gateway_policies],
        "[api]": [made.api, *made.gateway_responses],
        "[deployment]": [made.deployment, made.stage],
    }
    return {
        resource.title: table
        for table, resources in tables.items()
        for resource in resources
        if resource is not None
    }


def _of_routes(model: ReadModel, made: Resources, names: Names) -> dict[str, str]:
    first: dict[str, str] = {}
    own: dict[str, str] = {}
    for route in model.routes:
        table = f'[[routes]] path = "{route.path}"'
        own[names.resource(route.path)] = table
        for path in route.paths:
            first.setdefault(names.resource(path), table)
    of_resources = {resource.title: first[resource.title] for resource in made.api_resources}
    of_methods = {method.title: own[method.ResourceId.data["Ref"]] for method in made.methods}
    return of_resources | of_methods
