"""The URL of a bucket or an object, as HTTP integrations have it.

    https://BUCKET.s3.REGION.amazonaws.com/KEY
    https://s3.REGION.amazonaws.com/BUCKET/KEY
    http://BUCKET.s3-website-REGION.amazonaws.com/KEY

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
"""

import re
from collections.abc import Mapping

from readmodel_cfn.cloudformation.s3_uri import S3Uri, split_path
from readmodel_cfn.cloudformation.values import (
    UNKNOWN_MARK,
    PartialText,
    Unknown,
    join_texts,
    match_text,
    units,
)

_MAX_LENGTH = 2_000  # characters; a longer URL is not parsed
_LABEL = rf"(?:[a-z0-9-]+|{UNKNOWN_MARK})"
_URL = re.compile(
    rf"(?:https?://)?(?:(?P<host>[^/?]+)\.)?s3(?:[.-]{_LABEL})*"
    rf"\.(?:amazonaws\.com(?:\.cn)?|api\.aws|{UNKNOWN_MARK})"
    r"(?::\d+)?(?:/(?P<path>[^?]*))?(?:\?(?P<query>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_WEBSITE = "s3-website"
_HOST = re.compile(r"(?:https?://)?(?P<host>[^/?]*)(?:[/?].*)?", re.IGNORECASE | re.DOTALL)


def parse_url(url: PartialText) -> S3Uri | None:
    """The bucket and the key of a URL of S3, or None for any other URL."""
    found = match_text(_URL, url) if len(units(url)) <= _MAX_LENGTH else None
    if found is None:
        return None
    path = found.get("path", "")
    bucket, key = (found["host"], path) if "host" in found else split_path(path)
    is_website = _WEBSITE in str(url).lower()
    if is_website and (key == "" or str(key).endswith("/")):
        key = join_texts([key, "index.html"])  # the index document, if it has the usual name
    return S3Uri(
        partition="",
        region="",
        bucket=bucket,
        key=key,
        query=found.get("query"),
        in_host="host" in found,
        is_website=is_website,
    )


def host_of(url: PartialText) -> PartialText:
    """The host of a URL, with its port."""
    found = match_text(_HOST, url)
    return found["host"] if found else url


def bucket_hosts(logical_id: str, name: PartialText | Unknown) -> Mapping[str, PartialText]:
    """A bucket's attributes with its hosts and its website's URL, by `LogicalId.Attribute`.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
    """
    region, suffix = Unknown("AWS::Region"), Unknown("AWS::URLSuffix")
    hosts: Mapping[str, list[PartialText | Unknown]] = {
        "DomainName": [name, ".s3.amazonaws.com"],
        "RegionalDomainName": [name, ".s3.", region, ".", suffix],
        "DualStackDomainName": [name, ".s3.dualstack.", region, ".", suffix],
        "WebsiteURL": ["http://", name, ".s3-website-", region, ".", suffix],
    }
    return {f"{logical_id}.{attribute}": join_texts(parts) for attribute, parts in hosts.items()}
