"""The diagram of a template: nodes, sections and arrows."""

import re
from pathlib import Path

import pytest
from hypothesis import given

from articles import article_template
from graph_reader import Drawn, read
from graph_templates import Content, functions, largest, method, odd_names, of, shared, two
from readmodel_cfn import Access, Api, Cdn, Domain, Logs, ReadModel, Route, Waf, Writer
from readmodel_cfn.analysis.graph import flowchart
from strategies import read_models

README = Path(__file__).parents[3] / "README.md"
PRODUCTION = of(ReadModel())
FOLDED = ("AWS::ApiGateway::Method", "AWS::ApiGateway::Resource")


def draw(template: Content) -> Drawn:
    return read(flowchart(template))


def resources(**found: tuple[str, Content]) -> Content:
    return {"Resources": {name: {"Type": t, "Properties": p} for name, (t, p) in found.items()}}


# --- the production stack ---


def test_readme_diagram_is_that_of_the_default_stack() -> None:
    _, _, rest = README.read_text(encoding="utf-8").partition("```mermaid\n")
    assert rest.partition("```\n")[0] == flowchart(PRODUCTION)


def test_diagram_shows_writer_bucket_and_readers() -> None:
    drawn = draw(PRODUCTION)
    assert [(a, b, lines) for a, b, lines, solid in drawn.arrows if solid] == [
        ("ApiGateway", "SamplesGetMethod", []),
        ("readers", "ApiGatewayStage", ["/v1"]),
        ("ApiGatewayStage", "ApiGateway", []),
        ("SamplesGetMethod", "DataStore", ["payload.json"]),
        ("DataStoreWriter", "DataStore", ["s3:PutObject", "payload.json"]),
    ]
    assert [(a, b) for a, b, _, solid in drawn.arrows if not solid] == [
        ("SamplesGetMethod", "ApiGatewayRole"),
        ("ApiGatewayRole", "DataStore"),
    ]
    assert drawn.between("ApiGatewayRole", "DataStore") == [
        (["s3:GetObject s3:ListBucket", "payload.json"], False)
    ]


def test_diagram_has_the_article_sections_in_order() -> None:
    drawn = draw(PRODUCTION)
    assert drawn.sections == {
        "store": ["DataStore"],
        "writer": ["DataStoreWriter"],
        "role": ["ApiGatewayRole"],
        "api": ["ApiGateway", "SamplesGetMethod"],
        "deployment": ["ApiGatewayStage"],
    }
    assert drawn.shapes["DataStore"] == "[()]"


def test_dependent_resources_are_lines_of_their_resource() -> None:
    nodes = draw(PRODUCTION).nodes
    assert nodes["DataStore"][::2] == ["DataStore", "DataStorePolicy"]
    assert "S3 Bucket" in nodes["DataStore"][1]
    assert "IAM User" in nodes["DataStoreWriter"][1]
    assert nodes["DataStoreWriter"][2:] == ["DataStoreWriterAccessKey", "DataStoreWriterSecret"]
    assert nodes["SamplesGetMethod"] == ["/samples", "GET HEAD"]


def test_article_diagram_shows_wildcards() -> None:
    drawn = draw(article_template())
    assert drawn.between("DataStoreWriter", "DataStore") == [(["s3:*", "*"], True)]
    assert drawn.between("ApiGatewayRole", "DataStore") == [(["s3:Get*", "*"], False)]
    assert drawn.between("readers", "ApiGatewayDeployment") == [(["/v1"], True)]
    assert "DataStoreWriterAccessKey" in drawn.nodes["DataStoreWriter"]


# --- every read model ---


@given(read_models)
def test_every_resource_and_path_is_shown_or_counted(model: ReadModel) -> None:
    template = of(model)
    drawn = draw(template)
    ids = {
        name for name, resource in template["Resources"].items() if resource["Type"] not in FOLDED
    }
    named = ids | {f"/{route.path}"[:60] for route in model.routes}
    lines = [line.removesuffix("...") for node in drawn.nodes.values() for line in node]
    numbers = [re.fullmatch(r"\D+ (\d+) \D+", line) for line in lines if line not in named]
    counted = sum(int(number[1]) for number in numbers if number)
    assert len([line for line in lines if line in named]) + counted == len(named)
    writes = model.writer.kind == "none" or {"put", "delete"} & {*model.writer.allow}
    writer = "DataStoreWriterRole" if model.writer.kind == "role" else "DataStoreWriter"
    assert drawn.sections.get("other", []) == ([] if writes else [writer])


