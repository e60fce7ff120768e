"""The bucket: encryption, access, versions, retention and TLS."""

import pytest

from readmodel_cfn import DataStore, ReadModel
from readmodel_cfn.template.options import OptionError
from rendered import STORE_ARN, properties, resource, template
from strategies import KMS_KEY


def model(**options: object) -> ReadModel:
    return ReadModel(data_store=DataStore(**options))  # type: ignore[arg-type]


def test_bucket_has_no_name_unless_given() -> None:
    assert "BucketName" not in properties(ReadModel(), "DataStore")
    assert properties(model(name="shop-data"), "DataStore")["BucketName"] == "shop-data"


def test_account_regional_name_is_a_prefix_in_the_account_namespace() -> None:
    found = properties(model(name="shop", account_regional=True), "DataStore")
    assert found["BucketNamePrefix"] == "shop"
    assert found["BucketNamespace"] == "account-regional"
    assert "BucketName" not in found


def test_account_regional_name_has_at_most_32_characters() -> None:
    longest = "b" * 32
    assert len(f"{longest}-123456789012-ap-southeast-1-an") == 63
    assert model(name=longest, account_regional=True)
    with pytest.raises(OptionError, match="32"):
        model(name=longest + "b", account_regional=True)


@pytest.mark.parametrize("name", ["abc", "a" * 63, "9-9", "shop-data-2"])
def test_valid_bucket_name_is_accepted(name: str) -> None:
    assert model(name=name)
    assert model(access_logs=name)


@pytest.mark.parametrize(
    "name",
    [
        *("ab", "a" * 64, "Shop", "-ab", "ab-", "a.b", "a_b", "", "xn--abc", "sthree-abc"),
        *("amzn-s3-demo-abc", "abc-s3alias", "abc--ol-s3", "abc--x-s3", "abc--table-s3", "abc-an"),
    ],
)
def test_invalid_bucket_name_is_refused(name: str) -> None:
    for option in ("name", "access_logs"):
        with pytest.raises(OptionError, match=f"data_store.{option}"):
            model(**{option: name})


def test_payloads_are_encrypted_with_sse_s3() -> None:
    (rule,) = properties(ReadModel(), "DataStore")["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_kms_key_encrypts_with_a_bucket_key() -> None:
    (rule,) = properties(model(kms_key=KMS_KEY), "DataStore")["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    assert rule == {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KMS_KEY},
        "BucketKeyEnabled": True,
    }


@pytest.mark.parametrize(
    "key",
    [
        "alias/shop",
        "arn:aws:kms:eu-west-1:123456789012:alias/shop",
        "0a1b2c3d-0000-1111-2222-333344445555",
        "",
    ],
)
def test_kms_key_must_be_a_key_arn(key: str) -> None:
    with pytest.raises(OptionError, match="kms_key"):
        model(kms_key=key)


def test_bucket_blocks_public_access() -> None:
    found = properties(ReadModel(), "DataStore")
    assert found["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert found["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_noncurrent_versions_and_unfinished_uploads_expire() -> None:
    found = properties(model(old_versions_days=5), "DataStore")
    assert found["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = found["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 5}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert not {"ExpirationInDays", "Prefix", "TagFilters"} & rule.keys(), "no payload in use"


def test_bucket_and_policy_are_retained_except_on_create() -> None:
    for name in ("DataStore", "DataStorePolicy"):
        found = resource(ReadModel(), name)
        assert found["DeletionPolicy"] == "RetainExceptOnCreate"
        assert found["UpdateReplacePolicy"] == "Retain"


def test_bucket_is_deleted_if_retain_is_false() -> None:
    for name in ("DataStore", "DataStorePolicy"):
        found = resource(model(retain=False), name)
        assert (found["DeletionPolicy"], found["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_only_bucket_and_policy_are_retained() -> None:
    kept = {
        name
        for name, resource in template(ReadModel())["Resources"].items()
        if "DeletionPolicy" in resource
    }
    assert kept == {"DataStore", "DataStorePolicy"}


def test_access_logs_of_a_bucket_in_itself_are_refused() -> None:
    with pytest.raises(OptionError, match=r"data_store\.access_logs"):
        DataStore(name="all-logs", access_logs="all-logs")
    # An account-regional bucket has a longer name.
    assert DataStore(name="all-logs", access_logs="all-logs", account_regional=True)


def test_access_logs_go_to_the_given_bucket() -> None:
    assert "LoggingConfiguration" not in properties(ReadModel(), "DataStore")
    found = properties(model(access_logs="all-logs"), "DataStore")["LoggingConfiguration"]
    assert found == {"DestinationBucketName": "all-logs", "LogFilePrefix": "data-store/"}


@pytest.mark.parametrize(
    ("max_age", "stale", "header"),
    [
        (0, 0, "no-cache"),
        (60, 0, "max-age=60"),
        (60, 30, "max-age=60, stale-while-revalidate=30"),
        (0, 30, "max-age=0, stale-while-revalidate=30"),
    ],
)
def test_cache_control_has_max_age_and_stale_while_revalidate(
    max_age: int, stale: int, header: str
) -> None:
    """Without anything asked for, a client must always revalidate: RFC 9111, 5.2.2.4."""
    options = DataStore(max_age=max_age, stale_while_revalidate=stale)
    assert options.cache_control == header


def test_bucket_policy_denies_requests_without_tls() -> None:
    found = properties(ReadModel(), "DataStorePolicy")
    assert found["Bucket"] == {"Ref": "DataStore"}
    assert found["PolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["s3:*"],
                "Resource": [STORE_ARN, {"Fn::Join": ["", [STORE_ARN, "/*"]]}],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
