"""Imports: another stack's outputs, where it was added with `export=True`."""

from typing import Literal

from troposphere import AWSHelperFn, ImportValue, Join

Exported = Literal[
    "ApiUrl",
    "DataStoreRoleArn",
    "DataStoreSecretArn",
    "DataStoreUser",
    "S3BucketName",
    "SamplesUrl",
]
"""The outputs that a read model can export."""


def imported(stack: str | AWSHelperFn, output: Exported, prefix: str = "") -> ImportValue:
    """The value of an output that the stack of this name exports.

    `stack` is a text, or a function such as Ref of a parameter; `prefix` is the read model's there.
    A bucket imported so can be given as `data_store`.
    """
    name = f"{prefix}{output}"
    return ImportValue(f"{stack}-{name}" if isinstance(stack, str) else Join("-", [stack, name]))
