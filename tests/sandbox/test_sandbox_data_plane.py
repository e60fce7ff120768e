"""What a stage answers: S3's answers, mapped; API Gateway's own; throttling."""

import gzip
import json
from collections.abc import Callable
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from sandbox_api import method, read, template

from readmodel_cfn.local.sandbox import Sandbox

Clients = Callable[..., Any]


def test_stage_serves_the_object(stack: Any, put: Any, send: Any) -> None:
    made = stack.deploy(template())
    etag = put(made["Store"])
    answer = send(made["Api"], "/v1/samples")
    assert (answer.status, answer.body) == (200, b'{"n":1}')
    assert answer.headers["etag"] == etag
    assert answer.headers["content-type"] == "application/json"
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["x-amzn-requestid"].count("-") == 4, "one id, sent once"


def test_unchanged_object_is_304(stack: Any, put: Any, send: Any) -> None:
    made = stack.deploy(template())
    etag = put(made["Store"])
    answer = send(made["Api"], "/v1/samples", If_None_Match=etag)
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert send(made["Api"], "/v1/samples", If_None_Match='"other"').status == 200


def test_unknown_path_method_and_stage_are_403(stack: Any, send: Any) -> None:
    made = stack.deploy(template())
    refused = b'{"message":"Missing Authentication Token"}'
    for path, name in (("/v1/other", "GET"), ("/v1/samples", "POST"), ("/v1/samples", "OPTIONS")):
        answer = send(made["Api"], path, name)
        assert (answer.status, answer.body) == (403, refused)
        assert not [header for header in answer.headers if header.startswith("access-control")]
    assert send(made["Api"], "/v2/samples").status == 403


def test_options_is_answered_by_the_mock_of_the_api(stack: Any, send: Any) -> None:
    """With binary media types a MOCK needs CONVERT_TO_TEXT, which CloudFormation must keep."""
    made = template()
    made["Resources"]["Api"]["Properties"]["BinaryMediaTypes"] = ["*/*"]
    origin = "method.response.header.Access-Control-Allow-Origin"
    made["Resources"]["Options"] = method(
        "OPTIONS",
        {
            "Type": "MOCK",
            "ContentHandling": "CONVERT_TO_TEXT",
            "RequestTemplates": {"application/json": '{"statusCode": 200}'},
            "IntegrationResponses": [
                {"StatusCode": "204", "ResponseParameters": {origin: "'https://example.com'"}}
            ],
        },
        MethodResponses=[{"StatusCode": "204", "ResponseParameters": {origin: False}}],
    )
    made["Resources"]["Deployment"]["DependsOn"].append("Options")
    answer = send(
        stack.deploy(made)["Api"], "/v1/samples", "OPTIONS", Origin="http://localhost:3000"
    )
    assert answer.status == 204
    allowed = {name: v for name, v in answer.headers.items() if name.startswith("access-control")}
    assert allowed == {"access-control-allow-origin": "https://example.com"}


def test_head_has_no_body(stack: Any, put: Any, send: Any) -> None:
    made = template()
    head = read("samples.json") | {"IntegrationHttpMethod": "HEAD"}
    made["Resources"]["Head"] = method("HEAD", head)
    made["Resources"]["Deployment"]["DependsOn"].append("Head")
    outputs = stack.deploy(made)
    assert send(outputs["Api"], "/v1/samples", "HEAD").status == 404
    etag = put(outputs["Store"])
    answer = send(outputs["Api"], "/v1/samples", "HEAD")
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"", etag)
    assert send(outputs["Api"], "/v1/samples", "HEAD", If_None_Match=etag).status == 304


