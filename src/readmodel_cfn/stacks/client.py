"""The only place that calls CloudFormation: stacks in and out as values."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readmodel_cfn.aws import error_code
from readmodel_cfn.stacks.wanted import Wanted


@dataclass(frozen=True)
class Stack:
    """A stack as CloudFormation describes it; `outputs` is name to (value, description)."""

    id: str
    name: str
    status: str
    reason: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    outputs: Mapping[str, tuple[str, str]]
    termination_protection: bool


@dataclass(frozen=True)
class Event:
    """One stack event; `physical_id` of the stack itself is the stack's id."""

    id: str
    time: datetime
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str


@dataclass(frozen=True)
class StackResource:
    """One resource of a stack."""

    logical_id: str
    physical_id: str
    type: str
    status: str


class StackClient:
    """CloudFormation's calls for one stack at a time, over a boto3 client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def describe(self, name: str) -> Stack | None:
        """The stack of that name or id, or None where there is none.

        Only CloudFormation's own "does not exist" counts as none: any other error is raised.
        """
        from botocore.exceptions import ClientError

        try:
            found = self._client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if error_code(error) == "ValidationError" and "does not exist" in str(error):
                return None
            raise
        return _stack(found)

    def template(self, name: str) -> Any:
        """The stack's template as it was sent: a value for JSON, text for YAML."""
        return self._client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]

    def create(self, wanted: Wanted) -> str:
        """Start to create the stack; its id. A retried call makes no second one."""
        made = self._client.create_stack(
            **_arguments(wanted),
            OnFailure="ROLLBACK",
            EnableTerminationProtection=wanted.termination_protection,
            ClientRequestToken=_token(),
        )
        return str(made["StackId"])

    def update(self, wanted: Wanted) -> bool:
        """Start to update the stack; False where CloudFormation finds nothing to update."""
        from botocore.exceptions import ClientError

        try:
            self._client.update_stack(**_arguments(wanted), ClientRequestToken=_token())
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return False
            raise
        return True

    def protect(self, name: str, on: bool) -> None:
        """Set whether the stack may be deleted."""
        self._client.update_termination_protection(StackName=name, EnableTerminationProtection=on)

    def delete(self, name: str) -> None:
        """Start to delete the stack."""
        self._client.delete_stack(StackName=name, ClientRequestToken=_token())

    def events(self, name: str) -> Iterator[Event]:
        """The stack's events, newest first, page by page."""
        for page in self._client.get_paginator("describe_stack_events").paginate(StackName=name):
            for event in page["StackEvents"]:
                yield _event(event)

    def resources(self, name: str) -> list[StackResource]:
        """All resources of the stack."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=name)
        return [_resource(one) for page in pages for one in page["StackResourceSummaries"]]


def _token() -> str:
    return f"readmodel-cfn-{uuid.uuid4()}"


def _arguments(wanted: Wanted) -> dict[str, Any]:
    return {
        "StackName": wanted.name,
        **_template(wanted),
        "Capabilities": wanted.capabilities,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in wanted.parameters.items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in wanted.all_tags.items()],
    }


def _template(wanted: Wanted) -> dict[str, str]:
    if wanted.template_url:
        return {"TemplateURL": wanted.template_url}
    return {"TemplateBody": wanted.template}


def _stack(found: Mapping[str, Any]) -> Stack:
    return Stack(
        id=found["StackId"],
        name=found["StackName"],
        status=found["StackStatus"],
        reason=found.get("StackStatusReason", ""),
        parameters={
            one["ParameterKey"]: one.get("ParameterValue", "")
            for one in found.get("Parameters", [])
        },
        tags={one["Key"]: one["Value"] for one in found.get("Tags", [])},
        outputs={
            one["OutputKey"]: (one["OutputValue"], one.get("Description", ""))
            for one in found.get("Outputs", [])
        },
        termination_protection=found.get("EnableTerminationProtection", False),
    )


def _event(event: Mapping[str, Any]) -> Event:
    return Event(
        id=event["EventId"],
        time=event["Timestamp"],
        logical_id=event.get("LogicalResourceId", ""),
        physical_id=event.get("PhysicalResourceId", ""),
        type=event.get("ResourceType", ""),
        status=event.get("ResourceStatus", ""),
        reason=event.get("ResourceStatusReason", ""),
    )


def _resource(one: Mapping[str, Any]) -> StackResource:
    return StackResource(
        logical_id=one["LogicalResourceId"],
        physical_id=one.get("PhysicalResourceId", ""),
        type=one["ResourceType"],
        status=one["ResourceStatus"],
    )
