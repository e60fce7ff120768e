"""The examples of `examples/` with other tools: done as their READMEs say, on the embedded AWS.

Those marked `examples` are left to `make examples`: their tools are large, or need node.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from example_tools import EXAMPLES, Example, copied, our_requirements, programs

from readmodel_cfn.local.sandbox import Sandbox
from stacks import Answer, Stack

Clients = Callable[..., Any]
Served = Callable[[str, str], None]
OutputsOf = Callable[[str], dict[str, str]]
WRITE = ("readmodel-cfn", "template", "--output", "read-model.json")
KEY, PATH, DOCUMENT = "products/7.json", "/v1/products/7", b'{"price":7}'


@pytest.fixture
def served(put: Callable[..., str], send: Callable[..., Answer]) -> Served:
    """Checks that what is published to a bucket is read through an API, by its URL."""

    def check(bucket: str, url: str) -> None:
        put(bucket, KEY, DOCUMENT)
        assert send(url.partition("//")[2].partition(".")[0], PATH).body == DOCUMENT

    return check


@pytest.fixture
def outputs_of(clients: Clients) -> Iterator[OutputsOf]:
    """Returns the outputs of a stack that a tool made; deletes it at the end."""
    cloudformation, names = clients("cloudformation"), list[str]()

    def look(name: str) -> dict[str, str]:
        names.append(name)
        (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    yield look
    for name in names:
        Stack(name, cloudformation).delete()


def test_every_example_has_a_readme_and_is_in_the_index() -> None:
    index = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    folders = [folder for folder in EXAMPLES.iterdir() if folder.is_dir()]
    assert folders
    for folder in folders:
        assert (folder / "README.md").is_file()
        assert f"]({folder.name}/README.md)" in index


def test_plain_troposphere_stack_refers_to_its_read_model(
    tmp_path: Path, sandbox: Sandbox, stack: Stack, clients: Clients, served: Served
) -> None:
    example = copied("plain_troposphere", tmp_path, [], sandbox)
    outputs = stack.deploy(json.loads(example.run(sys.executable, "stack.py").stdout))
    bucket = outputs["ShopS3BucketName"]
    served(bucket, outputs["Shop"])

    iam, user = clients("iam"), {"UserName": "stock-keeper"}
    iam.create_user(**user)
    key = iam.create_access_key(**user)["AccessKey"]
    keeper = clients("s3", key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError, match="AccessDenied"):
        keeper.list_objects_v2(Bucket=bucket)
    iam.attach_user_policy(**user, PolicyArn=outputs["StockPolicy"])
    assert [entry["Key"] for entry in keeper.list_objects_v2(Bucket=bucket)["Contents"]] == [KEY]

    iam.detach_user_policy(**user, PolicyArn=outputs["StockPolicy"])
    iam.delete_access_key(**user, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(**user)


@pytest.fixture
def sceptre(tmp_path: Path, sandbox: Sandbox) -> Example:
    return copied("sceptre", tmp_path, [programs("sceptre", *our_requirements())], sandbox)


def test_sceptre_deploys_the_read_model_of_its_user_data(
    sceptre: Example, outputs_of: OutputsOf, served: Served
) -> None:
    sceptre.run("sceptre", "launch", "-y", "shop.yaml")
    outputs = outputs_of("readmodel-shop")
    served(outputs["S3BucketName"], outputs["ApiUrl"])


def test_sceptre_reports_invalid_user_data_in_one_line(sceptre: Example) -> None:
    config = sceptre.folder / "config" / "shop.yaml"
    config.write_text(config.read_text().replace("key:", "kee:"))
    done = sceptre.run("sceptre", "generate", "shop.yaml", exits=1)
    (line,) = done.stdout.splitlines()
    assert "sceptre_user_data: routes[1].kee: " in line
    assert done.stderr == ""


def test_aws_cli_deploys_the_template_and_then_finds_no_change(
    tmp_path: Path, sandbox: Sandbox, outputs_of: OutputsOf, served: Served
) -> None:
    example = copied("aws_cli", tmp_path, [programs("aws_cli")], sandbox)
    assert "ApiUrl" in example.run("sh", "deploy.sh", "by-aws-cli").stdout
    outputs = outputs_of("by-aws-cli")
    served(outputs["S3BucketName"], outputs["ApiUrl"])
    assert "No changes to deploy" in example.run("sh", "deploy.sh", "by-aws-cli").stdout


@pytest.mark.examples
def test_cdk_includes_the_template_and_uses_its_url(
    tmp_path: Path, sandbox: Sandbox, stack: Stack, clients: Clients, served: Served
) -> None:
    tool = programs("cdk")
    example = copied("cdk", tmp_path, [tool], sandbox)
    example.run(*WRITE)
    example.run(str(tool / "python"), "app.py", CDK_OUTDIR="cdk.out")
    template = (example.folder / "cdk.out" / "Shop.template.json").read_text()
    ssm = clients("ssm")
    # `cdk bootstrap` leaves it, and every stack of the CDK's looks at it first.
    version = {"Name": "/cdk-bootstrap/hnb659fds/version", "Type": "String", "Value": "30"}
    ssm.put_parameter(**version, Overwrite=True)
    outputs = stack.deploy(json.loads(template))
    served(outputs["S3BucketName"], ssm.get_parameter(Name="/shop/url")["Parameter"]["Value"])


@pytest.mark.examples
def test_sam_deploys_a_stack_with_the_template_nested_in_it(
    tmp_path: Path,
    sandbox: Sandbox,
    clients: Clients,
    make_bucket: Callable[..., None],
    outputs_of: OutputsOf,
    served: Served,
) -> None:
    example = copied("sam", tmp_path, [programs("sam")], sandbox)
    # It asks for a newer one of itself once a week.
    (tmp_path / "metadata.json").write_text(json.dumps({"lastVersionCheck": time.time()}))
    example.variables.update(SAM_CLI_TELEMETRY="0", __SAM_CLI_APP_DIR=str(tmp_path))
    example.run(*WRITE)
    example.run("sam", "validate", "--lint")
    make_bucket(clients("s3"), "sam-uploads")
    deploy = ("sam", "deploy", "--stack-name", "by-sam", "--capabilities", "CAPABILITY_IAM")
    example.run(*deploy, "--s3-bucket", "sam-uploads")
    outputs = outputs_of("by-sam")
    served(outputs["ShopBucket"], outputs["ShopUrl"])
