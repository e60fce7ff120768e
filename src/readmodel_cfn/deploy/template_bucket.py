"""The S3 bucket for templates that are too long for a request to CloudFormation."""

import hashlib
from dataclasses import replace
from typing import Any

from readmodel_cfn.aws.errors import aws_errors
from readmodel_cfn.deploy.preflight import bucket_region, short_code
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.errors import ReadModelError


def check_template_bucket(s3: Any, bucket: str) -> list[str]:
    """Check that the bucket is in the client's region; return a note if that is not possible.

    Raises:
        ReadModelError: it does not exist, or is in another region, which CloudFormation refuses.
    """
    where = f"--template-bucket {bucket}"
    try:
        region = bucket_region(s3, bucket)
    except aws_errors() as error:
        if short_code(error) != "404":  # s3:PutObject does not include s3:ListBucket
            return [f"Bucket {bucket} not checked: {short_code(error)}"]
        hint = "create it, or choose another bucket"
        raise ReadModelError("the bucket does not exist", where=where, hint=hint) from error
    if region != s3.meta.region_name:
        hint = f"choose a bucket in {s3.meta.region_name}"
        raise ReadModelError(f"the bucket is in {region}", where=where, hint=hint)
    return []


def upload_template(s3: Any, bucket: str, spec: StackSpec) -> StackSpec:
    """Upload the template and return the spec with its URL; the key has the template's hash.

    The URL is path-style at the client's endpoint: CloudFormation accepts it for a bucket of any
    region, and an emulator for its own.
    """
    body = spec.template.encode()
    key = f"readmodel-cfn/{spec.name}/{hashlib.sha256(body).hexdigest()}.json"
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    return replace(spec, template_url=f"{s3.meta.endpoint_url}/{bucket}/{key}")
