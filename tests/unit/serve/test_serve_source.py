"""What is served: templates as values and files, stages, parameters, and where messages point."""

from pathlib import Path

import pytest

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local.gateway import Response
from readmodel_cfn.local.serve.api import api_of
from readmodel_cfn.local.serve.source import Source
from serve_templates import document, get, method, resource, role, statement, template

YAML = """\
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: things}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: AWS_IAM
      Integration:
        Type: MOCK
        IntegrationResponses:
          - StatusCode: "200"
            ResponseTemplates:
              application/json: $input.path('$')
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties: {RestApiId: !Ref Api, StageName: live}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "template.yaml"
    path.write_text(YAML)
    return path


def line_of(text: str, part: str) -> int:
    (number,) = (n for n, line in enumerate(text.splitlines(), start=1) if part in line)
    return number


def test_finding_names_file_line_and_feature(file: Path, tmp_path: Path) -> None:
    api = api_of(Source.of(file), tmp_path, print)
    template_feature, authorization = api.findings
    assert authorization.startswith(f"{file}:{line_of(YAML, 'AWS_IAM')}: ")
    assert "AWS_IAM" in authorization
    assert template_feature.startswith(f"{file}:{line_of(YAML, '$input')}: ")
    assert "$input.path" in template_feature
    response = api.answer(get("/"))
    assert response.status == 501
    assert b"$input.path" in response.body


def test_finding_within_a_condition_names_the_nearest_line(file: Path, tmp_path: Path) -> None:
    conditional = "!If [IsPrivate, AWS_IAM, NONE]"
    text = YAML.replace("AWS_IAM", conditional)
    conditions = "Conditions: {IsPrivate: !Equals [a, a]}\n"
    file.write_text(conditions + text)
    finding = api_of(Source.of(file), tmp_path, print).findings[1]
    assert finding.startswith(f"{file}:{line_of(conditions + text, conditional)}: ")


def test_error_names_file_and_line(file: Path, tmp_path: Path) -> None:
    text = YAML.replace("{Name: things}", "{Name: things, Body: {}}")
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        api_of(Source.of(file), tmp_path, print)
    assert str(error.value.where).startswith(f"{file}:{line_of(text, 'Body')}: ")


def test_error_of_a_method_names_the_line_of_the_method(file: Path, tmp_path: Path) -> None:
    text = YAML.replace("HttpMethod: GET", "HttpMethod: GET\n      MethodResponses: []")
    text = (
        text.replace("AWS_IAM", "NONE")
        .replace("$input.path('$')", "none")
        .replace("Integration:", "Unknown:")
    )
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        api_of(Source.of(file), tmp_path, print)
    assert str(error.value.where).startswith(f"{file}:{line_of(text, '  Get:')}: ")


@pytest.mark.parametrize("content", [None, b"{", b"[]", b"Resources: []", b"\xff"])
def test_file_that_is_not_a_template_is_one_error(file: Path, content: bytes | None) -> None:
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        Source.of(file)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)


def test_stage_can_be_chosen(tmp_path: Path) -> None:
    second = resource("ApiGateway::Stage", RestApiId={"Ref": "Api"}, StageName="second")
    source = Source.of(template(Second=second))
    assert api_of(source.with_options(stage="second"), tmp_path, print).stage == "second"
    assert api_of(source.with_options(stage="live"), tmp_path, print).stage == "live"
    with pytest.raises(ConfigError, match=r"second, live"):
        api_of(source.with_options(stage="third"), tmp_path, print)


def test_template_without_a_stage_is_served_as_the_named_one(tmp_path: Path) -> None:
    source = Source.of(
        template(Deployed=resource("ApiGateway::Deployment", RestApiId={"Ref": "Api"}))
    )
    with pytest.raises(ConfigError, match="--stage"):
        api_of(source, tmp_path, print)
    assert api_of(source.with_options(stage="v1"), tmp_path, print).stage == "v1"


def test_parameter_without_default_needs_a_value(tmp_path: Path) -> None:
    source = Source.of(
        template(GetThing=method("GET", "Thing", "${Folder}/{id}.json"))
        | {"Parameters": {"Folder": {"Type": "String"}}}
    )
    with pytest.raises(ConfigError, match="--parameter Folder=VALUE"):
        api_of(source, tmp_path, print)
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "1.json").write_bytes(b"{}")
    response = api_of(source.with_options({"Folder": "things"}), tmp_path, print).answer(
        get("/things/1")
    )
    assert isinstance(response, Response)
    assert response.status == 200


def test_role_reads_a_bucket_with_a_name(tmp_path: Path) -> None:
    """The policies name the bucket by its ARN, which has the logical ID here."""
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "1.json").write_bytes(b"{}")
    named = Source.of(template(Store=resource("S3::Bucket", BucketName="my-things")))
    given = Source.of(template()).with_options({"Store": "my-things"})
    for source in (named, given):
        api = api_of(source, tmp_path, print)
        assert api.answer(get("/things/1")).status == 200
        assert api.answer(get("/things/2")).status == 404


def test_policies_of_other_roles_may_need_a_stack(tmp_path: Path) -> None:
    imported = statement("dynamodb:GetItem", on={"Fn::ImportValue": "table"})
    other, attached = role(imported), document(imported)
    policy = resource("IAM::Policy", Roles=[{"Ref": "Other"}], PolicyDocument=attached)
    source = Source.of(template(Other=other, OtherPolicy=policy))
    assert api_of(source, tmp_path, print).answer(get("/things/1")).status == 404
