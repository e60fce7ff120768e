"""Stacks on the embedded AWS, responses of a stage, and waiting for a condition."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TIMEOUT = 120  # seconds; a busy machine needs more than an idle one


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Stack:
    """A stack: `deploy` creates or updates it and returns its outputs."""

    name: str
    cloudformation: Any

    def deploy(self, template: dict[str, Any], ends: str = "COMPLETE") -> dict[str, str]:
        operation = "update" if self._found() else "create"
        getattr(self.cloudformation, f"{operation}_stack")(
            StackName=self.name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        until(lambda: not self._found()["StackStatus"].endswith("IN_PROGRESS"))
        stack = self._found()
        assert stack["StackStatus"] == f"{operation.upper()}_{ends}", self.reasons()
        return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}

    def delete(self) -> None:
        self.cloudformation.delete_stack(StackName=self.name)
        until(lambda: not self._found())

    def reasons(self) -> str:
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(e.get("ResourceStatusReason", "") for e in events)

    def _found(self) -> Any:
        listed = self.cloudformation.describe_stacks()["Stacks"]
        return next((stack for stack in listed if stack["StackName"] == self.name), None)


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not holds():
        assert time.monotonic() < deadline, f"timeout after {TIMEOUT} s"
        time.sleep(0.02)
