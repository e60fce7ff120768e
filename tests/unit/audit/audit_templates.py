"""A handwritten template of an S3 proxy, and functions that change it.

It has a static path and a path with a parameter. Options add CORS, compression and gzip.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

Template = dict[str, Any]

PATTERNS = {
    "200": "200",
    "304": "304",
    "400": "40[0-2]|40[5-9]|4[1-9][0-9]",
    "403": "403",
    "404": "404",
    "500": "50[0-2]|50[4-9]|5[1-9][0-9]",
    "503": "503",
    "502": None,
}
VALIDATORS = ("ETag", "Last-Modified", "Cache-Control")
CONDITIONS = ("If-None-Match", "If-Modified-Since")
ORIGIN = "'https://www.example.com'"
API = {"Ref": "Api"}
STORE_ARN = {"Fn::GetAtt": ["Store", "Arn"]}


def good(
    *, cors: bool = False, compressed: bool = False, gzip: bool = False, by_s3: bool = False
) -> Template:
    """A template without a fault: `samples` and `products/{id}`, read from the bucket Store.

    With `by_s3`, S3 compares the origin of a read.
    """
    cors = cors or by_s3
    fixed = {"Access-Control-Allow-Origin": ORIGIN} if cors else {}
    vary = {"Vary": "'Accept-Encoding'"} if compressed else {}
    methods = {
        f"{name}{verb.capitalize()}": read_method(verb, name, key, fixed, vary, gzip)
        for name, key in (("Sample", "payload.json"), ("Product", "products/{id}.json"))
        for verb in ("GET", "HEAD")
    }
    for method in methods.values() if by_s3 else ():
        let_s3_compare_origins(method["Properties"])
    if cors:
        methods |= {f"{name}Options": options_method(name, gzip) for name in ("Sample", "Product")}
    refused = gateway_responses(cors)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            **bucket(by_s3),
            **publisher(),
            **reader(),
            **api_resources(compressed, gzip),
            **methods,
            **refused,
            **deployed([*methods, *refused]),
        },
        "Outputs": outputs(),
    }
    copy: Template = json.loads(json.dumps(template))  # a deep copy: no two places share an object
    return copy


def deployed(waits_for: list[str]) -> Template:
    snapshot = resource("ApiGateway::Deployment", RestApiId=API)
    named = {"DeploymentId": {"Ref": "Deployment1a2b"}, "StageName": "live"}
    return {
        "Deployment1a2b": {**snapshot, "DependsOn": waits_for},
        "Stage": resource("ApiGateway::Stage", RestApiId=API, **named),
    }


def let_s3_compare_origins(method: Template) -> None:
    method["RequestParameters"]["method.request.header.Origin"] = False
    asked = method["Integration"]["RequestParameters"]
    asked["integration.request.header.Origin"] = "method.request.header.Origin"
    of_s3 = {
        "Access-Control-Allow-Origin": "integration.response.header.Access-Control-Allow-Origin",
        "Vary": "'Accept-Encoding,Origin'",
    }
    for response in method["Integration"]["IntegrationResponses"]:
        response["ResponseParameters"] |= parameters(of_s3)["ResponseParameters"]
    for response in method["MethodResponses"]:
        response["ResponseParameters"] |= parameters(dict.fromkeys(of_s3, False))[
            "ResponseParameters"
        ]


def bucket(by_s3: bool) -> Template:
    rules = [{"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": ["https://a.example"]}]
    cors = {"CorsConfiguration": {"CorsRules": rules}} if by_s3 else {}
    blocks = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    every_object = {"Fn::Sub": "${Store.Arn}/*"}
    refuse = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [STORE_ARN, every_object],
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }
    return {
        "Store": resource(
            "S3::Bucket", PublicAccessBlockConfiguration=dict.fromkeys(blocks, True), **cors
        ),
        "StorePolicy": resource(
            "S3::BucketPolicy", Bucket={"Ref": "Store"}, PolicyDocument=document(refuse)
        ),
    }


def publisher() -> Template:
    put = allow("s3:PutObject", {"Fn::Sub": "${Store.Arn}/payload.json"})
    inline = {"PolicyName": "put", "PolicyDocument": document(put)}
    return {
        "Publisher": resource("IAM::User", Policies=[inline]),
        "PublisherKey": resource("IAM::AccessKey", UserName={"Ref": "Publisher"}),
        "PublisherSecret": resource(
            "SecretsManager::Secret",
            SecretString={"Fn::GetAtt": ["PublisherKey", "SecretAccessKey"]},
        ),
    }


def reader() -> Template:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    keys = ("payload.json", "products/*.json")
    get = allow("s3:GetObject", *({"Fn::Join": ["/", [STORE_ARN, key]]} for key in keys))
    list_ = allow("s3:ListBucket", STORE_ARN)
    list_["Condition"] = {"StringLike": {"s3:prefix": ["payload.json*", "products/*"]}}
    return {
        "ReaderRole": resource("IAM::Role", AssumeRolePolicyDocument=document(trust)),
        "ReaderPolicy": resource(
            "IAM::Policy",
            PolicyName="read",
            PolicyDocument=document(get, list_),
            Roles=[{"Ref": "ReaderRole"}],
        ),
    }


def api_resources(compressed: bool, gzip: bool) -> Template:
    size = {"MinimumCompressionSize": 1024} if compressed else {}
    types = {"BinaryMediaTypes": ["*/*"]} if gzip else {}
    root = {"Fn::GetAtt": ["Api", "RootResourceId"]}
    return {
        "Api": resource("ApiGateway::RestApi", Name="documents", **size, **types),
        "Sample": path_part("samples", root),
        "Products": path_part("products", root),
        "Product": path_part("{id}", {"Ref": "Products"}),
    }


def path_part(part: str, parent: Template) -> Template:
    return resource("ApiGateway::Resource", RestApiId=API, ParentId=parent, PathPart=part)


def read_method(
    verb: str, at: str, key: str, fixed: Mapping[str, str], vary: Mapping[str, str], gzip: bool
) -> Template:
    names = [*(f"header.{name}" for name in CONDITIONS), *(["path.id"] if "{id}" in key else [])]
    answers = {
        status: {**passed(status, gzip), **fixed, **(vary if status in ("200", "304") else {})}
        for status in PATTERNS
    }
    return resource(
        "ApiGateway::Method",
        AuthorizationType="NONE",
        HttpMethod=verb,
        RestApiId=API,
        ResourceId={"Ref": at},
        RequestParameters={f"method.request.{name}": "path" in name for name in names},
        Integration={
            **s3_integration(verb, key, names),
            "IntegrationResponses": [
                integration_response(status, headers, verb, gzip)
                for status, headers in answers.items()
            ],
        },
        MethodResponses=[
            {"StatusCode": status, **parameters(dict.fromkeys(headers, False))}
            for status, headers in answers.items()
        ],
    )


def s3_integration(verb: str, key: str, names: Iterable[str]) -> Template:
    return {
        "Type": "AWS",
        "IntegrationHttpMethod": verb,
        "Uri": object_uri(key),
        "Credentials": {"Fn::GetAtt": ["ReaderRole", "Arn"]},
        "RequestParameters": {
            f"integration.request.{name}": f"method.request.{name}" for name in names
        },
    }


def object_uri(key: str) -> Template:
    service = ["arn:", {"Ref": "AWS::Partition"}, ":apigateway:", {"Ref": "AWS::Region"}]
    return {"Fn::Join": ["", [*service, ":s3:path/", {"Ref": "Store"}, f"/{key}"]]}


def passed(status: str, gzip: bool) -> dict[str, str]:
    """The headers that a status passes on from S3, with their sources."""
    encoding = ("Content-Encoding",) if gzip else ()
    names = {"200": ("Content-Type", *encoding, *VALIDATORS), "304": VALIDATORS}.get(status, ())
    return {name: f"integration.response.header.{name}" for name in names}


def integration_response(
    status: str, headers: Mapping[str, str], verb: str, gzip: bool
) -> Template:
    pattern, error = PATTERNS[status], int(status) >= 400
    made: Template = {"StatusCode": status, **parameters(headers)}
    if pattern:
        made["SelectionPattern"] = pattern
    if error and verb == "GET":
        made["ResponseTemplates"] = {"application/json": '{"message":"..."}'}
        made |= {"ContentHandling": "CONVERT_TO_TEXT"} if gzip else {}
    if gzip and status == "200":
        made["ContentHandling"] = "CONVERT_TO_BINARY"
    return made


def parameters(headers: Mapping[str, Any]) -> Template:
    named = {f"method.response.header.{name}": value for name, value in headers.items()}
    return {"ResponseParameters": named} if named else {}


def options_method(at: str, gzip: bool) -> Template:
    headers = {"Access-Control-Allow-Origin": ORIGIN, "Access-Control-Allow-Methods": "'GET,HEAD'"}
    return resource(
        "ApiGateway::Method",
        AuthorizationType="NONE",
        HttpMethod="OPTIONS",
        RestApiId=API,
        ResourceId={"Ref": at},
        Integration={
            "Type": "MOCK",
            "RequestTemplates": {"application/json": '{"statusCode":204}'},
            "IntegrationResponses": [{"StatusCode": "204", **parameters(headers)}],
            **({"ContentHandling": "CONVERT_TO_TEXT"} if gzip else {}),
        },
        MethodResponses=[{"StatusCode": "204", **parameters(dict.fromkeys(headers, False))}],
    )


def gateway_responses(cors: bool) -> Template:
    header = "gatewayresponse.header.Access-Control-Allow-Origin"
    allowed = {"ResponseParameters": {header: ORIGIN}} if cors else {}
    kinds = {
        "UnknownPath": {"ResponseType": "MISSING_AUTHENTICATION_TOKEN", "StatusCode": "404"},
        "Refused": {"ResponseType": "DEFAULT_4XX"},
        "Failed": {"ResponseType": "DEFAULT_5XX"},
    }
    return {
        name: resource("ApiGateway::GatewayResponse", RestApiId=API, **own, **allowed)
        for name, own in kinds.items()
    }


def outputs() -> Template:
    url = "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live"
    return {"Url": {"Value": {"Fn::Sub": url}}, "Secret": {"Value": {"Ref": "PublisherSecret"}}}


def resource(kind: str, **properties: Any) -> Template:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def document(*statements: Template) -> Template:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: str, *arns: Any) -> Template:
    return {"Effect": "Allow", "Action": [action], "Resource": list(arns)}


def find(template: Template, path: str) -> Any:
    """The value at a path below Resources, such as SampleGet/Properties/HttpMethod."""
    return _follow(template["Resources"], path.split("/"))


def put(template: Template, path: str, value: Any) -> None:
    """Set the value at a path below Resources."""
    *above, last = path.split("/")
    holder = _follow(template["Resources"], above)
    if isinstance(holder, list):
        holder[int(last)] = value
    else:
        holder[last] = value


def drop(template: Template, path: str) -> None:
    """Remove the value at a path below Resources."""
    *above, last = path.split("/")
    holder = _follow(template["Resources"], above)
    del holder[int(last) if isinstance(holder, list) else last]


def answer(template: Template, method: str, status: str) -> Template:
    """The integration response of a method that has the status."""
    listed = find(template, f"{method}/Properties/Integration/IntegrationResponses")
    found: Template = next(response for response in listed if response["StatusCode"] == status)
    return found


def _follow(value: Any, names: Iterable[str]) -> Any:
    for name in names:
        value = value[int(name) if isinstance(value, list) else name]
    return value
