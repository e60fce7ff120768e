"""URLs of S3, as HTTP integrations have them."""

import pytest

from readmodel_cfn.cloudformation.s3_url import bucket_hosts, parse_url
from readmodel_cfn.cloudformation.values import Text, Unknown

REGION = Unknown("AWS::Region")


@pytest.mark.parametrize(
    ("url", "bucket", "key"),
    [
        ("https://b.s3.amazonaws.com/a/k.json", "b", "a/k.json"),
        ("https://b.s3.eu-west-1.amazonaws.com/k.json", "b", "k.json"),
        ("https://b.s3-eu-west-1.amazonaws.com/k.json", "b", "k.json"),
        ("https://my.b.s3.dualstack.eu-west-1.amazonaws.com/k", "my.b", "k"),
        ("https://b.s3-accelerate.amazonaws.com/k", "b", "k"),
        ("https://b.s3-fips.us-gov-west-1.amazonaws.com/k", "b", "k"),
        ("https://b.s3.cn-north-1.amazonaws.com.cn/k", "b", "k"),
        ("https://s3.amazonaws.com/b/k.json", "b", "k.json"),
        ("https://s3.eu-west-1.amazonaws.com/b/{proxy}?x=1", "b", "{proxy}"),
        ("https://s3.amazonaws.com/b", "b", ""),
        ("https://s3.amazonaws.com", "", ""),
        ("HTTPS://B.S3.AMAZONAWS.COM/k", "B", "k"),
        ("http://b.s3-website-eu-west-1.amazonaws.com", "b", "index.html"),
        ("http://b.s3-website.eu-central-1.amazonaws.com/docs/", "b", "docs/index.html"),
        ("https://b.vpce-1a.s3.eu-west-1.vpce.amazonaws.com/k", "b.vpce-1a", "k"),
    ],
)
def test_url_names_bucket_and_key(url: str, bucket: str, key: str) -> None:
    found = parse_url(url)
    assert found is not None
    assert (found.bucket, found.key) == (bucket, key)


@pytest.mark.parametrize(
    "url",
    [
        *("", "https://example.com/s3.amazonaws.com/k", "https://s3.example.com/b/k"),
        *(
            "https://execute-api.eu-west-1.amazonaws.com/s3",
            "https://b.s3.amazonaws.com.evil.org/k",
        ),
    ],
)
def test_other_urls_are_not_of_s3(url: str) -> None:
    assert parse_url(url) is None


def test_unknown_parts_of_a_url_stay_unknown() -> None:
    found = parse_url(Text(("https://", Unknown("Store"), ".s3.", REGION, ".amazonaws.com/k")))
    assert found is not None
    assert (found.bucket, found.key) == (Text((Unknown("Store"),)), "k")


def test_every_host_of_a_bucket_is_a_url_of_it() -> None:
    for text in bucket_hosts("Store", "b").values():
        found = parse_url(text)
        assert found is not None
        assert found.bucket == "b"
