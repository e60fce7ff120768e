"""A read model on the embedded AWS to verify, correct or with a broken template."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from readmodel_cfn import build_template, render
from readmodel_cfn.cli import main
from readmodel_cfn.config.file import load
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.verify.outcome import Outcome

Template = dict[str, Any]
Break = Callable[[Template], None]
ORIGIN = "https://www.example.com"
TOML = f"""\
[api]
cors_origin = "{ORIGIN}"

[[routes]]
path = "samples"
key = "payload.json"

[[routes]]
path = "products/{{id}}"
key = "products/{{id}}.json"
"""


@dataclass
class Site:
    """A stack, its readmodel.toml, and the command line for it."""

    config: Path
    sandbox: Sandbox
    name: str
    clients: Callable[..., Any]

    def run(self, *arguments: str, key: tuple[str, str] | None = None) -> Result:
        """Run a command; `key` is an access key and its secret, by default root's."""
        place = ["--stack-name", self.name, "--endpoint-url", self.sandbox.endpoint_url]
        key = key or (self.sandbox.access_key_id, self.sandbox.secret_access_key)
        environment = {
            "AWS_ACCESS_KEY_ID": key[0],
            "AWS_SECRET_ACCESS_KEY": key[1],
            "AWS_DEFAULT_REGION": self.sandbox.region,
        }
        if "--article" not in arguments:
            place += ["--config", str(self.config)]
        return CliRunner().invoke(main, [*arguments, *place], env=environment)

    def deploy(self, *arguments: str) -> None:
        done = self.run("deploy", "--yes", *arguments)
        assert done.exit_code == 0, done.output

    def deploy_broken(self, harm: Break) -> None:
        """Create the stack from its template after `harm` broke it."""
        template = self.template
        harm(template)
        resources = template["Resources"]
        (deployment,) = (name for name in resources if name.startswith("ApiGatewayDeployment"))
        waits_for = resources[deployment]["DependsOn"]
        resources[deployment]["DependsOn"] = [name for name in waits_for if name in resources]
        cloudformation = self.clients("cloudformation")
        cloudformation.create_stack(
            StackName=self.name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Tags=[{"Key": "readmodel-cfn", "Value": "managed"}],
        )
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=self.name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})

    @property
    def template(self) -> Template:
        """The correct template."""
        found: Template = json.loads(render(build_template(load(self.config).model), "compact"))
        return found

    def verify(
        self, *arguments: str, exits: int = 0, key: tuple[str, str] | None = None
    ) -> dict[str, Mapping[str, str]]:
        """The checks of `verify --json` by name; keeps its `stderr`."""
        done = self.run("verify", "--json", "--timeout", "0", *arguments, key=key)
        self.stderr = done.stderr
        assert done.exit_code == exits, done.output
        self.found = json.loads(done.stdout)
        return {promise["name"]: promise for promise in self.found["promises"]}

    def broken(self, *arguments: str) -> list[str]:
        """The failed checks, each with a fix; the last line of stderr has the first fix."""
        found = self.verify(*arguments, exits=7).values()
        broken = [promise for promise in found if promise["status"] == "broken"]
        assert all(promise["todo"] for promise in broken)
        last = self.stderr.splitlines()[-1]
        first = Outcome(**broken[0])  # type: ignore[arg-type]
        assert all(text in last for text in (first.title, first.todo))
        return [promise["name"] for promise in broken]

    @cached_property
    def bucket(self) -> str:
        found = json.loads(self.run("outputs", "--json").stdout)
        return str(found["S3BucketName"])

    def content(self) -> list[Any]:
        """Every version and delete marker: key, version, ETag, date, whether it is the latest."""
        page = self.clients("s3").list_object_versions(Bucket=self.bucket)
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        names = ("Key", "VersionId", "ETag", "LastModified", "IsLatest")
        return [tuple(str(entry.get(name)) for name in names) for entry in entries]

    def document(self, key: str = "payload.json") -> tuple[bytes, Mapping[str, Any]]:
        """A document's bytes, and its headers as GetObject returns them."""
        found = self.clients("s3").get_object(Bucket=self.bucket, Key=key)
        own = ("ContentType", "CacheControl", "ContentLanguage", "Metadata", "ETag")
        return found["Body"].read(), {name: found.get(name) for name in own}


