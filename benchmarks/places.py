"""Something that stands for AWS on this machine, and what the benchmarks ask of it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from measure import COMMAND, finished, output

_EXECUTE_API = "/_aws/execute-api"


class Place(NamedTuple):
    """Where it is, and a key: its root's, unless said otherwise."""

    url: str
    key: str = "test"
    secret: str = "test"  # noqa: S105 - what LocalStack takes
    region: str = "us-east-1"
    token: str | None = None

    @property
    def port(self) -> int:
        """Its port."""
        return urlsplit(self.url).port or 80

    def client(self, service: Any) -> Any:
        """A client that has this key."""
        config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
        return boto3.client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            aws_session_token=self.token,
            config=config if service == "s3" else None,
        )

    @property
    def variables(self) -> dict[str, str]:
        """What leads any AWS client there."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }


class Stack(NamedTuple):
    """A read model's stack, made, filled and removed by our own commands in a folder."""

    place: Place
    name: str
    folder: Path

    def deploy(self, description: str, *options: str) -> None:
        """Make what the text of a readmodel.toml describes."""
        (self.folder / "readmodel.toml").write_text(description, encoding="utf-8")
        self._command("deploy", "--yes", *options)

    def publish(self, route: str, text: str) -> None:
        """Publish a route's payload."""
        payload = self.folder / "payload.json"
        payload.write_text(text, encoding="utf-8")
        self._command("publish", payload.name, "--route", route)

    def delete(self) -> None:
        """Remove it with its payloads, if it is there."""
        words = self._words("delete", "--yes", "--with-data")
        finished(words, self.folder, self.place.variables)

    def api_path(self, route: str) -> str:
        """A route's path through the API."""
        return f"{_EXECUTE_API}/{self.physical_id('ApiGateway')}/v1/{route}"

    def object_path(self, key: str) -> str:
        """A payload's presigned path in S3, signed by the gateway's role as the gateway is."""
        where = {"Bucket": self.physical_id("DataStore"), "Key": key}
        s3 = self._as_the_role().client("s3")
        return _path(s3.generate_presigned_url("get_object", Params=where))

    def physical_id(self, logical_id: str) -> str:
        """What a resource is called there."""
        found = self.place.client("cloudformation").describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def _as_the_role(self) -> Place:
        role = self.physical_id("ApiGatewayRole")
        arn = self.place.client("iam").get_role(RoleName=role)["Role"]["Arn"]
        answer = self.place.client("sts").assume_role(RoleArn=arn, RoleSessionName="benchmark")
        given = answer["Credentials"]
        return self.place._replace(
            key=given["AccessKeyId"],
            secret=given["SecretAccessKey"],
            token=given["SessionToken"],
        )

    def _command(self, *words: str) -> None:
        output(self._words(*words), self.folder, self.place.variables)

    def _words(self, *words: str) -> list[str]:
        return [*COMMAND, *words, "--stack-name", self.name]


@contextmanager
def new_stack(place: Place, folder: Path) -> Iterator[Stack]:
    """A stack's name, and its end: what was deployed under it is removed."""
    stack = Stack(place, f"bench-{secrets.token_hex(4)}", folder)
    try:
        yield stack
    finally:
        stack.delete()


def mock_path(place: Place, size: int) -> str:
    """An API that answers by itself, without an integration: its path."""
    client = place.client("apigateway")
    api = client.create_rest_api(name="mock")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE")
    ask = {"application/json": '{"statusCode": 200}'}
    client.put_integration(**method, type="MOCK", requestTemplates=ask)
    client.put_method_response(**method, statusCode="200")
    answer = {"application/json": document(size)}
    client.put_integration_response(**method, statusCode="200", responseTemplates=answer)
    client.create_deployment(restApiId=api, stageName="v1")
    return f"{_EXECUTE_API}/{api}/v1/"


def document(size: int) -> str:
    """A JSON document of that many bytes."""
    begin, end = '{"data":"', '"}'
    return begin + "x" * (size - len(begin) - len(end)) + end


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"
