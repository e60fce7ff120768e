"""Facts about API Gateway and S3, read from tests/conformance/*.toml.

A file has one area. A `[[fact]]` has:

    id, fact       a name in the area, and the fact in one sentence
    source         where it comes from: `guide: PAGE` is a page of API Gateway's developer guide,
                   `localstack: FILE::TEST` a test that LocalStack ran against AWS, or a URL
    confidence     recorded (on AWS), documented (by AWS, or by the language that AWS names), or
                   inferred (from an emulator's code, public reports, or reasoning)
    each           a list of texts: the fact holds for each of them, written {each}
    refused        AWS refuses the template, and this is a part of its reason
    not_evaluated  this project does not evaluate it, and this is a part of the feature's name
    differs        what this project does instead; only for inferred facts

    settings, stage, gateway_responses, resources     CloudFormation properties, and resources
    [fact.methods."GET /a/{id}"]
        object, verb                   S3 integration: BUCKET/KEY and its HTTP method (default
                                       GET); without `object` it is MOCK with status 200
        map, parameters                request mappings, and further declared parameters
        responses                      status, pattern, headers, template(s), handling of each
        declared                       method responses, if they are not those of `responses`
        request_templates, passthrough, handling, integration_type
        integration, method            further properties of the integration and the method
    [fact.s3.KEY]  status, headers, body, base64      S3's response for `KEY`, `*` or `VERB KEY`;
                                       without any it is 200 with {}, for another key NoSuchKey
    empty_bucket   true: without any response of S3 it is NoSuchKey
    documents      files of a folder that is served, instead of the prepared responses
    [[fact.requests]]
        send, with, body, base64, deflate, large      method and target, headers, and the body
        [fact.requests.get]            status, headers ({ matches = REGEX } or a text), absent
                                       headers, body, text (ignoring white space), json, base64,
                                       matches, gunzip, inflate, and s3: the last call of S3
                                       (false: none)

`"LONG"` is a JSON document of 336 bytes, `"LARGEST"` a text of one byte more than 300 KB.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("conformance")
LONG = json.dumps({"text": "abcdefgh" * 40})
LARGEST = "x" * (300 * 1024 + 1)
STAGE = "test"
BUCKET = "bucket"
_ROLE = {"Fn::GetAtt": ["Role", "Arn"]}
_OPEN_MOCK = {"application/json": '{"statusCode": 200}'}
_ANY_OBJECT = {"*": {"headers": {"content-type": "application/json"}, "body": "{}"}}

Json = dict[str, Any]


@dataclass(frozen=True)
class Fact:
    """One fact; `area` is the name of its file."""

    area: str
    id: str
    fact: str
    source: str
    confidence: str
    refused: str = ""
    not_evaluated: str = ""
    differs: str = ""
    settings: Json = field(default_factory=dict)
    stage: Json = field(default_factory=dict)
    gateway_responses: Sequence[Json] = ()
    resources: Json = field(default_factory=dict)
    methods: Json = field(default_factory=dict)
    s3: Json = field(default_factory=dict)
    empty_bucket: bool = False
    documents: Mapping[str, str] = field(default_factory=dict)
    requests: Sequence[Json] = ()

    def __str__(self) -> str:
        return f"{self.area}-{self.id}"

    @property
    def objects(self) -> Json:
        """S3's responses."""
        return self.s3 or ({} if self.empty_bucket else _ANY_OBJECT)

    @property
    def needs_s3(self) -> bool:
        """Whether it needs prepared responses of S3, or documents."""
        methods = self.methods.values()
        return any("object" in own or own.get("integration_type") == "AWS" for own in methods)

    @property
    def url(self) -> str:
        """A link to the source, or its name."""
        kind, _, name = self.source.partition(": ")
        if kind == "guide":
            return f"https://docs.aws.amazon.com/apigateway/latest/developerguide/{name}.html"
        return self.source


def facts() -> list[Fact]:
    """All facts, by area."""
    return [fact for file in sorted(DATA.glob("*.toml")) for fact in _read(file)]


def _read(file: Path) -> Iterator[Fact]:
    for given in tomllib.loads(file.read_text("utf-8"))["fact"]:
        for text in given.pop("each", [""]):
            own = _texts(given, partial(_filled, each=text))
            yield Fact(area=file.stem.replace("_", "-"), **own)


def _filled(value: str, each: str) -> str:
    """The text with `each` in its place; `LONG` and `LARGEST` replace whole texts only."""
    filled = value.replace("{each}", each).replace("{each.lower}", each.lower())
    return {"LONG": LONG, "LARGEST": LARGEST}.get(filled, filled)


