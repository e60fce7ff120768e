"""Upload: a template too long for a call goes through a bucket."""

import hashlib
from dataclasses import replace
from typing import Any

from readmodel_cfn.deploy.wanted import Wanted


def upload(s3: Any, bucket: str, wanted: Wanted) -> Wanted:
    """Put the template into the bucket, under a key made of its own hash, and say where it is.

    The URL is the client's own endpoint with the bucket as a path: CloudFormation takes it for any
    region's bucket, and an emulator for its own.
    """
    body = wanted.template.encode()
    key = f"readmodel-cfn/{wanted.name}/{hashlib.sha256(body).hexdigest()}.json"
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    return replace(wanted, template_url=f"{s3.meta.endpoint_url}/{bucket}/{key}")
