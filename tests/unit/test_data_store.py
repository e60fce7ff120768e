"""The bucket: encrypted, private, versioned, kept, and refusing plain HTTP."""

import pytest
from rendered import STORE_ARN, properties, resource, template

from readmodel_cfn import DataStore, ReadModel
from readmodel_cfn.template.options import OptionError
from strategies import KMS_KEY


def model(**options: object) -> ReadModel:
    return ReadModel(data_store=DataStore(**options))  # type: ignore[arg-type]


def test_cloudformation_names_the_bucket_unless_a_name_is_given() -> None:
    assert "BucketName" not in properties(ReadModel(), "DataStore")
    assert properties(model(name="shop-data"), "DataStore")["BucketName"] == "shop-data"


def test_an_account_regional_name_is_a_prefix_in_the_accounts_own_name_space() -> None:
    found = properties(model(name="shop", account_regional=True), "DataStore")
    assert found["BucketNamePrefix"] == "shop"
    assert found["BucketNamespace"] == "account-regional"
    assert "BucketName" not in found


def test_the_longest_account_regional_name_still_fits_63_characters() -> None:
    longest = "b" * 32
    assert len(f"{longest}-123456789012-ap-southeast-1-an") == 63
    assert model(name=longest, account_regional=True)
    with pytest.raises(OptionError, match="at most 32 characters"):
        model(name=longest + "b", account_regional=True)


@pytest.mark.parametrize("name", ["abc", "a" * 63, "9-9", "shop-data-2"])
def test_a_name_that_s3_takes_is_taken(name: str) -> None:
    assert model(name=name)
    assert model(access_logs=name)


@pytest.mark.parametrize(
    "name",
    [
        *("ab", "a" * 64, "Shop", "-ab", "ab-", "a.b", "a_b", "", "xn--abc", "sthree-abc"),
        *("amzn-s3-demo-abc", "abc-s3alias", "abc--ol-s3", "abc--x-s3", "abc--table-s3", "abc-an"),
    ],
)
def test_a_name_that_s3_refuses_is_refused(name: str) -> None:
    for option in ("name", "access_logs"):
        with pytest.raises(OptionError, match=f"data_store.{option}"):
            model(**{option: name})


def test_payloads_are_encrypted_with_s3s_own_keys() -> None:
    (rule,) = properties(ReadModel(), "DataStore")["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_or_with_a_kms_key_by_one_bucket_key() -> None:
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
def test_a_kms_key_is_given_by_its_arn_as_policies_follow_no_alias(key: str) -> None:
    with pytest.raises(OptionError, match="not of an alias"):
        model(kms_key=key)


def test_nothing_of_the_bucket_can_be_made_public() -> None:
    found = properties(ReadModel(), "DataStore")
    assert found["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert found["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_replaced_payloads_and_unfinished_uploads_expire() -> None:
    found = properties(model(old_versions_days=5), "DataStore")
    assert found["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = found["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 5}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert not {"ExpirationInDays", "Prefix", "TagFilters"} & rule.keys(), "no payload in use"


def test_the_bucket_and_its_policy_outlive_the_stack_but_not_a_failed_create() -> None:
    for name in ("DataStore", "DataStorePolicy"):
        found = resource(ReadModel(), name)
        assert found["DeletionPolicy"] == "RetainExceptOnCreate"
        assert found["UpdateReplacePolicy"] == "Retain"


def test_unless_told_not_to() -> None:
    for name in ("DataStore", "DataStorePolicy"):
        found = resource(model(retain=False), name)
        assert (found["DeletionPolicy"], found["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_nothing_else_of_the_stack_is_retained() -> None:
    kept = {
        name for name, one in template(ReadModel())["Resources"].items() if "DeletionPolicy" in one
    }
    assert kept == {"DataStore", "DataStorePolicy"}


def test_access_logs_go_to_the_bucket_that_is_named() -> None:
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
def test_payloads_are_published_with_the_cache_control_that_is_asked_for(
    max_age: int, stale: int, header: str
) -> None:
    """Without anything asked for, a client must always revalidate: RFC 9111, 5.2.2.4."""
    options = DataStore(max_age=max_age, stale_while_revalidate=stale)
    assert options.cache_control == header


def test_the_bucket_refuses_everybody_without_tls() -> None:
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
