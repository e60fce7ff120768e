"""Inspection of a stack before it is changed: its description, its template and the plan."""

from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.progress import OnProgress, Step


def existing_stack(client: StackClient, location: StackLocation, on_progress: OnProgress) -> Stack:
    """The deployed stack.

    Raises:
        ReadModelError: it does not exist.
    """
    on_progress(Step(f"Describing {location}"))
    stack = client.describe(location.name)
    if stack is None:
        hint = f"run: {location.command('deploy')}"
        raise ReadModelError("does not exist", where=str(location), hint=hint)
    return stack
