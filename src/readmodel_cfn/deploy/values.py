"""What CloudFormation says, as values; each is made of one part of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True)
class Operation:
    """One operation on a stack, as CloudFormation counts them; `kind` is such as UPDATE_STACK."""

    id: str
    kind: str


@dataclass(frozen=True)
class Stack:
    """A stack as CloudFormation describes it; `outputs` is name to (value, description).

    `disable_rollback` is how its last operation was asked for; `operations` are the last ones,
    newest first, where CloudFormation lists them.
    """

    id: str
    name: str
    status: str
    reason: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    outputs: Mapping[str, tuple[str, str]]
    termination_protection: bool
    disable_rollback: bool = False
    role_arn: str = ""
    operations: tuple[Operation, ...] = ()

    @property
    def busy(self) -> bool:
        """Does an operation go on? A change set that waits for its review is none."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From DescribeStacks."""
        return cls(
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
            disable_rollback=found.get("DisableRollback", False),
            role_arn=found.get("RoleARN", ""),
            operations=tuple(
                Operation(one.get("OperationId", ""), one.get("OperationType", ""))
                for one in found.get("LastOperations", [])
            ),
        )


@dataclass(frozen=True)
class Event:
    """One stack event; `physical_id` of the stack itself is the stack's id.

    `token` is the ClientRequestToken of the call that began the operation.
    """

    id: str
    time: datetime
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    token: str = ""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From DescribeStackEvents."""
        return cls(
            id=found["EventId"],
            time=found["Timestamp"],
            logical_id=found.get("LogicalResourceId", ""),
            physical_id=found.get("PhysicalResourceId", ""),
            type=found.get("ResourceType", ""),
            status=found.get("ResourceStatus", ""),
            reason=found.get("ResourceStatusReason", ""),
            token=found.get("ClientRequestToken", ""),
        )


@dataclass(frozen=True)
class Failure:
    """One failed event of an operation, from DescribeEvents, which stack events do not tell.

    `kind` is such as VALIDATION_ERROR or PROVISIONING_ERROR; `path` is the place in the template
    that a validation names.
    """

    operation: str
    time: datetime
    kind: str
    logical_id: str
    type: str
    reason: str
    path: str = ""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From DescribeEvents."""
        reasons = ("ValidationStatusReason", "HookStatusReason", "ResourceStatusReason")
        return cls(
            operation=found.get("OperationId", ""),
            time=found["Timestamp"],
            kind=found.get("EventType", ""),
            logical_id=found.get("LogicalResourceId", ""),
            type=found.get("ResourceType", ""),
            reason=next((found[name] for name in reasons if found.get(name)), ""),
            path=found.get("ValidationPath", ""),
        )


@dataclass(frozen=True)
class StackResource:
    """One resource of a stack."""

    logical_id: str
    physical_id: str
    type: str
    status: str

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From ListStackResources."""
        return cls(
            logical_id=found["LogicalResourceId"],
            physical_id=found.get("PhysicalResourceId", ""),
            type=found["ResourceType"],
            status=found["ResourceStatus"],
        )
