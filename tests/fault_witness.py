"""The witness: looks up the state of a stack without the proxy, and removes the stack."""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from fault_judge import Truth

KEY = "payload.json"
_TIMEOUT = 30  # seconds that an operation may take


class Witness:
    """The state of a stack by its name; `clients` creates clients of a service."""

    def __init__(self, clients: Callable[[str], Any], name: str) -> None:
        self._stacks, self._s3 = clients("cloudformation"), clients("s3")
        self._name = name
        self._id = self._bucket = ""

    def publish(self) -> None:
        """Put a document, which must never be lost."""
        self.truth()
        self._s3.put_object(Bucket=self._bucket, Key=KEY, Body=b'{"kept": true}')

    def truth(self, *, recovered: bool = True) -> Truth:
        """The state; `recovered` waits until no operation is in progress."""
        found = self._recovered() if recovered else self._found()
        if not found:
            return Truth(stack_id=self._id, events=self._events(), kept=self._kept())
        self._id = found["StackId"]
        outputs = {
            output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])
        }
        self._bucket = outputs.get("S3BucketName", self._bucket)
        return Truth(
            stack_id=self._id,
            status=found["StackStatus"],
            template=self._stacks.get_template(StackName=self._name)["TemplateBody"],
            protected=found["EnableTerminationProtection"],
            api=outputs.get("ApiUrl", "").removeprefix("https://").partition(".")[0],
            change_sets=self._change_sets(),
            events=self._events(),
            kept=self._kept(),
        )

    def clear(self) -> None:
        """Delete the stack with its change sets, the document and the bucket."""
        there = self.truth()
        for change_set in there.change_sets:
            self._stacks.delete_change_set(StackName=self._name, ChangeSetName=change_set)
        if there.status:
            self._stacks.update_termination_protection(
                StackName=self._name, EnableTerminationProtection=False
            )
            self._stacks.delete_stack(StackName=self._name)
            self._recovered()
        if there.kept:
            self._remove_bucket()

    def _found(self) -> Any:
        try:
            return self._stacks.describe_stacks(StackName=self._name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            return None

    def _recovered(self) -> Any:
        deadline = time.monotonic() + _TIMEOUT
        while (found := self._found()) and _busy(found["StackStatus"]):
            assert time.monotonic() < deadline, f"{self._name} is still {found['StackStatus']}"
            time.sleep(0.02)
        return found

    def _change_sets(self) -> tuple[str, ...]:
        listed = self._stacks.list_change_sets(StackName=self._name)["Summaries"]
        return tuple(change_set["ChangeSetName"] for change_set in listed)

    def _events(self) -> dict[str, tuple[str, str]]:
        if not self._id:
            return {}
        pages = self._stacks.get_paginator("describe_stack_events").paginate(StackName=self._id)
        return {
            event["EventId"]: (event["ResourceStatus"], event["LogicalResourceId"])
            for page in pages
            for event in page["StackEvents"]
        }

    def _kept(self) -> bool:
        if not self._bucket:
            return False
        listed = self._s3.list_buckets()["Buckets"]
        if self._bucket not in {bucket["Name"] for bucket in listed}:
            return False
        return "Contents" in self._s3.list_objects_v2(Bucket=self._bucket)

    def _remove_bucket(self) -> None:
        versions = self._s3.list_object_versions(Bucket=self._bucket).get("Versions", [])
        for version in versions:
            self._s3.delete_object(Bucket=self._bucket, Key=KEY, VersionId=version["VersionId"])
        self._s3.delete_bucket(Bucket=self._bucket)


def _busy(status: str) -> bool:
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