# --- breaks: each harms a template in a single way ---


def methods(template: Template, verb: str) -> list[dict[str, Any]]:
    """The properties of all methods of a verb."""
    found = (
        resource["Properties"]
        for resource in template["Resources"].values()
        if "Properties" in resource
    )
    return [resource for resource in found if resource.get("HttpMethod") == verb]


def answers(template: Template, status: str, verb: str = "GET") -> list[dict[str, Any]]:
    """The integration responses that give a status."""
    rules = (rule for found in methods(template, verb) for rule in answers_of(found))
    return [rule for rule in rules if rule["StatusCode"] == status]


def answers_of(method: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = method["Integration"]["IntegrationResponses"]
    return found


def without_304(template: Template) -> None:
    for found in methods(template, "GET"):
        answers_of(found)[:] = [rule for rule in answers_of(found) if rule["StatusCode"] != "304"]


def without_header(header: str, status: str = "200", verb: str = "GET") -> Break:
    def harm(template: Template) -> None:
        for answer in answers(template, status, verb):
            del answer["ResponseParameters"][f"method.response.header.{header}"]

    return harm


def with_header(header: str, value: str) -> Break:
    def harm(template: Template) -> None:
        for answer in answers(template, "200"):
            answer["ResponseParameters"][f"method.response.header.{header}"] = f"'{value}'"

    return harm


def without_condition(template: Template) -> None:
    for found in methods(template, "GET"):
        del found["Integration"]["RequestParameters"]["integration.request.header.If-None-Match"]


def without_methods(verb: str) -> Break:
    def harm(template: Template) -> None:
        resources = template["Resources"]
        for name, resource in list(resources.items()):
            if resource.get("Properties", {}).get("HttpMethod") == verb:
                del resources[name]

    return harm


def missing_is_200(template: Template) -> None:
    """The classic defect: every response of S3 is a 200, including its XML errors."""
    for found in methods(template, "GET"):
        rules = [rule for rule in answers_of(found) if rule["StatusCode"] in ("200", "304")]
        answers_of(found)[:] = rules
    for answer in answers(template, "200"):
        del answer["SelectionPattern"]


def without_compression(template: Template) -> None:
    del template["Resources"]["ApiGateway"]["Properties"]["MinimumCompressionSize"]


def without_gateway_response(template: Template) -> None:
    del template["Resources"]["ApiGatewayUnknownPath"]


def every_method(template: Template) -> None:
    """A method for all, where GET was meant."""
    for found in methods(template, "GET"):
        found["HttpMethod"] = "ANY"


def other_key(template: Template) -> None:
    for found in methods(template, "GET"):
        uri = found["Integration"]["Uri"]
        uri["Fn::Sub"] = uri["Fn::Sub"].partition("${DataStore}")[0] + "${DataStore}/other.json"


def rewritten(template: Template) -> None:
    for answer in answers(template, "200"):
        answer["ResponseTemplates"] = {"application/json": '{"wrapped": $input.json("$")}'}


def stopped(template: Template) -> None:
    limits = {"ThrottlingRateLimit": 0, "ThrottlingBurstLimit": 0}
    settings = [{"ResourcePath": "/*", "HttpMethod": "*", **limits}]
    template["Resources"]["ApiGatewayStage"]["Properties"]["MethodSettings"] = settings


def public(action: str, below: str) -> Break:
    def harm(template: Template) -> None:
        resources = template["Resources"]
        block = resources["DataStore"]["Properties"]["PublicAccessBlockConfiguration"]
        block.update(dict.fromkeys(block, False))  # without any, S3 blocks as if all were true
        policy = resources["DataStorePolicy"]["Properties"]["PolicyDocument"]
        arn = {"Fn::Join": ["", [{"Fn::GetAtt": ["DataStore", "Arn"]}, below]]}
        grant = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": arn}
        policy["Statement"].append(grant)

    return harm
