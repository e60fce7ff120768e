"""A case's stack, deployed in a place: how that ended, where it answers, and its bucket."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from readmodel_cfn import build_template, render
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.stacks import deploy as stacks
from readmodel_cfn.stacks.client import Stack, StackClient
from readmodel_cfn.stacks.wanted import Wanted
from readmodel_cfn.store import publish
from readmodel_cfn.store.read import reachable
from second_opinion.places import REGION, Place
from second_opinion.steps import Case, Publish

_NEWER_VERSION = "2012-10-17"


@dataclass(frozen=True)
class Site:
    """A deployed stack; `ended` is how the deployment of the template as it is ended."""

    ended: str
    outputs: dict[str, str]
    url: str
    s3: Any

    def publish(self, one: Publish) -> None:
        """Put the document, with the library where it can: it publishes one content type."""
        bucket = self.outputs["S3BucketName"]
        if one.content_type == publish.CONTENT_TYPE:
            publish.put(self.s3, bucket, one.key, one.body, one.settings)
        else:
            self.s3.put_object(
                Bucket=bucket, Key=one.key, Body=one.body, ContentType=one.content_type
            )


def deploy(place: Place, case: Case) -> Site:
    """Deploy the case's stack; where its policies are refused, deploy it with Version in them."""
    text = render(build_template(case.model), "compact")
    try:
        return _deploy(place, case, text, "CREATE_COMPLETE")
    except ReadModelError as error:
        amended = _with_versions(text)
        if json.loads(amended) == json.loads(text):
            raise
        return _deploy(place, case, amended, error.what)


def _deploy(place: Place, case: Case, text: str, ended: str) -> Site:
    """One attempt, under a new name: what a failed one left behind is in nobody's way."""
    client = StackClient(place.connection.client("cloudformation"))
    name = f"second-{case.name}-{secrets.token_hex(4)}"
    wanted = Wanted(name, text, {"StackName": name} if case.model.as_printed else {})
    stack = stacks.deploy(client, wanted, stacks.look(client, wanted))
    outputs = {key: value for key, (value, _) in stack.outputs.items()}
    url = _url(place, client, stack, case.model.deployment.stage)
    return Site(ended, outputs, url, place.connection.client("s3"))


def _url(place: Place, client: StackClient, stack: Stack, stage: str) -> str:
    """Where the API answers; by its id, as LocalStack's outputs have another host."""
    (api,) = (one for one in client.resources(stack.id) if one.type == "AWS::ApiGateway::RestApi")
    url = f"https://{api.physical_id}.execute-api.{REGION}.amazonaws.com/{stage}"
    return reachable(url, place.connection.endpoint_url)


def _with_versions(text: str) -> str:
    """The template with Version in every policy document that has none."""
    template = json.loads(text)
    for resource in template["Resources"].values():
        for name in ("AssumeRolePolicyDocument", "PolicyDocument"):
            if document := resource.get("Properties", {}).get(name):
                document.setdefault("Version", _NEWER_VERSION)
    return json.dumps(template)