def test_diagram_is_deterministic() -> None:
    assert flowchart(shared()) == flowchart(shared())


# --- many routes ---


def test_largest_template_has_as_few_nodes_as_the_default() -> None:
    template = largest()
    drawn = draw(template)
    *paths, rest, verbs = drawn.nodes["Document0GetMethod"]
    assert paths == ["/document0", "/document1", "/document2"]
    assert "157" in rest
    assert verbs == "GET HEAD"
    ((lines, _),) = drawn.between("/document0", "DataStore")
    assert lines[:3] == ["0.json", "1.json", "2.json"]
    assert "157" in lines[3]
    assert len(drawn.nodes) == len(draw(PRODUCTION).nodes) - 1  # no writer
    assert len(flowchart(template)) < 2_000


def test_paths_of_different_buckets_are_separate_nodes() -> None:
    drawn = draw(shared())
    assert len({drawn.of(path) for path in ("/samples", "/news/{id}", "/orders")}) == 3
    assert drawn.nodes[drawn.of("/news/{id}")] == ["/news/{id}", "GET HEAD"]


def test_options_is_among_the_verbs_with_cors() -> None:
    drawn = draw(of(ReadModel(api=Api(cors_origin="*"))))
    assert drawn.nodes["SamplesGetMethod"] == ["/samples", "GET HEAD OPTIONS"]
    assert drawn.nodes["ApiGateway"][2:] == [
        "ApiGatewayUnknownPath",
        "ApiGatewayError4xx",
        "ApiGatewayError5xx",
    ]


def test_single_extra_path_is_named_instead_of_counted() -> None:
    routes = [Route(f"d{number}", f"{number}.json") for number in range(4)]
    lines = draw(of(ReadModel(routes=routes))).nodes["D0GetMethod"]
    assert lines == ["/d0", "/d1", "/d2", "/d3", "GET HEAD"]


def test_few_functions_are_drawn_separately_and_many_are_grouped() -> None:
    few, many = draw(functions(12)), draw(functions(120))
    assert len(few.nodes) == 1 + 3 * 12
    assert few.between("/path7", "Function7") == [([], True)]
    assert few.between("Function7", "Role7") == [([], False)]
    assert list(many.nodes) == ["Api", "Method0", "Role0", "Function0"]
    assert "117" in many.nodes["Function0"][-2]
    assert many.nodes["Function0"][-1] == "Lambda Function"
    assert [(a, b, solid) for a, b, _, solid in many.arrows] == [
        ("Api", "Method0", True),
        ("Method0", "Function0", True),
        ("Function0", "Role0", False),
    ]


# --- composed stacks ---


def test_two_read_models_share_the_sections() -> None:
    drawn = draw(two())
    assert drawn.sections["store"] == ["ShopDataStore", "NewsDataStore"]
    assert drawn.sections["deployment"] == ["ShopApiGatewayStage", "NewsApiGatewayStage"]
    assert drawn.between("/news/{id}", "NewsDataStore") == [(["news/{id}.json"], True)]
    assert drawn.between("/news/{id}", "ShopDataStore") == []
    assert drawn.between("ShopDataStoreWriter", "ShopDataStore") == [
        (["s3:PutObject", "payload.json"], True)
    ]


def test_external_buckets_and_roles_are_nodes() -> None:
    drawn = draw(shared())
    kept, base = (
        drawn.nodes[drawn.of("kept")],
        drawn.nodes[drawn.of("ImportValue=base-S3BucketName")],
    )
    assert kept[0] == "kept"
    assert "S3 Bucket" in kept[1]
    assert "S3 Bucket" in base[1]
    role = drawn.nodes[drawn.of("reader")]
    assert role[::2] == ["reader", "OrdersApiGatewayDataStorePolicy"]
    assert "IAM Role" in role[1]
    assert drawn.between("/orders", "kept") == [(["orders.json"], True)]
    assert [solid for _, solid in drawn.between("/orders", "reader")] == [False]
    assert drawn.between("reader", "kept") == [
        (["s3:GetObject s3:ListBucket", "orders.json"], False)
    ]


