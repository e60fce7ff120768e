"""CloudFormation's responses as frozen values: stacks, outputs, events, resources, change sets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from readmodel_cfn.aws.http import reachable_url

STACK_TYPE = "AWS::CloudFormation::Stack"
# Text in the path or the value of a property that may hold a secret.
_SECRET_TEXT = re.compile(r"SecretString|SecretAccessKey|Password|AuthToken|ClientSecret")


@dataclass(frozen=True)
class Operation:
    """One operation on a stack; `kind` is its type, such as UPDATE_STACK."""

    id: str
    kind: str


@dataclass(frozen=True)
class Stack:
    """A stack as DescribeStacks returns it.

    `outputs` maps each name to its value and description. `disable_rollback` is the setting of the
    last operation. `operations` are the last operations, newest first, if CloudFormation lists
    them.
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
        """Whether an operation is in progress; waiting for review does not count."""
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
                parameter["ParameterKey"]: parameter.get("ParameterValue", "")
                for parameter in found.get("Parameters", [])
            },
            tags={tag["Key"]: tag["Value"] for tag in found.get("Tags", [])},
            outputs={
                output["OutputKey"]: (output["OutputValue"], output.get("Description", ""))
                for output in found.get("Outputs", [])
            },
            termination_protection=found.get("EnableTerminationProtection", False),
            disable_rollback=found.get("DisableRollback", False),
            role_arn=found.get("RoleARN", ""),
            operations=tuple(
                Operation(operation.get("OperationId", ""), operation.get("OperationType", ""))
                for operation in found.get("LastOperations", [])
            ),
        )


@dataclass(frozen=True)
class StackEvent:
    """One stack event. For the stack itself `physical_id` is the stack's ID.

    `token` is the ClientRequestToken of the call that started the operation.
    """

    kind: ClassVar[str] = "event"

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

    @property
    def is_of_stack(self) -> bool:
        """Whether it is about a stack itself, not about another resource."""
        return self.type == STACK_TYPE

    @property
    def is_complete(self) -> bool:
        """Whether the resource is done."""
        return self.status.endswith("_COMPLETE")

    @property
    def is_failure(self) -> bool:
        """Whether a resource failed, or a stack begins to roll back because of it."""
        rolls_back = self.is_of_stack and self.status.endswith("ROLLBACK_IN_PROGRESS")
        return self.status.endswith("_FAILED") or rolls_back

    def as_dict(self) -> dict[str, Any]:
        """The object of a JSON line; `time` is in ISO 8601."""
        return asdict(self) | {"time": self.time.isoformat()}


@dataclass(frozen=True)
class Failure:
    """One failed event of an operation from DescribeEvents, with details that stack events lack.

    `kind` is the event's type, such as VALIDATION_ERROR or PROVISIONING_ERROR. `path` is the place
    in the template that a validation error names.
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


# A change set without changes fails with one of these texts in its status reason.
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class ResourceChangeDetail:
    """One changed property; `path`, `before` and `after` are empty if AWS does not return them.

    The value of a secret is not in them: a change set may have it in clear text *(assumed)*.

    `cause` names the entity whose change makes the value known only after execution. `recreation`
    is CloudFormation's RequiresRecreation: Never, Conditionally or Always.
    """

    path: str
    before: str
    after: str
    cause: str
    attribute: str = ""
    name: str = ""
    recreation: str = ""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From one ResourceChangeDetail."""
        target = found.get("Target", {})
        attribute, name = target.get("Attribute", ""), target.get("Name", "")
        path = target.get("Path") or "/".join(["", attribute, *([name] if name else [])])
        before, after = target.get("BeforeValue", ""), target.get("AfterValue", "")
        if _SECRET_TEXT.search(f"{path} {before} {after}"):
            after = after and ("(secret)" if before == after else "(another secret)")
            before = before and "(secret)"
        return cls(
            path=path,
            before=before,
            after=after,
            cause=found.get("CausingEntity", ""),
            attribute=attribute,
            name=name,
            recreation=target.get("RequiresRecreation", ""),
        )


@dataclass(frozen=True)
class ResourceChange:
    """The change of one resource; `action` and `replacement` have CloudFormation's values."""

    action: str
    logical_id: str
    physical_id: str
    type: str
    replacement: str
    details: tuple[ResourceChangeDetail, ...]

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From one ResourceChange."""
        return cls(
            action=found.get("Action", ""),
            logical_id=found.get("LogicalResourceId", ""),
            physical_id=found.get("PhysicalResourceId", ""),
            type=found.get("ResourceType", ""),
            replacement=found.get("Replacement", ""),
            details=tuple(ResourceChangeDetail.of(detail) for detail in found.get("Details", [])),
        )


@dataclass(frozen=True)
class ChangeSet:
    """A change set: its status and the changes that it would make."""

    id: str
    stack_id: str
    status: str
    reason: str
    changes: tuple[ResourceChange, ...]

    @property
    def ready(self) -> bool:
        """Whether its creation has ended, successfully or not."""
        return self.status not in ("CREATE_PENDING", "CREATE_IN_PROGRESS")

    @property
    def failed(self) -> bool:
        """Whether its creation failed; one without changes has not failed."""
        return self.status == "FAILED" and not any(text in self.reason for text in _NO_CHANGES)

    @classmethod
    def of(cls, pages: Sequence[Mapping[str, Any]]) -> Self:
        """From all pages of DescribeChangeSet."""
        first = pages[0]
        changes = [change for page in pages for change in page.get("Changes", [])]
        return cls(
            id=first["ChangeSetId"],
            stack_id=first["StackId"],
            status=first["Status"],
            reason=first.get("StatusReason", ""),
            changes=tuple(
                ResourceChange.of(change["ResourceChange"])
                for change in changes
                if "ResourceChange" in change
            ),
        )


_SECRET = "DataStoreSecretAccessKey"  # noqa: S105 - the end of an output's name
_MASK = "****"


@dataclass(frozen=True)
class Output:
    """One output of a stack."""

    name: str
    value: str
    description: str


def stack_outputs(stack: Stack, endpoint_url: str | None, *, show_secrets: bool) -> list[Output]:
    """The outputs of a stack, with URLs that this machine can reach.

    Without `show_secrets`, a secret access key has the value `****`.
    """
    return [
        Output(
            name,
            reachable_url(value, endpoint_url)
            if show_secrets or not name.endswith(_SECRET)
            else _MASK,
            description,
        )
        for name, (value, description) in stack.outputs.items()
    ]
