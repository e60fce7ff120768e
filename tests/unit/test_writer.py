"""The writer: its permissions, access key and role."""

import json
import string
from itertools import chain, combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn import DataStore, ReadModel, Route, Writer
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.options import OptionError
from readmodel_cfn.template.policies import LOGS_LENGTH
from rendered import (
    STORE_ARN,
    objects,
    policy_length,
    properties,
    resource,
    statements,
    template,
)
from strategies import ACCOUNT, BOUNDARY, KMS_KEY, LAMBDA, PRINCIPALS, SUBJECTS

ROUTES = (Route("samples", "payload.json"), Route("products/{id}", "products/{id}.json"))
WORDS = ("put", "compare", "list", "delete")
OBJECT_ACTIONS = {"put": "s3:PutObject", "compare": "s3:GetObject", "delete": "s3:DeleteObject"}


def model(kms_key: str | None = None, **options: Any) -> ReadModel:
    return ReadModel(routes=ROUTES, writer=Writer(**options), data_store=DataStore(kms_key=kms_key))


def granted(made: ReadModel) -> list[tuple[list[str], list[Any]]]:
    name = "DataStoreWriterRole" if made.writer.kind == "role" else "DataStoreWriter"
    (policy,) = properties(made, name)["Policies"]
    assert policy["PolicyDocument"]["Version"] == "2012-10-17"
    return statements(policy["PolicyDocument"])


def test_writer_may_put_the_keys_of_the_routes() -> None:
    assert granted(model()) == [(["s3:PutObject"], objects("payload.json", "products/*.json"))]


def test_routes_with_one_pattern_are_granted_once() -> None:
    routes = (Route("a/{x}", "k/{x}"), Route("b/{y}", "k/{y}"))
    assert granted(ReadModel(routes=routes)) == [(["s3:PutObject"], objects("k/*"))]


COMBINATIONS = list(chain.from_iterable(combinations(WORDS, n) for n in range(1, 5)))


@pytest.mark.parametrize("kms_key", [None, KMS_KEY], ids=["s3-keys", "kms"])
@pytest.mark.parametrize("allow", COMBINATIONS, ids="+".join)
def test_allow_adds_its_actions_and_the_kms_actions_they_need(
    allow: tuple[str, ...], kms_key: str | None
) -> None:
    every = objects("payload.json", "products/*.json")
    expected: set[tuple[str, str]] = {
        (OBJECT_ACTIONS[word], str(arn))
        for word in allow
        if word in OBJECT_ACTIONS
        for arn in every
    }
    if "list" in allow:
        expected.add(("s3:ListBucket", str(STORE_ARN)))
    if kms_key and "put" in allow:
        expected.add(("kms:GenerateDataKey", kms_key))
    if kms_key and "compare" in allow:
        expected.add(("kms:Decrypt", kms_key))
    found = {
        (action, str(arn))
        for actions, resources in granted(model(kms_key, allow=allow))
        for action in actions
        for arn in resources
    }
    assert found == expected


keys = st.integers(1, 1024).flatmap(lambda size: st.just("k" * size)) | st.text(
    string.ascii_lowercase, min_size=1, max_size=60
)


@given(
    st.lists(keys, min_size=1, max_size=12),
    st.sampled_from(COMBINATIONS),
    st.sampled_from([None, KMS_KEY]),
    st.booleans(),
)
def test_policies_are_within_iam_limits_and_have_every_key(
    found: list[str], allow: tuple[Any, ...], kms_key: str | None, role: bool
) -> None:
    """2,048 characters inline for a user, 10,240 for a role, 6,144 in a managed policy."""
    options: Any = {"kind": "role", "principals": (ACCOUNT, LAMBDA)} if role else {}
    who = Writer(**options, allow=allow)
    routes = [Route(f"r{number}", key) for number, key in enumerate(found)]
    made = template(ReadModel(routes, DataStore(kms_key=kms_key), who))["Resources"]
    identity = made["DataStoreWriterRole" if role else "DataStoreWriter"]
    inline = identity.get("Properties", {}).get("Policies", [])
    more = [policy for name, policy in made.items() if name.startswith("DataStoreWriterPolicy")]
    assert all(policy["Type"] == "AWS::IAM::ManagedPolicy" for policy in more)
    documents = [policy["PolicyDocument"] for policy in inline]
    assert sum(map(policy_length, documents)) <= (10_240 if role else 2_048)
    managed = [policy["Properties"]["PolicyDocument"] for policy in more]
    assert all(policy_length(policy) <= 6_144 for policy in managed)
    resources = [
        arn
        for document in documents + managed
        for statement in document["Statement"]
        for arn in statement["Resource"] or ["nothing"]
    ]
    assert "nothing" not in resources, "a statement that grants nothing is none that IAM takes"
    if set(allow) != {"list"}:
        assert all(arn in resources for arn in objects(*found))


