"""Recover a stack that cannot be created or updated yet.

An operation in progress is waited for, a failed rollback is continued, and a stack whose creation
never succeeded is deleted.
"""

from collections.abc import Mapping
from dataclasses import replace

from readmodel_cfn.deploy.context import DeployContext, Detached
from readmodel_cfn.deploy.events import EventStream, event_ids, ids_before_last_operation
from readmodel_cfn.deploy.inspection import Inspection, inspect_stack
from readmodel_cfn.deploy.plan import RECOVERING
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note


def recover(context: DeployContext) -> Inspection:
    """Recover the stack until it can be created or updated; return its last inspection.

    Raises:
        ConsentRequired: `confirm` did not agree, or is missing.
        Detached: an operation is in progress, and the caller does not wait.
        RolledBack, Stuck: an operation failed.
    """
    while True:
        inspection = inspect_stack(
            context.client,
            context.spec,
            context.location,
            context.on_progress,
            adopt=context.options.adopt,
            creates=True,
        )
        context = replace(context, location=inspection.location)
        _require_consent(context, inspection)
        if inspection.plan.action not in RECOVERING or inspection.stack is None:
            return inspection
        action = inspection.plan.action
        events = _start(context, action, inspection.stack)
        if action == "attach" and context.options.detach:
            raise Detached(context.location)
        end = events.wait(context.on_progress)
        continued = action == "continue rollback" and end.status == "UPDATE_ROLLBACK_COMPLETE"
        if not continued and end.status != "DELETE_COMPLETE":
            context.check(end)


def _require_consent(context: DeployContext, inspection: Inspection) -> None:
    stack, plan, where = inspection.stack, inspection.plan, context.location
    if plan.action == "recreate" and not context.options.recreate:
        context.require("recreate", f"delete {where} and create it again: {plan.why}")
    elif plan.action == "continue rollback":
        context.require("continue-rollback", f"continue the rollback of {where}: {plan.why}")
    elif plan.action == "adopt" and stack:
        lost = _lost_resources(context, stack)
        for resource in lost:
            context.on_progress(Note(f"  remove  {resource}"))
        text = f"adopt {where}, which removes {counted(len(lost), 'resource')} from it"
        context.require("adopt", text, lost)


def _lost_resources(context: DeployContext, stack: Stack) -> tuple[str, ...]:
    """The stack's resources that are not in the template: logical ID and type.

    An update removes them from the stack, and deletes those without a DeletionPolicy of Retain:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    types = {
        logical_id: resource["Type"]
        for logical_id, resource in context.spec.content["Resources"].items()
        if isinstance(resource, Mapping)
    }
    return tuple(
        f"{resource.logical_id} ({resource.type})"
        for resource in context.client.resources(stack.id)
        if resource.status != "DELETE_COMPLETE" and types.get(resource.logical_id) != resource.type
    )


def _start(context: DeployContext, action: str, stack: Stack) -> EventStream:
    """Attach to the operation in progress, or start the one that recovers the stack."""
    client = context.client
    if action == "attach":
        return context.events(stack.id, ids_before_last_operation(client, stack))
    known = event_ids(client, stack.id)
    if action == "continue rollback":
        client.continue_rollback(stack.id)
    else:
        client.delete(stack.id, role_arn=stack.role_arn)
    return context.events(stack.id, known)
