"""Preflight: what is refused before anything is touched."""

from collections.abc import Mapping, Sequence
from typing import Any

from readmodel_cfn.cloudformation.reader import read_template
from readmodel_cfn.deploy.limits import check_limits
from readmodel_cfn.deploy.names import FIXED, Named, fixed_names, properties_of
from readmodel_cfn.deploy.obstacles import Obstacle, obstacles
from readmodel_cfn.deploy.taken import BUCKET, Clients, Taken, taken
from readmodel_cfn.deploy.wanted import Wanted
from readmodel_cfn.errors import ConfigError, ReadModelError

_RETAINED = ("Retain", "RetainExceptOnCreate")

Template = Mapping[str, Any]


def preflight(
    wanted: Wanted,
    before: Template | str | None,
    clients: Clients,
    *,
    region: str | None = None,
    had: Mapping[str, str] | None = None,
    importing: bool = False,
) -> list[str]:
    """Refuse what is known to fail; what could not be checked or is worth knowing, a line each.

    `before` is the deployed template: None where there is no stack, a text where it is
    YAML; `had` are the deployed stack's parameters, where they may be others. A client is
    made only where a name has to be asked for.

    Raises:
        ConfigError: more than CloudFormation takes, or parameters that are not the template's.
        ReadModelError: the first obstacle, and how many more there are.
    """
    check_limits(wanted)
    if isinstance(before, str):
        try:
            before = read_template(before, f"the template of stack {wanted.name}")
        except ConfigError as error:
            return [f"Nothing is checked against the deployed template: {error}"]
    _refuse(obstacles(before, wanted.content))
    held, notes = taken(_new_names(wanted, before, region, had), clients)
    to_import = [one for one in held if importing and _importable(one, wanted, before)]
    _refuse([_in_the_way(one, wanted, before, importing) for one in held if one not in to_import])
    return [*notes, *(f"{one.named.name} exists: the stack takes it over." for one in to_import)]


def _refuse(found: Sequence[Obstacle]) -> None:
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise ReadModelError(found[0].what + more, where=found[0].where, hint=found[0].hint)


def _new_names(
    wanted: Wanted, before: Template | None, region: str | None, had: Mapping[str, str] | None
) -> list[Named]:
    """The names that would be made now; one that cannot be told from the deployed one is not."""
    stack = {"AWS::StackName": wanted.name} | ({"AWS::Region": region} if region else {})
    names = fixed_names(wanted.content, {**stack, **wanted.parameters})
    if before is None:
        return names
    old = fixed_names(before, {**stack, **(wanted.parameters if had is None else had)})
    held, told = {(one.type, one.name) for one in old}, {one.logical_id for one in old}
    return [
        one
        for one in names
        if (one.type, one.name) not in held
        and (one.logical_id in told or not _had_a_name(one, before))
    ]


def _had_a_name(named: Named, before: Template) -> bool:
    was = before["Resources"].get(named.logical_id, {})
    return FIXED[named.type].names[0][-1] in properties_of(was)


def _importable(one: Taken, wanted: Wanted, before: Template | None) -> bool:
    """Would CloudFormation import it?

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
    """
    title = one.named.logical_id
    kept = wanted.content["Resources"][title].get("DeletionPolicy") in _RETAINED
    added = before is None or title not in before["Resources"]
    return one.named.literal and kept and added and not one.region


def _in_the_way(one: Taken, wanted: Wanted, before: Template | None, importing: bool) -> Obstacle:
    named = one.named
    hint = _another_name(named)
    if importing:
        hint = f"only what is new, here, named literally and kept on deletion is imported: {hint}"
    elif one.managed and _importable(one, wanted, before):
        first = f"once stack {one.stack} is deleted, " if one.stack not in ("", wanted.name) else ""
        hint = f"{first}give --import-existing to take it, with its documents, into this stack"
    return Obstacle(named.logical_id, _who_has_it(one), hint)


def _who_has_it(one: Taken) -> str:
    if one.named.type != BUCKET:
        return f"the name {one.named.name} is taken in this account"
    if not one.visible:
        what = f"bucket {one.named.name} exists, and S3 does not let this identity look at it"
        return f"{what}: it is another account's, or s3:ListBucket is missing"
    maker = f", made as {one.logical_id} by stack {one.stack}" if one.stack else ""
    place = f" in {one.region}" if one.region else ""
    return f"bucket {one.named.name} exists{place}{maker}"


def _another_name(named: Named) -> str:
    if not named.literal:
        return "choose another stack name or parameter, which its name is made of"
    return "choose another name" + (" under [data_store]" if named.type == BUCKET else "")
