"""The only place that calls CloudFormation: stacks in and out as values."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from readmodel_cfn.aws.errors import (
    aws_errors,
    error_code,
    is_refusal,
    is_transient,
    readable_answers,
    was_retried,
)
from readmodel_cfn.deploy.begin import begin
from readmodel_cfn.deploy.changes import ChangeSet
from readmodel_cfn.deploy.values import Event, Failure, Stack, StackResource
from readmodel_cfn.deploy.wanted import Wanted
from readmodel_cfn.errors import ConfigError

TOKEN = "readmodel-cfn-"  # noqa: S105 - the beginning of the tokens and names that calls of ours carry


class StackClient:
    """CloudFormation's calls for one stack at a time, over a boto3 client.

    A call that begins an operation carries a token. Where its answer is lost, the stack's events
    tell by that token whether the operation began, so that none is begun twice or forgotten.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    # What there is.

    def describe(self, name: str) -> Stack | None:
        """The stack of that name or id, or None where there is none.

        Only CloudFormation's own "does not exist" counts as none: any other error is raised.
        """
        from botocore.exceptions import ClientError

        try:
            return Stack.of(self.call("describe_stacks", StackName=name)["Stacks"][0])
        except ClientError as error:
            if error_code(error) == "ValidationError" and "does not exist" in str(error):
                return None
            raise

    def template(self, name: str) -> Any:
        """The stack's template as it was sent: a value for JSON, text for YAML."""
        return self.call("get_template", StackName=name, TemplateStage="Original")["TemplateBody"]

    def events(self, name: str) -> Iterator[Event]:
        """The stack's events, newest first, page by page."""
        found = self._listed("describe_stack_events", "StackEvents", StackName=name)
        return (Event.of(one) for one in found)

    def failures(self, *, stack: str = "", change_set: str = "") -> list[Failure]:
        """What failed of a stack or of a change set, each by its id, as DescribeEvents tells it.

        None where this boto3 or this AWS does not know it, or does not let us ask.
        """
        if not self.knows("DescribeEvents"):
            return []
        about = {"ChangeSetName": change_set} if change_set else {"StackName": stack}
        try:
            found = self._listed(
                "describe_events", "OperationEvents", **about, Filters={"FailedEvents": True}
            )
            return [Failure.of(one) for one in found if not _only_warns(one)]
        except aws_errors() as error:
            if is_refusal(error) and not is_transient(error):
                return []
            raise

    def resources(self, name: str) -> list[StackResource]:
        """All resources of the stack."""
        found = self._listed("list_stack_resources", "StackResourceSummaries", StackName=name)
        return [StackResource.of(one) for one in found]

    # What begins an operation.

    def create(self, wanted: Wanted) -> str:
        """Start to create the stack; its id."""
        protection = {"EnableTerminationProtection": wanted.termination_protection}
        arguments = _arguments(wanted) | _mode(wanted) | protection
        made = self._begin("create_stack", wanted.name, arguments)
        return str(made["StackId"]) if made else self._id(wanted.name)

    def update(self, wanted: Wanted) -> bool:
        """Start to update the stack; False where CloudFormation finds nothing to update."""
        from botocore.exceptions import ClientError

        try:
            self._begin("update_stack", wanted.name, _arguments(wanted) | _mode(wanted))
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return False
            raise
        return True

    def execute(self, stack_id: str, change_set: str, *, disable_rollback: bool) -> None:
        """Start to carry a change set out."""
        arguments = {"ChangeSetName": change_set, "DisableRollback": disable_rollback}
        self._begin("execute_change_set", stack_id, {"StackName": stack_id, **arguments})

    def delete(self, name: str, *, force: bool = False, role_arn: str = "") -> None:
        """Start to delete the stack; with `force`, past the resources that could not be deleted."""
        arguments: dict[str, Any] = {"StackName": name}
        if role_arn:
            arguments["RoleARN"] = role_arn
        if force:
            self.require("DeleteStack", "DeletionMode", "--force")
            arguments["DeletionMode"] = "FORCE_DELETE_STACK"
        self._begin("delete_stack", name, arguments)

    def continue_rollback(self, name: str) -> None:
        """Go on with the rollback of an update that failed half way."""
        self._begin("continue_update_rollback", name, {"StackName": name})

    # Change sets.

    def make_change_set(self, wanted: Wanted, name: str, kind: str, **more: Any) -> None:
        """Have a change set made, of kind CREATE or UPDATE."""
        arguments = _arguments(wanted) | {"ChangeSetName": name, "ChangeSetType": kind, **more}
        try:
            self.call("create_change_set", **arguments)
        except aws_errors() as error:
            # An answer that is lost, or a retry that is refused because of the first.
            refused = is_refusal(error) and not was_retried(error)
            if refused or name not in self.change_sets(wanted.name):
                raise

    def change_set(self, stack: str, name: str) -> ChangeSet:
        """A change set, with all pages of its changes and their values."""
        values = {"IncludePropertyValues": True}
        known = values if self.knows("DescribeChangeSet", "IncludePropertyValues") else {}
        pages = self._pages("describe_change_set", StackName=stack, ChangeSetName=name, **known)
        return ChangeSet.of(list(pages))

    def change_sets(self, stack: str) -> list[str]:
        """The names of a stack's change sets."""
        found = self._listed("list_change_sets", "Summaries", StackName=stack)
        return [str(one["ChangeSetName"]) for one in found]

    def remove_change_set(self, stack: str, name: str) -> None:
        """Delete a change set; one that is gone already is no error."""
        self.call("delete_change_set", StackName=stack, ChangeSetName=name)

    # What is done at once.

    def cancel_update(self, name: str) -> None:
        """Have the update that goes on stopped and rolled back."""
        self.call("cancel_update_stack", StackName=name)

    def protect(self, name: str, on: bool) -> None:
        """Set whether the stack may be deleted."""
        self.call("update_termination_protection", StackName=name, EnableTerminationProtection=on)

    # What this boto3 knows, and how it is called.

    def knows(self, operation: str, argument: str | None = None) -> bool:
        """Does the client's own model have the operation, or that argument of it?"""
        model = self._client.meta.service_model
        if operation not in model.operation_names:
            return False
        return argument is None or argument in model.operation_model(operation).input_shape.members

    def require(self, operation: str, argument: str, asked_by: str) -> None:
        """Check that this boto3 can do what an option asks for.

        Raises:
            ConfigError: it cannot.
        """
        if not self.knows(operation, argument):
            what = f"this boto3 does not know {argument} of {operation}"
            raise ConfigError(what, where=asked_by, hint="upgrade boto3 (pip install -U boto3)")

    def call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """One call of the boto3 client, as its method is named."""
        with readable_answers(operation):
            answer: Mapping[str, Any] = getattr(self._client, operation)(**arguments)
            return answer

    def _listed(self, operation: str, key: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        for page in self._pages(operation, **arguments):
            yield from page.get(key, [])

    def _pages(self, operation: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        with readable_answers(operation):
            yield from self._client.get_paginator(operation).paginate(**arguments)

    def _begin(
        self, operation: str, stack: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Make the call that begins an operation; None where its answer was lost, but it began."""
        token = f"{TOKEN}{uuid.uuid4()}"
        return begin(
            lambda: self.call(operation, **arguments, ClientRequestToken=token),
            lambda: self._began(stack, token),
            where=f"stack {stack}",
        )

    def _began(self, stack: str, token: str) -> bool:
        found = self.describe(stack)
        return found is not None and any(one.token == token for one in self.events(found.id))

    def _id(self, name: str) -> str:
        found = self.describe(name)
        return found.id if found else name


def _only_warns(found: Mapping[str, Any]) -> bool:
    return "WARN" in (found.get("ValidationFailureMode"), found.get("HookFailureMode"))


def _arguments(wanted: Wanted) -> dict[str, Any]:
    """What CreateStack, UpdateStack and CreateChangeSet all take."""
    role = {"RoleARN": wanted.role_arn} if wanted.role_arn else {}
    template = "TemplateURL" if wanted.template_url else "TemplateBody"
    return {
        "StackName": wanted.name,
        template: wanted.template_url or wanted.template,
        "Capabilities": wanted.capabilities,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in wanted.parameters.items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in wanted.all_tags.items()],
        **role,
    }


def _mode(wanted: Wanted) -> dict[str, Any]:
    """How an operation is carried out: express has its own place to say what becomes of a failure.

    There it is always said, since AWS's documents disagree on what is done when it is not.
    """
    if wanted.express:
        config = {"Mode": "EXPRESS", "DisableRollback": wanted.disable_rollback}
        return {"DeploymentConfig": config}
    return {"DisableRollback": wanted.disable_rollback}