def _texts(value: Any, change: Callable[[str], str]) -> Any:
    """The value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _texts(own, change) for key, own in value.items()}
    return [_texts(own, change) for own in value] if isinstance(value, list) else value


def template(fact: Fact) -> Json:
    """The CloudFormation template of a fact's API."""
    resources: Json = {
        "Api": _resource("RestApi", {"Name": str(fact), **fact.settings}),
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": _role()},
    }
    api = {"RestApiId": {"Ref": "Api"}}
    at: Json = {"": {"Fn::GetAtt": ["Api", "RootResourceId"]}}
    names: list[str] = []
    for route, given in fact.methods.items():
        verb, path = route.split(" ")
        _add_path(resources, at, path)
        names.append(f"Method{len(names) + 1}")
        own = {"ResourceId": at[path.rstrip("/")], "HttpMethod": verb}
        resources[names[-1]] = _resource("Method", {**api, **own, **_method(given)})
    for number, response in enumerate(fact.gateway_responses, 1):
        resources[f"GatewayResponse{number}"] = _resource("GatewayResponse", {**api, **response})
    resources |= fact.resources
    resources["Deployment"] = {**_resource("Deployment", api), "DependsOn": names}
    stage = {**api, "DeploymentId": {"Ref": "Deployment"}, "StageName": STAGE, **fact.stage}
    resources["Stage"] = _resource("Stage", stage)
    return {"Resources": resources}


def _resource(kind: str, properties: Json) -> Json:
    return {"Type": f"AWS::ApiGateway::{kind}", "Properties": properties}


def _add_path(resources: Json, at: Json, path: str) -> None:
    below = ""
    for part in filter(None, path.split("/")):
        parent, below = below, f"{below}/{part}"
        if below not in at:
            name = f"Resource{len(at)}"
            own = {"RestApiId": {"Ref": "Api"}, "ParentId": at[parent], "PathPart": part}
            resources[name], at[below] = _resource("Resource", own), {"Ref": name}


def _method(given: Json) -> Json:
    responses = given.get("responses", [{"status": 200}])
    mapped = {f"path.{name}": f"method.request.path.{name}" for name in _parameters(given)}
    mapped |= given.get("map", {})
    used = [source for source in mapped.values() if re.match(r"method\.request\.(?!body)", source)]
    declared = {f"method.request.{name}": own for name, own in given.get("parameters", {}).items()}
    made: Json = {
        "AuthorizationType": "NONE",
        "RequestParameters": {**dict.fromkeys(used, False), **declared},
        "MethodResponses": _method_responses(given, responses),
    }
    if given.get("integration_type") != "none":
        made["Integration"] = _integration(given, mapped, responses)
    return {**made, **given.get("method", {})}


def _parameters(given: Json) -> list[str]:
    return re.findall(r"\{(\w+)\}", given.get("object", ""))


def _method_responses(given: Json, responses: Sequence[Json]) -> list[Json]:
    by_status: dict[str, list[str]] = {}
    for response in responses:
        by_status.setdefault(str(response["status"]), []).extend(response.get("headers", ()))
    return [
        {
            "StatusCode": status,
            "ResponseParameters": {f"method.response.header.{name}": False for name in names},
        }
        for status, names in given.get("declared", by_status).items()
    ]


def _integration(given: Json, mapped: Mapping[str, str], responses: Sequence[Json]) -> Json:
    made: Json = {"Type": given.get("integration_type", "AWS" if "object" in given else "MOCK")}
    if "object" in given:
        made["Uri"] = f"arn:aws:apigateway:us-east-1:s3:path/{given['object']}"
        made["Credentials"] = _ROLE
    verb = given.get("verb", "GET")
    if made["Type"] != "MOCK" and verb != "none":
        made["IntegrationHttpMethod"] = verb
    templates = given.get("request_templates", _OPEN_MOCK if made["Type"] == "MOCK" else {})
    made |= {
        "RequestTemplates": templates,
        "RequestParameters": {
            f"integration.request.{target}": source for target, source in mapped.items()
        },
        "IntegrationResponses": [_response(response) for response in responses],
    }
    for name, own in (("handling", "ContentHandling"), ("passthrough", "PassthroughBehavior")):
        if name in given:
            made[own] = given[name]
    return {**made, **given.get("integration", {})}


def _response(given: Json) -> Json:
    headers = given.get("headers", {})
    made: Json = {
        "StatusCode": str(given["status"]),
        "ResponseParameters": {
            f"method.response.header.{name}": source for name, source in headers.items()
        },
    }
    if "pattern" in given:
        made["SelectionPattern"] = given["pattern"]
    if "handling" in given:
        made["ContentHandling"] = given["handling"]
    if "template" in given:
        made["ResponseTemplates"] = {"application/json": given["template"]}
    if "templates" in given:
        made["ResponseTemplates"] = given["templates"]
    return made


def _role() -> Json:
    """A role that may do everything in the bucket."""
    bucket = f"arn:aws:s3:::{BUCKET}"
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": [bucket, f"{bucket}/*"]}
    trusted = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trusted]},
        "Policies": [
            {
                "PolicyName": "all",
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [allowed]},
            }
        ],
    }
