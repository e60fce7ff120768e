"""Origins: which table of readmodel.toml made a resource, to say where to mend what failed."""

from collections.abc import Iterable, Mapping

from troposphere import AWSObject

from readmodel_cfn.model import ReadModel
from readmodel_cfn.naming import Names
from readmodel_cfn.resources import Resources, resources


def origins(model: ReadModel, prefix: str = "") -> Mapping[str, str]:
    """Logical id to table, such as `[data_store]`, for every resource of the model.

    Resources and methods of a path come from its route, such as `[[routes]] path = "samples"`;
    what several routes share names the first of them. A deployment's id carries a hash, so that of
    an earlier template is not here.
    """
    names = Names(prefix)
    made = resources(model, names)
    return _of_sections(made) | _of_routes(model, made, names)


def _of_sections(made: Resources) -> dict[str, str]:
    who = made.writer
    tables: dict[str, Iterable[AWSObject | None]] = {
        "[data_store]": [made.data_store, made.data_store_policy],
        "[writer]": [who.identity, *who.policies, who.access_key, who.secret],
        "[gateway_role]": [made.gateway_role, *made.gateway_policies],
        "[api]": [made.api, *made.gateway_responses],
        "[deployment]": [made.deployment, made.stage],
    }
    return {one.title: table for table, those in tables.items() for one in those if one is not None}


def _of_routes(model: ReadModel, made: Resources, names: Names) -> dict[str, str]:
    first: dict[str, str] = {}
    own: dict[str, str] = {}
    for route in model.routes:
        table = f'[[routes]] path = "{route.path}"'
        own[names.resource(route.path)] = table
        for path in route.paths:
            first.setdefault(names.resource(path), table)
    of_resources = {one.title: first[one.title] for one in made.api_resources}
    return of_resources | {one.title: own[one.ResourceId.data["Ref"]] for one in made.methods}
