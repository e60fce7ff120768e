"""A stack on the embedded AWS, and a user who has exactly one policy."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from readmodel_cfn import ReadModelStack
from readmodel_cfn.cli import main
from readmodel_cfn.local.sandbox import Sandbox
from stacks import until

ACCOUNT = "000000000000"
ROUTES = """
[[routes]]
path = "products/{id}"
key = "products/{id}.json"
[[routes]]
path = "offers"
key = "offers.json"
"""
MORE = ROUTES + '[[routes]]\npath = "news"\nkey = "news.json"\n'
LONG = '[api]\ncors_origin = "*"\n' + "".join(
    f'[[routes]]\npath = "documents-{n}"\nkey = "documents/{n}.json"\n' for n in range(8)
)
Document = dict[str, Any]


@dataclass
class Site:
    """A folder with a readmodel.toml, the command line in it for root and for the user."""

    folder: Path
    sandbox: Sandbox
    clients: Callable[..., Any]
    key: Mapping[str, str]
    user: str
    patch: pytest.MonkeyPatch
    name: str = ""

    @classmethod
    def of(
        cls,
        folder: Path,
        sandbox: Sandbox,
        clients: Callable[..., Any],
        patch: pytest.MonkeyPatch,
    ) -> "Site":
        """A site with a new user without permissions."""
        user, iam = f"worker-{secrets.token_hex(4)}", clients("iam")
        iam.create_user(UserName=user)
        made = iam.create_access_key(UserName=user)["AccessKey"]
        key = {
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        }
        return cls(folder, sandbox, clients, key, user, patch)

    def describe(self, tables: str = ROUTES, stack: str = "") -> None:
        """Write readmodel.toml for the stack."""
        head = f'[stack]\nname = "{self.name}"\nregion = "{self.sandbox.region}"\n'
        head += f'account = "{ACCOUNT}"\n{stack}\n'
        (self.folder / "readmodel.toml").write_text(head + tables)

    def document(self, *purposes: Any) -> Document:
        """The policy that the tool prints for the stack."""
        stack = ReadModelStack.from_config(self.folder / "readmodel.toml")
        found: Document = json.loads(stack.policy(*purposes).to_json())
        return found

    def allow(self, document: Mapping[str, Any]) -> None:
        """Give the user exactly this policy."""
        iam = self.clients("iam")
        statements = [each for each in document["Statement"] if each["Action"]]
        if statements:
            text = json.dumps({"Version": "2012-10-17", "Statement": statements})
            iam.put_user_policy(UserName=self.user, PolicyName="exactly", PolicyDocument=text)
        else:
            iam.delete_user_policy(UserName=self.user, PolicyName="exactly")

    def root(self, *words: str, exits: int | None = 0) -> Result:
        """Run a command as root."""
        key = {
            "AWS_ACCESS_KEY_ID": self.sandbox.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.sandbox.secret_access_key,
        }
        done = self._run(words, key)
        assert exits in (None, done.exit_code), done.output
        return done

    def run(self, words: Sequence[str]) -> Result:
        """Run a command as the user."""
        return self._run(words, self.key)

    def _run(self, words: Sequence[str], key: Mapping[str, str]) -> Result:
        file = ["--config", str(self.folder / "readmodel.toml")]
        if "--stack-name" in words:  # without a model
            file = []
        place = ["--endpoint-url", self.sandbox.endpoint_url]
        environment = {**key, "AWS_DEFAULT_REGION": self.sandbox.region}
        return CliRunner().invoke(main, [*words, *file, *place], env=environment)

    @property
    def bucket(self) -> str:
        """The stack's bucket."""
        return self.output("S3BucketName")

    def output(self, name: str) -> str:
        """An output of the stack."""
        found = self.clients("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
        return str(outputs[name])

    def oldest(self, key: str) -> str:
        """The oldest version of a document."""
        found = self.clients("s3").list_object_versions(Bucket=self.bucket, Prefix=key)["Versions"]
        return str(found[-1]["VersionId"])

    def erase(self) -> None:
        """Delete the stack with its documents, whatever its state is."""
        client = self.clients("cloudformation")
        if self.exists:
            client.update_termination_protection(
                StackName=self.name, EnableTerminationProtection=False
            )
            self.root("delete", "--yes", f"--with-data={self.name}", exits=None)
        client.delete_stack(StackName=self.name)  # a stack that the tool did not deploy
        until(lambda: not self.exists)

    @property
    def exists(self) -> bool:
        """Whether the stack exists."""
        try:
            self.clients("cloudformation").describe_stacks(StackName=self.name)
        except ClientError:
            return False
        return True


def without(document: Document, action: str) -> Document:
    """The policy without an action."""
    return {
        "Statement": [
            {**each, "Action": [other for other in each["Action"] if other != action]}
            for each in document["Statement"]
        ]
    }