def test_stored_bytes_are_unchanged_and_compressed_for_the_client(
    stack: Any, put: Any, send: Any
) -> None:
    """Binary media types, content handling and compression, as CloudFormation sets them."""
    made = template()
    settings = {"BinaryMediaTypes": ["*/*"], "MinimumCompressionSize": 20}
    made["Resources"]["Api"]["Properties"] |= settings
    responses = made["Resources"]["Get"]["Properties"]["Integration"]["IntegrationResponses"]
    responses[0]["ContentHandling"] = "CONVERT_TO_BINARY"
    outputs = stack.deploy(made)
    etag = put(outputs["Store"], body=bytes(range(256)))
    plain = send(outputs["Api"], "/v1/samples", Accept="application/json")
    assert (plain.status, plain.body) == (200, bytes(range(256)))
    assert "content-encoding" not in plain.headers
    packed = send(outputs["Api"], "/v1/samples", Accept_Encoding="gzip, br")
    assert gzip.decompress(packed.body) == plain.body
    assert (packed.headers["content-encoding"], packed.headers["etag"]) == ("gzip", etag)
    put(outputs["Store"], body=b"small")
    assert send(outputs["Api"], "/v1/samples", Accept_Encoding="gzip").body == b"small"


def test_a_template_reads_the_request_and_the_stages_variables(stack: Any, send: Any) -> None:
    made = template()
    responses = made["Resources"]["Get"]["Properties"]["Integration"]["IntegrationResponses"]
    text = '{"asked":"$input.params(\'X-Asked\')","colour":"$stageVariables.colour"}'
    responses[2]["ResponseTemplates"] = {"application/json": text}
    made["Resources"]["Stage"]["Properties"]["Variables"] = {"colour": "blue"}
    answer = send(stack.deploy(made)["Api"], "/v1/samples", X_Asked="soft")
    assert (answer.status, json.loads(answer.body)) == (404, {"asked": "soft", "colour": "blue"})


def test_stage_throttles_as_configured(stack: Any, put: Any, send: Any) -> None:
    made = template()
    settings = {"ResourcePath": "/*", "HttpMethod": "*"}
    limits = {"ThrottlingRateLimit": 0.001, "ThrottlingBurstLimit": 2}
    made["Resources"]["Stage"]["Properties"]["MethodSettings"] = [{**settings, **limits}]
    made["Resources"]["Throttled"] = {
        "Type": "AWS::ApiGateway::GatewayResponse",
        "Properties": {
            "RestApiId": {"Ref": "Api"},
            "ResponseType": "THROTTLED",
            "ResponseParameters": {"gatewayresponse.header.Retry-After": "'1'"},
        },
    }
    made["Resources"]["Deployment"]["DependsOn"].append("Throttled")
    outputs = stack.deploy(made)
    put(outputs["Store"])
    answers = [send(outputs["Api"], "/v1/samples") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "1"


def test_signature_that_was_not_checked_opens_no_method(stack: Any, put: Any, send: Any) -> None:
    """An overridden HTTP method is not the one whose authorization the emulator has checked."""
    made = template()
    made["Resources"]["Put"] = method("PUT", read("samples.json"), AuthorizationType="AWS_IAM")
    made["Resources"]["Deployment"]["DependsOn"].append("Put")
    outputs = stack.deploy(made)
    put(outputs["Store"])
    made_up = {"Authorization": "AWS4-HMAC-SHA256 Credential=a", "X-HTTP-Method-Override": "PUT"}
    assert send(outputs["Api"], "/v1/samples", **{"X-HTTP-Method-Override": "PUT"}).status == 403
    assert send(outputs["Api"], "/v1/samples", **made_up).status in (403, 501)
    assert send(outputs["Api"], "/v1/samples").status == 200


def test_signed_request_opens_a_method_with_aws_iam(
    stack: Any, put: Any, send: Any, sandbox: Sandbox
) -> None:
    made = template()
    made["Resources"]["Get"]["Properties"]["AuthorizationType"] = "AWS_IAM"
    outputs = stack.deploy(made)
    put(outputs["Store"])
    path = "/v1/samples"
    url = f"http://127.0.0.1:{sandbox.port}/_aws/execute-api/{outputs['Api']}{path}"
    for secret, status in ((sandbox.secret_access_key, 200), ("wrong", 403)):
        request = AWSRequest("GET", url)
        key = Credentials(sandbox.access_key_id, secret)
        SigV4Auth(key, "execute-api", sandbox.region).add_auth(request)
        answer = send(outputs["Api"], path, **dict(request.headers.items()))
        assert answer.status == status
    assert send(outputs["Api"], path).status == 403
