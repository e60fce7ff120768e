"""Something that stands for AWS on this machine, and how AWS clients reach it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

from readmodel_cfn.local import sandbox

# Nothing comes from the user's own files, and no client asks for more than the place.
_OWN = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "RCLONE_CONFIG": "",
}


class Place(NamedTuple):
    """An endpoint with a region and an access key."""

    url: str
    key: str = "test"
    secret: str = "test"  # noqa: S105 - no secret, the S3 in memory checks none
    region: str = "us-east-1"

    def client(self, service: Any) -> Any:
        """A boto3 client for a service there."""
        config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
        return boto3.client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=config if service == "s3" else None,
        )


@contextmanager
def entered(place: Place) -> Iterator[Place]:
    """The environment variables lead every AWS client to a place."""
    before = dict(os.environ)
    os.environ.update(_OWN)
    os.environ.update(
        AWS_ENDPOINT_URL=place.url,
        AWS_ACCESS_KEY_ID=place.key,
        AWS_SECRET_ACCESS_KEY=place.secret,
        AWS_DEFAULT_REGION=place.region,
        AWS_REGION=place.region,
    )
    try:
        yield place
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def embedded_aws() -> Iterator[Place]:
    """The embedded AWS of READMODEL_CFN_HOME: used where it runs, else started and stopped."""
    found = sandbox.status()
    box = found or sandbox.start()
    place = Place(box.endpoint_url, box.access_key_id, box.secret_access_key, box.region)
    try:
        with entered(place):
            yield place
    finally:
        if not found:
            sandbox.stop()
