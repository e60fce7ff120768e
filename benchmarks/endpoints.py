"""AWS endpoints on this machine, and the environment variables that select them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

from readmodel_cfn.local import sandbox

# Clients read neither the user's configuration nor the instance metadata.
_SETTINGS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "RCLONE_CONFIG": "",
}


class Endpoint(NamedTuple):
    """An endpoint URL with a region and an access key, and the authorities of its certificate."""

    url: str
    key: str = "test"
    secret: str = "test"  # noqa: S105 - the S3 in memory does not check it
    region: str = "us-east-1"
    authorities: str = ""

    def client(self, service: Any) -> Any:
        """A boto3 client for a service."""
        config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
        return boto3.client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=config if service == "s3" else None,
            verify=self.authorities or None,
        )


@contextmanager
def selected(endpoint: Endpoint) -> Iterator[Endpoint]:
    """Set the environment variables that make every AWS client use an endpoint."""
    before = dict(os.environ)
    os.environ.update(_SETTINGS)
    os.environ.update(
        AWS_ENDPOINT_URL=endpoint.url,
        AWS_ACCESS_KEY_ID=endpoint.key,
        AWS_SECRET_ACCESS_KEY=endpoint.secret,
        AWS_DEFAULT_REGION=endpoint.region,
        AWS_REGION=endpoint.region,
        **({"AWS_CA_BUNDLE": endpoint.authorities} if endpoint.authorities else {}),
    )
    try:
        yield endpoint
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def embedded_aws() -> Iterator[Endpoint]:
    """The embedded AWS of READMODEL_CFN_HOME; it is stopped at the end if it was started here."""
    found = sandbox.status()
    box = found or sandbox.start(progress=lambda line: print(line, file=sys.stderr))
    endpoint = Endpoint(box.endpoint_url, box.access_key_id, box.secret_access_key, box.region)
    try:
        with selected(endpoint):
            yield endpoint
    finally:
        if not found:
            sandbox.stop()
