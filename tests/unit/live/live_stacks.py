"""A stack made from a template, and a stubbed API Gateway that serves it."""

import functools
import io
import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.stub import Stubber

from readmodel_cfn import ReadModel, build_template, render
from readmodel_cfn.deploy.live.expected import expected
from readmodel_cfn.deploy.live.values import Expected
from readmodel_cfn.local.gateway.cloudformation import read_api

ACCOUNT = "123456789012"
STACK_ID = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/read-model/1"
Template = dict[str, Any]
Json = Mapping[str, Any]


def template_of(model: ReadModel) -> Template:
    found: Template = json.loads(render(build_template(model), "compact"))
    return found


def ids_of(template: Json) -> dict[str, str]:
    """Physical IDs: names of stages and of buckets that have one, otherwise the logical IDs."""
    named = {"AWS::ApiGateway::Stage": "StageName", "AWS::S3::Bucket": "BucketName"}
    return {
        name: resource.get("Properties", {}).get(named.get(resource["Type"], ""), name)
        for name, resource in template["Resources"].items()
    }


def desired(template: Json, **parameters: str) -> list[Expected]:
    return expected(template, ids_of(template), STACK_ID, parameters)


@functools.cache
def _session() -> boto3.Session:
    return boto3.Session("key", "secret", region_name="eu-west-1")


def client(service: Any) -> tuple[Any, Stubber]:
    """A real client that answers only what its stub says."""
    made: Any = _session().client(service)
    stub = Stubber(made)
    stub.activate()
    return made, stub


def api_gateway(template: Json, **parameters: str) -> Any:
    """A client of an API Gateway that serves the template as it was just deployed."""
    place = {"AWS::Region": "eu-west-1", "AWS::AccountId": ACCOUNT, **parameters}
    found = read_api(template, place)
    made, stub = client("apigateway")
    deployment, settings = _stage(template)
    stage = {"deploymentId": deployment, "stageName": found.stage, "methodSettings": settings}
    stub.add_response("get_stage", stage, {"restApiId": found.api, "stageName": found.stage})
    asked = {"restApiId": found.api, "deploymentId": deployment, "embed": ["apisummary"]}
    stub.add_response("get_deployment", {"apiSummary": summary(found.definition)}, asked)
    stub.add_response("get_export", body(export(found.definition, roles(template))))
    return made


def _stage(template: Json) -> tuple[str, Any]:
    """The deployment that the stage serves, and its method settings as GetStage says them."""
    resources = template["Resources"].items()
    deployment = next(
        name for name, resource in resources if resource["Type"].endswith("Deployment")
    )
    stages = [
        resource["Properties"] for _, resource in resources if resource["Type"].endswith("Stage")
    ]
    settings = stages[0].get("MethodSettings", []) if stages else []
    return deployment, {
        f"{setting['ResourcePath'].lstrip('/')}/{setting['HttpMethod']}": {
            "throttlingRateLimit": float(setting.get("ThrottlingRateLimit", 10_000)),
            "throttlingBurstLimit": setting.get("ThrottlingBurstLimit", 5_000),
            "metricsEnabled": setting.get("MetricsEnabled", False),
            "cachingEnabled": False,
        }
        for setting in settings
    }


def roles(template: Json) -> dict[str, str]:
    """The ARNs of the roles, by what the gateway's reading has in their place."""
    return {
        f"{name}.Arn": f"arn:aws:iam::{ACCOUNT}:role{role['Properties'].get('Path', '/')}{name}"
        for name, role in template["Resources"].items()
        if role["Type"] == "AWS::IAM::Role"
    }


def summary(definition: Json) -> dict[str, Any]:
    """The apiSummary of a deployment."""
    return {
        resource["path"]: {
            verb: {
                "authorizationType": method["authorizationType"],
                "apiKeyRequired": bool(method.get("apiKeyRequired")),
            }
            for verb, method in resource["resourceMethods"].items()
        }
        for resource in definition["resources"]
    }


def export(definition: Json, arns: Mapping[str, str]) -> dict[str, Any]:
    """The export of a stage in OpenAPI, as far unchanged read."""
    return {
        "openapi": "3.0.1",
        "paths": {
            resource["path"]: {
                verb.lower(): {
                    "responses": {},
                    "x-amazon-apigateway-integration": _integration(method, arns),
                }
                for verb, method in resource["resourceMethods"].items()
            }
            for resource in definition["resources"]
            if resource["resourceMethods"]
        },
    }


def _integration(method: Json, arns: Mapping[str, str]) -> dict[str, Any]:
    own = method["methodIntegration"]
    printed = {
        name: own[name] for name in ("httpMethod", "uri", "requestParameters") if name in own
    }
    answers = {
        response.get("selectionPattern", "default"): {
            "statusCode": response["statusCode"],
            "responseParameters": response.get("responseParameters", {}),
        }
        for response in own["integrationResponses"].values()
    }
    role = {"credentials": arns[own["credentials"]]} if "credentials" in own else {}
    return {
        "type": own["type"].lower(),
        "passthroughBehavior": own.get("passthroughBehavior", "WHEN_NO_MATCH").lower(),
        "responses": answers,
        **printed,
        **role,
    }


def body(content: Any) -> dict[str, Any]:
    """GetExport's answer, as boto3 gives it."""
    return {"contentType": "application/octet-stream", "body": io.BytesIO(as_bytes(content))}


def as_bytes(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()