def test_shared_api_is_one_node_with_all_paths() -> None:
    drawn = draw(shared())
    assert [b for a, b, _, solid in drawn.arrows if a == "Api" and solid] == [
        drawn.of(path) for path in ("/samples", "/news/{id}", "/orders")
    ]
    assert [a for a, *_ in drawn.arrows].count("readers") == 1


def test_external_api_is_a_node() -> None:
    template = of(ReadModel())
    del template["Resources"]["ApiGateway"]
    template["Parameters"] = {"ApiGateway": {"Type": "String"}}
    drawn = draw(template)
    assert "ApiGateway RestApi" in drawn.nodes[drawn.of("ApiGateway")][1]
    assert drawn.between("ApiGateway", "/samples") == [([], True)]


# --- other resources ---

STORE = {"Fn::GetAtt": ["Store", "Arn"]}
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${Store.Arn}/k"}}


def grant(**changes: object) -> Content:
    return {"PolicyName": "p", "PolicyDocument": {"Statement": {**STATEMENT, **changes}}}


def test_writer_is_recognized_by_its_permissions() -> None:
    drawn = draw(
        resources(
            Store=("AWS::S3::Bucket", {}),
            Reader=("AWS::IAM::User", {"Policies": [grant(Action="s3:PutObject")]}),
            Writer=("AWS::IAM::User", {"Policies": [grant()]}),
            Logs=("AWS::S3::Bucket", {}),
        )
    )
    assert drawn.sections == {
        "store": ["Store"],
        "writer": ["Reader"],
        "other": ["Writer", "Logs"],
    }


def test_deny_statements_and_bucket_patterns_are_no_grants() -> None:
    denied, wide = grant(Effect="Deny", Action="s3:*"), grant(Resource="arn:aws:s3:::logs-*/k")
    drawn = draw(
        resources(
            Store=("AWS::S3::Bucket", {}),
            One=("AWS::IAM::User", {"Policies": [denied]}),
            Two=("AWS::IAM::User", {"Policies": [wide]}),
        )
    )
    assert list(drawn.nodes) == ["Store", "One", "Two"]
    assert drawn.between("One", "Store") == [([], False)]  # it names it, no more
    assert drawn.between("Two", "Store") == []


def test_policy_of_two_writers_is_a_node() -> None:
    users = {"Users": [{"Ref": "A"}, {"Ref": "B"}]}
    document = grant(Action="s3:PutObject")["PolicyDocument"]
    drawn = draw(
        resources(
            Store=("AWS::S3::Bucket", {}),
            A=("AWS::IAM::User", {}),
            B=("AWS::IAM::User", {}),
            Key=("AWS::IAM::AccessKey", {"UserName": {"Ref": "B"}}),
            Shared=("AWS::IAM::ManagedPolicy", {**users, "PolicyDocument": document}),
        )
    )
    assert drawn.sections["writer"] == ["A"]  # both: they say the same
    assert [line for line in drawn.nodes["A"] if "IAM" not in line] == ["A", "B", "Key"]
    assert drawn.between("A", "Shared") == [([], False)]
    assert drawn.between("Shared", "Store") == [(["s3:PutObject", "k"], True)]


@pytest.mark.parametrize(
    "reference",
    [
        {"Ref": "Topic"},
        {"Fn::GetAtt": ["Topic", "TopicName"]},
        {"Fn::GetAtt": "Topic.TopicName"},
        {"Fn::Sub": "x-${Topic}"},
        {"Fn::Sub": ["x-${T}", {"T": {"Ref": "Topic"}}]},
        {"Fn::Join": ["-", ["x", {"Ref": "Topic"}]]},
        {"Fn::If": ["Some", {"Ref": "Topic"}, {"Ref": "AWS::NoValue"}]},
    ],
)
def test_reference_is_an_arrow(reference: Content) -> None:
    drawn = draw(
        resources(
            Alarm=("AWS::CloudWatch::Alarm", {"Deep": [{"Er": reference}]}),
            Topic=("AWS::SNS::Topic", {}),
        )
    )
    assert drawn.arrows == [("Alarm", "Topic", [], False)]
    assert drawn.sections == {"alarms": ["Alarm", "Topic"]}


