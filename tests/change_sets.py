"""The change set that CloudFormation makes of two templates, and the difference that it shows."""

import json
from typing import Any

from readmodel_cfn import ReadModel
from readmodel_cfn.config.changes import changed_settings
from readmodel_cfn.deploy.changes import from_change_set
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.stack_diff import StackDiff
from readmodel_cfn.deploy.values import ChangeSet, Stack
from rendered import template

STACK = Stack("id", "shop", "CREATE_COMPLETE", "", {}, {"readmodel-cfn": "managed"}, {}, False)


def change_set(*changes: dict[str, Any]) -> ChangeSet:
    listed = [{"Type": "Resource", "ResourceChange": change} for change in changes]
    page = {"ChangeSetId": "c", "StackId": "id", "Status": "CREATE_COMPLETE", "Changes": listed}
    return ChangeSet.of([page])


def modified(
    logical_id: str, type_: str, *details: dict[str, Any], replacement: str = "Conditional"
) -> dict[str, Any]:
    return {
        "Action": "Modify",
        "LogicalResourceId": logical_id,
        "ResourceType": type_,
        "Replacement": replacement,
        "Details": list(details),
    }


def detail(name: str, recreation: str = "Conditionally", cause: str = "") -> dict[str, Any]:
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation}
    causing = {"CausingEntity": cause} if cause else {}
    return {"Target": target, "Evaluation": "Dynamic" if cause else "Static", **causing}


def made(before: dict[str, Any], after: dict[str, Any]) -> ChangeSet:
    """The change set that leaves open whether a changed property replaces its resource."""
    old, new = before["Resources"], after["Resources"]
    changes = []
    for name in sorted({*old, *new}):
        type_ = (new.get(name) or old[name])["Type"]
        if name in old and name in new:
            a, b = (side[name].get("Properties", {}) for side in (old, new))
            details = [detail(key) for key in {**a, **b} if a.get(key) != b.get(key)]
            if old[name] != new[name]:
                changes.append(modified(name, type_, *details))
        else:
            action = "Add" if name in new else "Remove"
            found = {"Action": action, "LogicalResourceId": name, "ResourceType": type_}
            changes.append(found)
    return change_set(*changes)


def difference(old: ReadModel, new: ReadModel, **stack: Any) -> StackDiff:
    """What `diff` finds if `old` is deployed."""
    before, after = template(old), template(new)
    spec = StackSpec("shop", json.dumps(after), **stack)
    changes = made(before, after)
    return from_change_set(
        changes, STACK, before, spec, lambda deployed: changed_settings(deployed, new)
    )
