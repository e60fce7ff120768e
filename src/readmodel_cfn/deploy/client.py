"""StackClient: the calls to CloudFormation, with stacks, events and change sets as values."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from readmodel_cfn.aws.errors import (
    aws_errors,
    error_code,
    is_refusal,
    is_transient,
    readable_responses,
    was_retried,
)
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.values import ChangeSet, Failure, Stack, StackEvent, StackResource
from readmodel_cfn.errors import ConfigError, Unfinished

NAME_PREFIX = "readmodel-cfn-"
"""The beginning of the client request tokens and the change set names of this tool."""


class StackClient:
    """CloudFormation's calls, made with a boto3 client.

    A call that starts an operation carries a client request token. If its response is lost, the
    stack's events show by that token whether the operation has started, so no operation is started
    twice or forgotten.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    # Calls that read.

    def describe(self, name: str) -> Stack | None:
        """The stack with that name or ID, or None if there is none.

        Only CloudFormation's own "does not exist" means None: any other error is raised.
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

    def events(self, name: str) -> Iterator[StackEvent]:
        """The stack's events, newest first; each page is read when it is needed."""
        found = self._listed("describe_stack_events", "StackEvents", StackName=name)
        return (StackEvent.of(event) for event in found)

    def failures(self, *, stack: str = "", change_set: str = "") -> list[Failure]:
        """The failed events of a stack or of a change set, by its ID, from DescribeEvents.

        Empty if the installed boto3 or AWS does not know this call, or access is denied.
        """
        if not self.knows("DescribeEvents"):
            return []
        target = {"ChangeSetName": change_set} if change_set else {"StackName": stack}
        try:
            found = self._listed(
                "describe_events", "OperationEvents", **target, Filters={"FailedEvents": True}
            )
            return [Failure.of(event) for event in found if not _is_warning(event)]
        except aws_errors() as error:
            if is_refusal(error) and not is_transient(error):
                return []
            raise

    def resources(self, name: str) -> list[StackResource]:
        """All resources of the stack."""
        found = self._listed("list_stack_resources", "StackResourceSummaries", StackName=name)
        return [StackResource.of(resource) for resource in found]

    # Calls that start an operation.

    def create(self, spec: StackSpec) -> str:
        """Start to create the stack; return its ID."""
        protection = {"EnableTerminationProtection": spec.termination_protection}
        arguments = _arguments(spec) | _mode(spec) | protection
        response = self._start("create_stack", spec.name, arguments)
        return str(response["StackId"]) if response else self._id(spec.name)

    def update(self, spec: StackSpec) -> bool:
        """Start to update the stack; False if CloudFormation finds nothing to update."""
        from botocore.exceptions import ClientError

        try:
            self._start("update_stack", spec.name, _arguments(spec) | _mode(spec))
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return False
            raise
        return True

    def execute(self, stack_id: str, change_set: str, *, disable_rollback: bool) -> None:
        """Start to execute a change set."""
        arguments = {"ChangeSetName": change_set, "DisableRollback": disable_rollback}
        self._start("execute_change_set", stack_id, {"StackName": stack_id, **arguments})

    def delete(self, name: str, *, force: bool = False, role_arn: str = "") -> None:
        """Start to delete the stack; `force` retains the resources that cannot be deleted."""
        arguments: dict[str, Any] = {"StackName": name}
        if role_arn:
            arguments["RoleARN"] = role_arn
        if force:
            self.require("DeleteStack", "DeletionMode", "--force")
            arguments["DeletionMode"] = "FORCE_DELETE_STACK"
        self._start("delete_stack", name, arguments)

    def continue_rollback(self, name: str) -> None:
        """Start to continue the failed rollback of an update."""
        self._start("continue_update_rollback", name, {"StackName": name})

    # Change sets.

    def create_change_set(self, spec: StackSpec, name: str, kind: str, **more: Any) -> None:
        """Start to create a change set of type CREATE or UPDATE."""
        arguments = _arguments(spec) | {"ChangeSetName": name, "ChangeSetType": kind, **more}
        try:
            self.call("create_change_set", **arguments)
        except aws_errors() as error:
            # The response was lost, or a retry was refused because the first attempt succeeded.
            refused = is_refusal(error) and not was_retried(error)
            if refused or name not in self.change_sets(spec.name):
                raise

    def change_set(self, stack: str, name: str) -> ChangeSet:
        """A change set, with all pages of its changes and their property values."""
        values = {"IncludePropertyValues": True}
        known = values if self.knows("DescribeChangeSet", "IncludePropertyValues") else {}
        pages = self._pages("describe_change_set", StackName=stack, ChangeSetName=name, **known)
        return ChangeSet.of(list(pages))

    def change_sets(self, stack: str) -> list[str]:
        """The names of a stack's change sets."""
        found = self._listed("list_change_sets", "Summaries", StackName=stack)
        return [str(summary["ChangeSetName"]) for summary in found]

    def delete_change_set(self, stack: str, name: str) -> None:
        """Delete a change set; CloudFormation accepts one that does not exist."""
        self.call("delete_change_set", StackName=stack, ChangeSetName=name)

    # Calls that take effect at once.

    def cancel_update(self, name: str) -> None:
        """Cancel the update in progress and roll it back."""
        self.call("cancel_update_stack", StackName=name)

    def protect(self, name: str, on: bool) -> None:
        """Enable or disable the stack's termination protection."""
        self.call("update_termination_protection", StackName=name, EnableTerminationProtection=on)

    # The boto3 client.

    def knows(self, operation: str, argument: str | None = None) -> bool:
        """Whether the installed boto3 has the operation and, if given, its argument."""
        model = self._client.meta.service_model
        if operation not in model.operation_names:
            return False
        return argument is None or argument in model.operation_model(operation).input_shape.members

    def require(self, operation: str, argument: str, option: str) -> None:
        """Check that the installed boto3 has what an option needs.

        Raises:
            ConfigError: it is too old.
        """
        if not self.knows(operation, argument):
            what = f"the installed boto3 does not know {argument} of {operation}"
            raise ConfigError(what, where=option, hint="upgrade boto3: pip install -U boto3")

    def call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """Call the method of the boto3 client with that name."""
        with readable_responses(operation):
            response: Mapping[str, Any] = getattr(self._client, operation)(**arguments)
            return response

    def _listed(self, operation: str, key: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        for page in self._pages(operation, **arguments):
            yield from page.get(key, [])

    def _pages(self, operation: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        with readable_responses(operation):
            yield from self._client.get_paginator(operation).paginate(**arguments)

    def _start(
        self, operation: str, stack: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Start an operation; None if the response was lost but the operation has started.

        botocore retries a call whose response was lost. The retry may be refused because the first
        attempt succeeded, so the token is checked then too.

        Raises:
            Unfinished: it is unknown whether the operation has started.
        """
        token = f"{NAME_PREFIX}{uuid.uuid4()}"
        try:
            return self.call(operation, **arguments, ClientRequestToken=token)
        except aws_errors() as error:
            not_started = is_refusal(error) or not is_transient(error)
            if (not not_started or was_retried(error)) and self._has_started(stack, token):
                return None
            if not_started:
                raise
            raise _unknown(stack, " ".join(str(error).split())) from error
        except KeyboardInterrupt as interrupt:
            raise _unknown(stack, "interrupted") from interrupt

    def _has_started(self, stack: str, token: str) -> bool:
        """Whether an event of the stack has the token; False if AWS does not respond."""
        try:
            found = self.describe(stack)
            return found is not None and any(
                event.token == token for event in self.events(found.id)
            )
        except aws_errors():
            return False

    def _id(self, name: str) -> str:
        found = self.describe(name)
        return found.id if found else name


def _unknown(stack: str, why: str) -> Unfinished:
    what = f"it is unknown whether CloudFormation has started the operation: {why}"
    hint = "run the same command again: it continues from the stack's state"
    return Unfinished(what, where=f"stack {stack}", hint=hint)


def _is_warning(event: Mapping[str, Any]) -> bool:
    return "WARN" in (event.get("ValidationFailureMode"), event.get("HookFailureMode"))


def _arguments(spec: StackSpec) -> dict[str, Any]:
    """The arguments that CreateStack, UpdateStack and CreateChangeSet have in common."""
    role = {"RoleARN": spec.role_arn} if spec.role_arn else {}
    rollback = {"RollbackConfiguration": spec.rollback.as_argument} if spec.rollback else {}
    template = "TemplateURL" if spec.template_url else "TemplateBody"
    return {
        "StackName": spec.name,
        template: spec.template_url or spec.template,
        "Capabilities": spec.capabilities,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in spec.parameters.items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in spec.all_tags.items()],
        **role,
        **rollback,
    }


def _mode(spec: StackSpec) -> dict[str, Any]:
    """The rollback setting, which is part of DeploymentConfig in express mode.

    It is always sent in express mode, because AWS's documentation disagrees on the default.
    """
    if spec.express:
        config = {"Mode": "EXPRESS", "DisableRollback": spec.disable_rollback}
        return {"DeploymentConfig": config}
    return {"DisableRollback": spec.disable_rollback}