def test_managed_policies_hold_what_exceeds_the_inline_policy() -> None:
    routes = [Route(f"r{number}", f"{number}" * 500) for number in range(5)]
    made = template(ReadModel(routes=routes))["Resources"]
    more = [policy for name, policy in made.items() if name.startswith("DataStoreWriterPolicy")]
    assert more
    assert all(policy["Properties"]["Users"] == [{"Ref": "DataStoreWriter"}] for policy in more)


def test_keys_beyond_all_policies_are_refused() -> None:
    routes = [Route(f"r{number}", f"{number:03}" * 340) for number in range(60)]
    with pytest.raises(ConfigError, match="IAM"):
        template(ReadModel(routes=routes))


def test_writer_may_list_only_the_keys_of_the_routes() -> None:
    (policy,) = properties(model(allow=("list",)), "DataStoreWriter")["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {"StringLike": {"s3:prefix": ["payload.json*", "products/*"]}}


def test_order_of_allow_does_not_matter() -> None:
    orders = (WORDS, WORDS[::-1])
    made, other = (template(model(allow=order))["Resources"] for order in orders)
    assert made == other


def test_access_key_is_in_a_secret_and_not_in_the_outputs() -> None:
    secret = properties(model(), "DataStoreWriterSecret")
    assert "Name" not in secret
    key = ("DataStoreWriterAccessKey", "SecretAccessKey")
    assert secret["SecretString"] == {
        "Fn::Join": [
            "",
            [
                '{"access_key_id":"',
                {"Ref": key[0]},
                '","secret_access_key":"',
                {"Fn::GetAtt": list(key)},
                '"}',
            ],
        ]
    }
    assert "SecretAccessKey" not in str(template(model())["Outputs"])


def test_access_key_may_be_in_the_outputs() -> None:
    made = template(model(key_in="outputs"))
    assert "DataStoreWriterSecret" not in made["Resources"]
    assert made["Outputs"]["DataStoreSecretAccessKey"]["Value"] == {
        "Fn::GetAtt": ["DataStoreWriterAccessKey", "SecretAccessKey"]
    }


def test_serial_rotates_the_access_key() -> None:
    assert properties(model(), "DataStoreWriterAccessKey")["Serial"] == 1
    made = template(model(serial=2))["Resources"]
    assert made["DataStoreWriterAccessKey2"]["Properties"]["Serial"] == 2
    assert "DataStoreWriterAccessKey" not in made


@pytest.mark.parametrize("key_in", ["secret", "outputs"])
@pytest.mark.parametrize("serial", [2, 3, 12])
def test_previous_key_is_kept_unchanged_beside_the_new_one(serial: int, key_in: str) -> None:
    before = template(model(serial=serial - 1, key_in=key_in))
    both = template(model(serial=serial, key_in=key_in, keep_previous_key=True))
    after = template(model(serial=serial, key_in=key_in))
    (old,) = keys_of(before)
    (new,) = keys_of(after)
    assert keys_of(both) == {old, new}
    assert both["Resources"][old] == before["Resources"][old]
    del both["Resources"][old], both["Metadata"], after["Metadata"]
    assert both == after, "the secret and the outputs have the new key in both steps"


def keys_of(made: Any) -> set[str]:
    resources = made["Resources"].items()
    return {name for name, found in resources if found["Type"] == "AWS::IAM::AccessKey"}


def test_previous_key_of_the_first_key_is_refused() -> None:
    with pytest.raises(OptionError) as refused:
        Writer(keep_previous_key=True)
    assert refused.value.key == "writer.keep_previous_key"


def test_user_has_no_name_unless_given() -> None:
    assert "UserName" not in properties(model(), "DataStoreWriter")
    assert properties(model(name="pub"), "DataStoreWriter")["UserName"] == "pub"
    key = properties(model(name="pub"), "DataStoreWriterAccessKey")
    assert key["UserName"] == {"Ref": "DataStoreWriter"}


def test_writer_role_has_no_key_and_is_assumed_by_its_principals() -> None:
    made = model(kind="role", principals=PRINCIPALS, name="pub")
    found = resource(made, "DataStoreWriterRole")
    assert found["Type"] == "AWS::IAM::Role"
    assert found["Properties"]["RoleName"] == "pub"
    assert found["Properties"]["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": list(PRINCIPALS)},
            "Action": ["sts:AssumeRole"],
        }
    ]
    assert granted(made) == granted(model())
    kinds = {resource["Type"] for resource in template(made)["Resources"].values()}
    assert not kinds & {"AWS::IAM::User", "AWS::IAM::AccessKey", "AWS::SecretsManager::Secret"}


def test_jobs_assume_the_role_by_their_subject_and_audience_only() -> None:
    github, gitlab = SUBJECTS[:2], SUBJECTS[3:]
    made = model(kind="role", principals=(github[0], ACCOUNT, *gitlab, github[1]))
    document = properties(made, "DataStoreWriterRole")["AssumeRolePolicyDocument"]
    provider = "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/"
    host = "token.actions.githubusercontent.com"
    assert document["Statement"] == [
        {"Effect": "Allow", "Principal": {"AWS": [ACCOUNT]}, "Action": ["sts:AssumeRole"]},
        {
            "Effect": "Allow",
            "Principal": {"Federated": {"Fn::Sub": provider + host}},
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": {
                "StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": list(github)}
            },
        },
        {
            "Effect": "Allow",
            "Principal": {"Federated": {"Fn::Sub": f"{provider}gitlab.com"}},
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": {
                "StringEquals": {
                    "gitlab.com:aud": "https://gitlab.com",
                    "gitlab.com:sub": [*gitlab],
                }
            },
        },
    ]
    types = {found["Type"] for found in template(made)["Resources"].values()}
    assert "AWS::IAM::OIDCProvider" not in types, "it belongs to the account"


def test_role_of_jobs_only_cannot_be_assumed_by_aws_principals() -> None:
    made = properties(model(kind="role", principals=SUBJECTS[:1]), "DataStoreWriterRole")
    (statement,) = made["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]


def test_functions_assume_the_role_and_write_their_logs() -> None:
    made = properties(model(kind="role", principals=(LAMBDA,)), "DataStoreWriterRole")
    assert made["AssumeRolePolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": LAMBDA}, "Action": ["sts:AssumeRole"]}
    ]
    keys, logs = made["Policies"]
    assert keys == properties(model(), "DataStoreWriter")["Policies"][0]
    (statement,) = logs["PolicyDocument"]["Statement"]
    assert statement["Action"] == [
        *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    ]
    group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/*"
    assert statement["Resource"] == [{"Fn::Sub": group}]
    assert len(json.dumps(logs["PolicyDocument"], separators=(",", ":"))) < LOGS_LENGTH


def test_functions_and_others_assume_the_role() -> None:
    made = properties(
        model(kind="role", principals=(LAMBDA, SUBJECTS[0], ACCOUNT)), "DataStoreWriterRole"
    )
    statements = made["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Principal"] for statement in statements[:2]] == [
        {"AWS": [ACCOUNT]},
        {"Service": LAMBDA},
    ]
    assert "Federated" in statements[2]["Principal"]


def test_role_of_others_writes_no_logs() -> None:
    (policy,) = properties(model(kind="role", principals=PRINCIPALS), "DataStoreWriterRole")[
        "Policies"
    ]
    assert "logs:" not in json.dumps(policy)


def test_writer_none_makes_no_resources() -> None:
    made = template(model(kind="none"))
    assert not [name for name in made["Resources"] if "Writer" in name]
    assert not [name for name in made["Outputs"] if name not in OUTPUTS_WITHOUT_WRITER]


OUTPUTS_WITHOUT_WRITER = ("SamplesUrl", "ApiUrl", "S3BucketName")


@pytest.mark.parametrize(("kind", "name"), [("user", ""), ("role", "Role")])
def test_permissions_boundary_is_set(kind: str, name: str) -> None:
    principals = (ACCOUNT,) if kind == "role" else ()
    made = model(kind=kind, principals=principals, permissions_boundary=BOUNDARY)
    assert properties(made, f"DataStoreWriter{name}")["PermissionsBoundary"] == BOUNDARY


@pytest.mark.parametrize(
    "boundary", ["read-model", "arn:aws:iam::123456789012:role/x", "arn:aws:iam::1:policy/x", ""]
)
def test_permissions_boundary_must_be_a_policy_arn(boundary: str) -> None:
    with pytest.raises(OptionError, match=r"writer\.permissions_boundary"):
        Writer(permissions_boundary=boundary)


@pytest.mark.parametrize("principal", [*PRINCIPALS, *SUBJECTS, LAMBDA])
def test_principal_may_be_an_account_a_user_a_role_or_a_job(principal: str) -> None:
    assert Writer(kind="role", principals=(principal,))


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        "",
        "12345",
        "arn:aws:iam::123456789012:group/g",
        "arn:aws:iam::*:root",
        "ec2.amazonaws.com",
        "lambda.amazonaws.com.evil",
        "lambdaXamazonaws.com",
        "*.amazonaws.com",
        "arn:aws:iam::123456789012:role/*",
        "repo:*",
        "repo:acme/*",
        "repo:*/shop:pull_request",
        "repo:acme/*:ref:refs/heads/main",
        "repo:acme/sh*:ref:refs/heads/main",
        "repo:acme/shop",
        "repo:acme/shop:",
        "repo:acme/shop:*",
        "repo:acme/shop:ref:refs/heads/*",
        "repo:acme/shop:ref:refs/heads/mai?",
        "repo:acme/shop:environment:${aws:username}",
        "repo:acme/shop:environment:two words",
        "repo:acme@*/shop@1:pull_request",
        "repo:acme@1/shop:pull_request",
        "repo:acme/web/shop:pull_request",
        "acme/shop:pull_request",
        "project_path:acme/*:ref_type:branch:ref:main",
        "project_path:acme:ref_type:branch:ref:main",
        "project_path:acme/shop:ref_type:branch:ref:*",
    ],
)
def test_invalid_principal_is_refused(principal: str) -> None:
    with pytest.raises(OptionError, match=r"writer\.principals"):
        Writer(kind="role", principals=(principal,))


@pytest.mark.parametrize("name", ["", "a b", "a/b", "é", "u" * 65])
def test_invalid_iam_name_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match=r"writer\.name"):
        Writer(name=name)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("role", "key_in", "outputs"),
        ("role", "serial", 2),
        ("role", "keep_previous_key", True),
        ("none", "key_in", "outputs"),
        ("none", "serial", 2),
        ("none", "keep_previous_key", True),
        ("none", "name", "shop-writer"),
        ("none", "permissions_boundary", BOUNDARY),
    ],
)
def test_option_without_effect_on_the_kind_of_writer_is_refused(
    kind: Any, name: str, value: Any
) -> None:
    principals = (ACCOUNT,) if kind == "role" else ()
    with pytest.raises(OptionError) as refused:
        Writer(kind=kind, principals=principals, **{name: value})
    assert refused.value.key == f"writer.{name}"
    assert Writer(**{"serial": 2, name: value})