def test_depends_on_is_an_arrow_only_without_a_reference() -> None:
    template = resources(
        A=("AWS::SNS::Topic", {"Name": {"Ref": "B"}}),
        B=("AWS::SNS::Topic", {"Name": {"Ref": "C"}}),
        C=("AWS::SNS::Topic", {}),
        D=("AWS::SNS::Topic", {}),
    )
    template["Resources"]["A"]["DependsOn"] = ["B", "C", "D", "Nothing"]
    assert [(source, target) for source, target, _, _ in draw(template).arrows] == [
        ("A", "B"),
        ("B", "C"),
        ("A", "D"),
    ]


def test_unreadable_method_is_drawn_by_its_references() -> None:
    template = of(ReadModel())
    properties = template["Resources"]["SamplesGetMethod"]["Properties"]
    properties["Integration"]["IntegrationResponses"] = {"Ref": "Responses"}
    drawn = draw(template)
    assert drawn.nodes["SamplesGetMethod"] == ["/samples", "GET HEAD"]
    template["Resources"].pop("SamplesHeadMethod")
    drawn = draw(template)
    assert drawn.between("/samples", "ApiGatewayRole") == [([], False)]


def test_bucket_parameter_of_the_uri_is_a_node() -> None:
    integration = {
        "Type": "AWS",
        "IntegrationHttpMethod": "GET",
        "Uri": "arn:aws:apigateway:x:s3:path/{bucket}/{key}",
    }
    made = {"Api": {"Type": "AWS::ApiGateway::RestApi"}, **method("{bucket}", "Get", integration)}
    drawn = draw({"Resources": made})
    ((lines, _),) = [(lines, a) for a, b, lines, _ in drawn.arrows if a == "Get"]
    assert lines == ["{key}"]
    assert "S3 Bucket" in drawn.nodes[drawn.of("{bucket}")][1]


def test_role_is_drawn_as_writer() -> None:
    model = ReadModel(writer=Writer(kind="role", principals=("123456789012",), allow=("put",)))
    drawn = draw(of(model))
    assert drawn.nodes["DataStoreWriterRole"] == ["DataStoreWriterRole", "IAM Role"]
    assert drawn.sections["writer"] == ["DataStoreWriterRole"]


def test_parts_of_the_distribution_and_the_domain_name_are_lines_of_it() -> None:
    drawn = draw(of(ReadModel(cdn=Cdn(aliases=("a.example.com",), hosted_zone_id="Z1"))))
    assert drawn.nodes["Distribution"][2:4] == ["OriginAccessControl", "PathsFunction"]
    assert drawn.sections["deployment"] == ["ApiGatewayStage", "Distribution"]
    drawn = draw(of(ReadModel(domain=Domain("a.example.com", "Z1"), waf=Waf())))
    assert drawn.sections["deployment"] == ["ApiGatewayStage", "DomainName", "WebAcl"]
    assert "DomainCertificate" in drawn.nodes["DomainName"]


def test_access_logs_have_a_section() -> None:
    drawn = draw(of(ReadModel(logs=Logs(set_account_role=True))))
    assert drawn.sections["logs"] == ["AccessLogs", "AccessLogsRole", "AccessLogsAccount"]


def test_api_keys_are_lines_of_their_usage_plan() -> None:
    drawn = draw(of(ReadModel(access=Access("api-key"))))
    assert drawn.nodes["UsagePlan"][::2] == ["UsagePlan", "ReaderApiKey"]


def test_special_characters_of_names_are_shown() -> None:
    keys = ('"quoted"]', "<b>&amp;#35;", "`code`", "%%{init: {}}%%", "a;b|c", "é")
    drawn = draw(odd_names(*keys))
    shown = [line for lines in drawn.nodes.values() for line in lines]
    assert {f"/p{number}{key}" for number, key in enumerate(keys)} <= set(shown)
    assert {"end", "graph", 'a"]', "É"} <= set(shown)
