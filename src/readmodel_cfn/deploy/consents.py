"""What a deploy needs a person's consent for, by its plan."""

from collections.abc import Mapping

from readmodel_cfn.consent import Consent
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.deploy import Look
from readmodel_cfn.deploy.wanted import Wanted


def needed_consent(client: StackClient, wanted: Wanted, seen: Look) -> Consent | None:
    """What must be agreed to before the plan is carried out; None where nothing must be."""
    stack, name = seen.stack, wanted.name
    if seen.plan.action == "recreate":
        return Consent("recreate", name, f"to deploy it, it is deleted first: {seen.plan.why}")
    if seen.plan.action == "continue rollback":
        return Consent("continue-rollback", name, f"its rollback is continued: {seen.plan.why}")
    if stack is None or seen.plan.action != "adopt":
        return None
    lost = resources_lost(client, stack.id, wanted)
    text = f"to adopt it, {len(lost)} resources are removed from it"
    return Consent("adopt", name, text, lost)


def resources_lost(client: StackClient, stack_id: str, wanted: Wanted) -> tuple[str, ...]:
    """The stack's resources that are not in the new template: logical id and type.

    An update removes them from the stack, and deletes those without a DeletionPolicy of Retain:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    resources = wanted.content["Resources"].items()
    kept = {title: one["Type"] for title, one in resources if isinstance(one, Mapping)}
    return tuple(
        f"{resource.logical_id} ({resource.type})"
        for resource in client.resources(stack_id)
        if resource.status != "DELETE_COMPLETE" and kept.get(resource.logical_id) != resource.type
    )
