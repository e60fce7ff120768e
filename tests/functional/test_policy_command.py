"""`policy`: what the policy allows for each purpose, and what is said on stderr."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from documents import ROOT
from readmodel_cfn import DataStore, GatewayRole, ReadModel, ReadModelStack, Route, Writer
from readmodel_cfn.cli import main
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import MANAGED_POLICY_LENGTH
from readmodel_cfn.policy import policy
from readmodel_cfn.policy.calls import COMMANDS, EVERYTHING, PURPOSES, Purpose
from readmodel_cfn.policy.document import policy_length
from readmodel_cfn.policy.names import Place
from readmodel_cfn.progress import Note
from strategies import ACCOUNT, BOUNDARY, KMS_KEY

ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["policy", *words])


def statements(document: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(document)["Statement"]
    return found


def resources(document: str, action: str) -> set[str]:
    """The resources on which the policy allows an action."""
    found = [each for each in statements(document) if action in each["Action"]]
    return {arn for each in found for arn in each["Resource"]}


def of(model: ReadModel, *purposes: Any, name: str = "shop", **settings: Any) -> str:
    return ReadModelStack(name, model, **settings).policy(*purposes).to_json()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_it_prints_a_policy_for_the_stack_of_the_file(folder: Path) -> None:
    (folder / "readmodel.toml").write_text(
        f'[stack]\nname = "shop"\nregion = "eu-west-1"\naccount = "{ACCOUNT}"\n'
    )
    done = run()
    assert done.exit_code == 0
    stack = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/shop/*"
    assert resources(done.stdout, "cloudformation:CreateStack") == {stack}
    assert resources(done.stdout, "iam:CreateRole") == {
        f"arn:aws:iam::{ACCOUNT}:role/shop-ApiGatewayRole-*"
    }
    assert resources(done.stdout, "s3:CreateBucket") == {"arn:aws:s3:::shop-datastore-*"}


@pytest.mark.parametrize(
    ("purpose", "allowed", "refused"),
    [
        ("deploy", "cloudformation:UpdateStack", "s3:PutObject"),
        ("diff", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
        ("publish", "s3:PutObject", "cloudformation:UpdateStack"),
        ("read", "cloudformation:DetectStackDrift", "secretsmanager:GetSecretValue"),
        ("verify", "s3:DeleteObjectVersion", "s3:DeleteBucket"),
        ("delete", "s3:DeleteBucket", "s3:CreateBucket"),
        ("service-role", "iam:CreateRole", "cloudformation:UpdateStack"),
    ],
)
def test_each_purpose_allows_its_own(purpose: str, allowed: str, refused: str) -> None:
    done = run("--example", "--for", purpose)
    assert resources(done.stdout, allowed)
    assert not resources(done.stdout, refused)


def test_several_purposes_are_one_policy_and_the_default_is_all() -> None:
    each = [word for purpose in EVERYTHING for word in ("--for", purpose)]
    assert run("--example", *each).stdout == run("--example").stdout


def test_nothing_is_allowed_on_the_names_of_another_stack() -> None:
    """Such as those of shop-staging, whose beginning is the same."""
    for found in statements(of(ReadModel())):
        for arn in found["Resource"]:
            named = arn.partition("shop")[2]
            assert not named or named.startswith(("-ApiGateway", "-DataStore", "-datastore", "/*"))


def test_wildcards_are_only_for_what_iam_cannot_narrow() -> None:
    found = statements(of(ReadModel()))
    everywhere = [each["Action"] for each in found if "*" in each["Resource"]]
    assert {action for actions in everywhere for action in actions} == {
        "cloudformation:BatchDescribeTypeConfigurations",
        "cloudformation:DescribeEvents",
        "cloudformation:DescribeStackDriftDetectionStatus",
        "cloudformation:DescribeStacks",
        "cloudformation:ListStacks",
    }
    assert not any(
        "*" in action for each in statements(of(ReadModel())) for action in each["Action"]
    )


def test_names_that_the_template_gives_are_the_resources() -> None:
    model = ReadModel(
        data_store=DataStore(name="payloads"),
        gateway_role=GatewayRole(name="reader"),
        writer=Writer(name="publisher"),
    )
    document = of(model, "deploy", account=ACCOUNT)
    assert resources(document, "s3:CreateBucket") == {"arn:aws:s3:::payloads"}
    assert resources(document, "iam:CreateRole") == {f"arn:aws:iam::{ACCOUNT}:role/reader"}
    assert resources(document, "iam:CreateAccessKey") == {f"arn:aws:iam::{ACCOUNT}:user/publisher"}


def test_name_in_the_account_s_namespace_has_account_and_region() -> None:
    model = ReadModel(data_store=DataStore(name="payloads", account_regional=True))
    document = of(model, "deploy", account=ACCOUNT, region="eu-west-1")
    bucket = f"arn:aws:s3:::payloads-{ACCOUNT}-eu-west-1-an"
    assert resources(document, "s3:CreateBucket") == {bucket}


def test_long_stack_name_is_cut_as_cloudformation_cuts_names() -> None:
    name = "a" * 60
    document = of(ReadModel(), "deploy", name=name)
    (bucket,) = resources(document, "s3:CreateBucket")
    assert bucket == f"arn:aws:s3:::{'a' * 24}*"
    assert name in next(iter(resources(document, "cloudformation:CreateStack")))


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_partition_is_that_of_the_region(region: str, partition: str) -> None:
    assert Place(region).partition == partition


def test_permissions_boundary_is_a_condition_of_what_could_exceed_it() -> None:
    model = ReadModel(
        writer=Writer(permissions_boundary=BOUNDARY),
        gateway_role=GatewayRole(permissions_boundary=BOUNDARY),
    )
    done = of(model, "deploy")
    bounded = {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    for action in ("iam:CreateRole", "iam:CreateUser", "iam:PutRolePolicy", "iam:PutUserPolicy"):
        found = [each for each in statements(done) if action in each["Action"]]
        assert found
        assert all(each.get("Condition") == bounded for each in found)
    assert "DeleteRolePermissionsBoundary" not in done


def test_without_boundary_the_escalation_is_said_and_with_it_not() -> None:
    def notes(model: ReadModel, **settings: Any) -> str:
        said: list[str] = []
        stack = ReadModelStack("shop", model, **settings)
        stack.policy(on_progress=lambda value: said.append(value.text))  # type: ignore[attr-defined]
        return " ".join(said)

    bounded = ReadModel(
        writer=Writer(permissions_boundary=BOUNDARY),
        gateway_role=GatewayRole(permissions_boundary=BOUNDARY),
    )
    for fact in ("permissions_boundary", "role_arn", "service-role"):
        assert fact in notes(ReadModel())
    assert notes(bounded) == notes(ReadModel(), role_arn=ROLE) == ""


def test_with_role_arn_the_deployer_only_calls_and_passes_the_role() -> None:
    assert resources(of(ReadModel(), "diff", role_arn=ROLE), "iam:PassRole") == {ROLE}
    document = of(ReadModel(), "deploy", "delete", role_arn=ROLE)
    assert resources(document, "iam:PassRole") == {ROLE}
    assert "cloudformation.amazonaws.com" in document
    assert not resources(document, "iam:CreateRole")
    assert not resources(document, "apigateway:POST")
    assert resources(of(ReadModel(), "service-role", role_arn=ROLE), "iam:CreateRole")


def test_kms_key_of_the_documents_may_be_used_by_who_writes_them() -> None:
    model = ReadModel(data_store=DataStore(kms_key=KMS_KEY))
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        assert resources(of(model, "publish"), action) == {KMS_KEY}
    assert "kms:" not in of(model, "deploy", "delete", "read")
    assert "kms:" not in of(ReadModel())


def test_only_the_keys_of_the_routes_are_published() -> None:
    model = ReadModel(routes=[Route("products/{id}", "products/{id}.json")])
    assert resources(of(model, "publish"), "s3:PutObject") == {
        "arn:aws:s3:::shop-datastore-*/products/*.json"
    }


def test_whole_policy_of_every_size_fits_a_managed_policy() -> None:
    many = [Route(f"documents-{n}", f"{'long' * 20}/{n}.json") for n in range(60)]
    for routes in ([Route("a", "a.json")], many):
        document = ReadModelStack("shop" * 10, ReadModel(routes=routes)).policy()
        assert policy_length(document) <= MANAGED_POLICY_LENGTH


def test_keys_of_too_many_routes_are_all_keys_and_it_is_said() -> None:
    said: list[Any] = []
    many = [Route(f"documents-{n}", f"{'long' * 20}/{n}.json") for n in range(60)]
    document = ReadModelStack("shop", ReadModel(routes=many)).policy(on_progress=said.append)
    objects = resources(document.to_json(), "s3:DeleteObjectVersion")
    assert objects == {"arn:aws:s3:::shop-datastore-*/*"}
    assert any("keys" in note.text for note in said)


def test_template_bucket_is_allowed_only_where_it_is_used() -> None:
    many = [Route(f"documents-{n}", f"{n}.json") for n in range(60)]
    long = of(ReadModel(routes=many), "deploy", account=ACCOUNT, region="eu-west-1")
    bucket = f"readmodel-cfn-templates-{ACCOUNT}-eu-west-1-an"
    assert resources(long, "s3:PutObject") == {f"arn:aws:s3:::{bucket}/readmodel-cfn/*"}
    assert not resources(of(ReadModel(), "deploy"), "s3:PutObject")


TOPIC = {
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Own": {"Type": "Custom::Thing"},
}


def test_other_types_are_granted_as_their_handlers_say_and_named(folder: Path) -> None:
    queue = {"Queue": {"Type": "AWS::SQS::Queue"}}
    (folder / "t.json").write_text(json.dumps({"Resources": TOPIC | queue}))
    done = run("t.json", "--stack-name", "other", "--for", "deploy")
    assert done.exit_code == 0
    assert resources(done.stdout, "sqs:CreateQueue") == {"*"}
    for type_ in ("AWS::SQS::Queue", "Custom::Thing"):
        assert type_ in done.stderr


def test_template_without_a_stack_name_is_refused(folder: Path) -> None:
    (folder / "t.json").write_text(json.dumps({"Resources": TOPIC}))
    done = run("t.json")
    assert done.exit_code == 2
    assert "--stack-name" in done.stderr


def test_wrong_place_and_purpose_are_refused() -> None:
    for option, value in (("--stack-name", "1"), ("--account", "1"), ("--region", "x")):
        done = run("--example", option, value)
        assert done.exit_code == 2
        assert option in done.stderr
    with pytest.raises(ConfigError):
        policy({"Resources": {}}, "shop", "everything")  # type: ignore[arg-type]


def test_name_that_only_a_parameter_has_is_said() -> None:
    template = {
        "Parameters": {"Reader": {"Type": "String"}},
        "Resources": {
            "Policy": {
                "Type": "AWS::IAM::Policy",
                "Properties": {"PolicyName": "p", "Roles": [{"Ref": "Reader"}]},
            }
        },
    }
    said: list[Any] = []
    document = policy(template, "shop", "deploy", account=ACCOUNT, on_progress=said.append)
    everyone = f"arn:aws:iam::{ACCOUNT}:role/*"
    assert resources(document.to_json(), "iam:PutRolePolicy") == {everyone}
    assert any(everyone in note.text for note in said)
    given = {"Reader": "reader"}
    known = policy(template, "shop", "deploy", account=ACCOUNT, parameters=given)
    assert resources(known.to_json(), "iam:PutRolePolicy") == {everyone[:-1] + "reader"}


def test_boundary_of_any_account_is_compared_as_a_pattern() -> None:
    boundary = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/b"}
    role = {"Type": "AWS::IAM::Role", "Properties": {"PermissionsBoundary": boundary}}
    for account, operator in ((None, "StringLike"), (ACCOUNT, "StringEquals")):
        document = policy({"Resources": {"Role": role}}, "shop", "deploy", account=account)
        (found,) = [
            each
            for each in statements(document.to_json())
            if "iam:PutRolePermissionsBoundary" in each["Action"]
        ]
        assert list(found["Condition"]) == [operator]


def test_property_behind_a_function_counts_as_set() -> None:
    encryption = {"Fn::If": ["Encrypted", {"Any": 1}, {"Ref": "AWS::NoValue"}]}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketEncryption": encryption}}
    template = {
        "Parameters": {"Encrypted": {"Type": "String"}},
        "Conditions": {"Encrypted": {"Fn::Equals": [{"Ref": "Encrypted"}, "yes"]}},
        "Resources": {"Bucket": bucket},
    }
    document = policy(template, "shop", "deploy").to_json()
    assert resources(document, "s3:PutEncryptionConfiguration")
    assert not resources(document, "s3:PutBucketVersioning")


@pytest.mark.parametrize("command", COMMANDS)
def test_documented_table_has_the_calls_of_the_command(command: str) -> None:
    rows = (ROOT / "docs/permissions.md").read_text(encoding="utf-8").splitlines()
    (row,) = [row for row in rows if row.replace("`", "").startswith(f"| {command} | ")]
    documented = set(re.findall(r"[A-Za-z0-9-]+", row.split(" | ")[1].rstrip(" |")))
    calls = {action for actions in COMMANDS[command].values() for action in actions}
    services = {action.partition(":")[0] for action in calls}
    assert documented - services == {action.partition(":")[2] for action in calls}


def test_command_in_a_note_names_the_environment(folder: Path) -> None:
    with (folder / "readmodel.toml").open("a") as file:
        file.write('\n[env.production.stack]\nname = "shop-production"\n')
    done = run("--env", "production")
    assert "readmodel-cfn policy --env production --for service-role" in done.stderr


def test_notes_are_values() -> None:
    said: list[object] = []
    policy({"Resources": TOPIC}, "shop", on_progress=said.append)
    assert said
    assert all(isinstance(value, Note) for value in said)


@pytest.mark.parametrize("purpose", [name for name in PURPOSES if name != "service-role"])
def test_help_names_every_command_of_a_purpose(purpose: Purpose) -> None:
    lines = rf"^ +{purpose} {{2,}}(.+(?:\n {{8,}}.+)*)$"  # a long row continues on the next line
    (row,) = re.findall(lines, run("--help").stdout, re.MULTILINE)
    commands = re.split(", (?:and )?", " ".join(row.split()))
    named = {command.partition(" ")[0] for command in commands}
    assert named >= {command.partition(" ")[0] for command in PURPOSES[purpose]}
