"""`serve` of any template: its options, an S3 at a URL, and what is not supported."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from functional_aws import run
from test_serve_process import project, refused, serving

TEMPLATE = """\
Parameters:
  Folder: {Type: String}
Resources:
  Store: {Type: "AWS::S3::Bucket", Properties: {BucketName: my-things}}
  Reader:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: read
          PolicyDocument:
            Statement: {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "${Store.Arn}/*"}
  Api: {Type: "AWS::ApiGateway::RestApi"}
  Things:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: "{id}"}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Things
      HttpMethod: GET
      AuthorizationType: NONE
      RequestParameters: {method.request.path.id: true}
      MethodResponses: [{StatusCode: "200"}, {StatusCode: "404"}]
      Integration:
        Type: AWS
        IntegrationHttpMethod: GET
        Uri: !Sub "arn:aws:apigateway:eu-west-1:s3:path/${Store}/${Folder}/{id}.json"
        Credentials: !GetAtt Reader.Arn
        RequestParameters: {integration.request.path.id: method.request.path.id}
        IntegrationResponses:
          - {StatusCode: "200", SelectionPattern: "200"}
          - {StatusCode: "404"}
  Delete:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Things
      HttpMethod: DELETE
      AuthorizationType: AWS_IAM
      Integration: {Type: MOCK}
  Live: {Type: "AWS::ApiGateway::Stage", Properties: {RestApiId: !Ref Api, StageName: live}}
  Next: {Type: "AWS::ApiGateway::Stage", Properties: {RestApiId: !Ref Api, StageName: next}}
"""
OPTIONS = ("--template", "template.yaml", "--parameter", "Folder=things")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "readmodel.toml").write_text("broken")
    (tmp_path / "documents" / "things").mkdir(parents=True)
    (tmp_path / "documents" / "things" / "1.json").write_text('{"thing": 1}')
    return tmp_path


def test_template_is_served_without_readmodel_toml(folder: Path) -> None:
    with serving(folder, *OPTIONS, "--documents", "documents") as server:
        assert server.ready["url"].endswith("/live")
        assert server.ready["data"] == "documents"
        assert server.ask("/live/1").body == b'{"thing": 1}'
        assert server.ask("/live/2").status == 404


def test_other_stage_is_served(folder: Path) -> None:
    with serving(folder, *OPTIONS, "--documents", "documents", "--stage", "next") as server:
        assert server.ask("/next/1").status == 200
        assert server.ask("/live/1").status == 403


def test_changed_template_is_reloaded(folder: Path) -> None:
    with serving(folder, *OPTIONS, "--documents", "documents") as server:
        new = folder / "new"
        new.write_text(TEMPLATE.replace("StageName: live", "StageName: later"))
        new.rename(folder / "template.yaml")
        server.logged("later")
        assert server.ask("/later/1").status == 200


def test_unsupported_feature_is_named_with_its_line_and_answers_501(folder: Path) -> None:
    line = TEMPLATE.splitlines().index("      AuthorizationType: AWS_IAM") + 1
    with serving(folder, *OPTIONS, "--documents", "documents") as server:
        (finding,) = server.ready["findings"]
        assert finding.startswith(f"template.yaml:{line}: ")
        assert "AWS_IAM" in finding
        assert server.ask("/live/1", method="DELETE").status == 403
        signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=a"}
        answer = server.ask("/live/1", method="DELETE", headers=signed)
        assert answer.status == 501
        assert "AWS_IAM" in json.loads(answer.body)["message"]


@pytest.fixture
def s3() -> Iterator[tuple[str, list[tuple[str, str, list[str]]]]]:
    """The URL of an S3 with one object, and the requests to it: method, path, header names."""
    requests: list[tuple[str, str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            names = sorted(name.lower() for name in self.headers)
            requests.append((self.command, self.path, names))
            found = self.path == "/my-things/things/1.json"
            self.send_response_only(200 if found else 404)
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b'"here"' if found else b"<none>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()
        thread.join()


def test_documents_come_from_an_s3_at_a_url(
    folder: Path, s3: tuple[str, list[tuple[str, str, list[str]]]]
) -> None:
    url, requests = s3
    with serving(folder, *OPTIONS, "--s3-endpoint", url) as server:
        assert server.ready["data"] == url
        headers = {"Accept-Encoding": "gzip", "Cookie": "a=b"}
        assert server.ask("/live/1", headers).body == b'"here"'
        assert server.ask("/live/a%20b").status == 404
    assert requests == [
        ("GET", "/my-things/things/1.json", ["host"]),
        ("GET", "/my-things/things/a%20b.json", ["host"]),
    ]


@pytest.mark.parametrize("from_s3", [True, False])
def test_other_host_is_refused_unless_an_origin_names_it(
    folder: Path, s3: tuple[str, list[tuple[str, str, list[str]]]], from_s3: bool
) -> None:
    store = ("--s3-endpoint", s3[0]) if from_s3 else ("--documents", "documents")
    with serving(folder, *OPTIONS, *store, "--origin", "http://shop.example") as server:
        assert server.ask("/live/1", {"Host": "shop.example"}).status == 200
        assert server.ask("/live/1", {"Host": "other.example"}).status == 403


def test_generated_template_is_served_as_its_read_model_is(tmp_path: Path) -> None:
    folder = project(tmp_path)
    template = run("template", "--config", str(folder / "readmodel.toml")).stdout
    (folder / "template.json").write_text(template)
    with serving(folder, "--template", "template.json") as server, serving(folder) as other:
        assert server.ready["routes"] != []
        for path in ("/v1/samples", "/v1/products/7", "/v1/products/8", "/v1/nowhere"):
            answer, expected = server.ask(path), other.ask(path)
            assert (answer.status, answer.body) == (expected.status, expected.body)


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        (("--template", "template.yaml", "--documents", "documents"), "--parameter Folder"),
        ((*OPTIONS, "--article"), "--article"),
        ((*OPTIONS, "--config", "readmodel.toml"), "--config"),
        ((*OPTIONS, "--documents", "documents", "--s3-endpoint", "http://a"), "--documents"),
        ((*OPTIONS, "--s3-endpoint", "s3://a"), "--s3-endpoint"),
        ((*OPTIONS, "--documents", "documents", "--stage", "none"), "live, next"),
        (("--template", "nowhere.yaml", "--documents", "documents"), "nowhere.yaml"),
        (("--template", "template.yaml", "--parameter", "Folder"), "--parameter"),
    ],
)
def test_options_that_cannot_be_served_are_a_one_line_error(
    folder: Path, options: tuple[str, ...], fact: str
) -> None:
    code, line = refused(folder, *options)
    assert code == 2
    assert fact in line
