"""Something that stands for AWS on this machine, and what the read benchmark asks of it."""

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from measure import COMMAND, finished, output

SIZES = {"1 KB": 1024, "100 KB": 102_400}
"""The payloads: their names and lengths in bytes."""
_ROUTES = {"1 KB": "small", "100 KB": "large"}
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
    """A read model's stack with its payloads published."""

    place: Place
    name: str

    def deploy(self, folder: Path) -> None:
        """Make it and publish a payload of each size, with our own commands."""
        tables = [
            f'[[routes]]\npath = "{route}"\nkey = "{route}.json"\n' for route in _ROUTES.values()
        ]
        (folder / "readmodel.toml").write_text("\n".join(tables), encoding="utf-8")
        self._command(folder, "deploy", "--yes")
        for size, route in _ROUTES.items():
            payload = folder / f"{route}.json"
            payload.write_text(document(SIZES[size]), encoding="utf-8")
            self._command(folder, "publish", payload.name, "--route", route)

    def delete(self, folder: Path) -> None:
        """Remove it with its payloads, if it is there."""
        finished(self._words("delete", "--yes", "--with-data"), folder, self.place.variables)

    def api_paths(self) -> dict[str, str]:
        """Each payload's path through the API, by size."""
        api = self._physical_id("ApiGateway")
        return {size: f"{_EXECUTE_API}/{api}/v1/{route}" for size, route in _ROUTES.items()}

    def object_paths(self) -> dict[str, str]:
        """Each payload's presigned path in S3, signed by the gateway's role as the gateway is."""
        bucket, s3 = self._physical_id("DataStore"), self._as_the_role().client("s3")
        return {
            size: _path(
                s3.generate_presigned_url(
                    "get_object", Params={"Bucket": bucket, "Key": f"{route}.json"}
                )
            )
            for size, route in _ROUTES.items()
        }

    def _as_the_role(self) -> Place:
        role = self._physical_id("ApiGatewayRole")
        arn = self.place.client("iam").get_role(RoleName=role)["Role"]["Arn"]
        answer = self.place.client("sts").assume_role(RoleArn=arn, RoleSessionName="benchmark")
        given = answer["Credentials"]
        return self.place._replace(
            key=given["AccessKeyId"],
            secret=given["SecretAccessKey"],
            token=given["SessionToken"],
        )

    def _physical_id(self, logical_id: str) -> str:
        found = self.place.client("cloudformation").describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def _command(self, folder: Path, *words: str) -> None:
        output(self._words(*words), folder, self.place.variables)

    def _words(self, *words: str) -> list[str]:
        return [*COMMAND, *words, "--stack-name", self.name]


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
