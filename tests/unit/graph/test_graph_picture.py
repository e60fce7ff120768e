"""The picture of a template: what is in it, where, and what the arrows say."""

from pathlib import Path

import pytest
from graph_reader import Drawn, read
from graph_templates import Content, functions, largest, method, odd_names, of, shared, two
from hypothesis import HealthCheck, given, settings

from articles import article_template
from readmodel_cfn import Api, ReadModel, Route, Writer
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


def test_the_picture_of_the_readme_is_that_of_the_production_stack() -> None:
    _, _, rest = README.read_text(encoding="utf-8").partition("```mermaid\n")
    assert rest.partition("```\n")[0] == flowchart(PRODUCTION)


def test_it_tells_who_writes_where_it_is_kept_and_who_reads() -> None:
    drawn = draw(PRODUCTION)
    assert [(a, b, lines) for a, b, lines, solid in drawn.arrows if solid] == [
        ("ApiGateway", "SamplesGetMethod", []),
        ("readers", "ApiGatewayStage", ["/v1"]),
        ("ApiGatewayStage", "ApiGateway", []),
        ("SamplesGetMethod", "DataStore", ["payload.json"]),
        ("DataStoreWriter", "DataStore", ["s3:PutObject", "payload.json"]),
    ]
    assert [(a, b, lines) for a, b, lines, solid in drawn.arrows if not solid] == [
        ("SamplesGetMethod", "ApiGatewayRole", ["as"]),
        ("ApiGatewayRole", "DataStore", ["s3:GetObject s3:ListBucket", "payload.json"]),
    ]


def test_its_sections_are_the_articles_in_its_order() -> None:
    drawn = draw(PRODUCTION)
    assert drawn.sections == {
        "Data store": ["DataStore"],
        "Writer": ["DataStoreWriter"],
        "Gateway role": ["ApiGatewayRole"],
        "API": ["ApiGateway", "SamplesGetMethod"],
        "Deployment": ["ApiGatewayStage"],
    }
    assert drawn.shapes["DataStore"] == "[()]"


def test_what_belongs_to_one_resource_is_a_line_of_it() -> None:
    nodes = draw(PRODUCTION).nodes
    assert nodes["DataStore"] == ["DataStore", "S3 Bucket with", "DataStorePolicy"]
    assert nodes["DataStoreWriter"][1:] == [
        "IAM User with",
        "DataStoreWriterAccessKey",
        "DataStoreWriterSecret",
    ]
    assert nodes["SamplesGetMethod"] == ["/samples", "GET HEAD"]


def test_the_articles_is_drawn_with_its_gaps() -> None:
    drawn = draw(article_template())
    assert drawn.told("DataStoreWriter", "DataStore") == [(["s3:*", "*"], True)]
    assert drawn.told("ApiGatewayRole", "DataStore") == [(["s3:Get*", "*"], False)]
    assert drawn.told("readers", "ApiGatewayDeployment") == [(["/v1"], True)]
    assert "DataStoreWriterAccessKey" in drawn.nodes["DataStoreWriter"]


# --- every read model ---


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(read_models)
def test_every_resource_and_path_is_in_the_picture_or_counted(model: ReadModel) -> None:
    template = of(model)
    drawn = draw(template)
    ids = {name for name, one in template["Resources"].items() if one["Type"] not in FOLDED}
    named = ids | {f"/{route.path}"[:60] for route in model.routes}
    lines = [line.removesuffix("...") for one in drawn.nodes.values() for line in one]
    counted = sum(int(line.split()[1]) for line in lines if line.startswith("and "))
    assert len([line for line in lines if line in named]) + counted == len(named)
    writes = model.writer.kind == "none" or {"put", "delete"} & {*model.writer.allow}
    assert drawn.sections.get("Other resources", []) == ([] if writes else ["DataStoreWriter"])


def test_it_is_the_same_each_time() -> None:
    assert flowchart(shared()) == flowchart(shared())


# --- many routes ---


def test_the_largest_template_is_as_small_a_picture_as_the_smallest() -> None:
    template = largest()
    drawn = draw(template)
    assert drawn.nodes["Document0GetMethod"] == [
        *("/document0", "/document1", "/document2"),
        "and 157 more",
        "GET HEAD",
    ]
    ((lines, _),) = drawn.told("/document0", "DataStore")
    assert lines == ["0.json", "1.json", "2.json", "and 157 more"]
    assert len(drawn.nodes) == len(draw(PRODUCTION).nodes) - 1  # no writer
    assert len(flowchart(template)) < 2_000


def test_paths_that_read_different_buckets_stand_alone() -> None:
    drawn = draw(shared())
    assert len({drawn.of(path) for path in ("/samples", "/news/{id}", "/orders")}) == 3
    assert drawn.nodes[drawn.of("/news/{id}")] == ["/news/{id}", "GET HEAD"]


def test_what_a_model_answers_to_a_preflight_is_among_the_verbs() -> None:
    drawn = draw(of(ReadModel(api=Api(cors_origin="*"))))
    assert drawn.nodes["SamplesGetMethod"] == ["/samples", "GET HEAD OPTIONS"]
    assert drawn.nodes["ApiGateway"][2:] == [
        "ApiGatewayUnknownPath",
        "ApiGatewayError4xx",
        "ApiGatewayError5xx",
    ]


def test_one_more_than_a_label_lists_is_named_not_counted() -> None:
    routes = [Route(f"d{number}", f"{number}.json") for number in range(4)]
    lines = draw(of(ReadModel(routes=routes))).nodes["D0GetMethod"]
    assert lines == ["/d0", "/d1", "/d2", "/d3", "GET HEAD"]


def test_few_that_differ_are_drawn_one_by_one_and_many_as_one_of_each_kind() -> None:
    few, many = draw(functions(12)), draw(functions(120))
    assert len(few.nodes) == 1 + 3 * 12
    assert few.told("/path7", "Function7") == [([], True)]
    assert few.told("Function7", "Role7") == [([], False)]
    assert list(many.nodes) == ["Api", "Method0", "Role0", "Function0"]
    assert many.nodes["Function0"][-2:] == ["and 117 more", "Lambda Function"]
    assert [(a, b, solid) for a, b, _, solid in many.arrows] == [
        ("Api", "Method0", True),
        ("Method0", "Function0", True),
        ("Function0", "Role0", False),
    ]


# --- composed stacks ---


def test_two_read_models_are_two_ways_through_the_same_sections() -> None:
    drawn = draw(two())
    assert drawn.sections["Data store"] == ["ShopDataStore", "NewsDataStore"]
    assert drawn.sections["Deployment"] == ["ShopApiGatewayStage", "NewsApiGatewayStage"]
    assert drawn.told("/news/{id}", "NewsDataStore") == [(["news/{id}.json"], True)]
    assert drawn.told("/news/{id}", "ShopDataStore") == []
    assert drawn.told("ShopDataStoreWriter", "ShopDataStore") == [
        (["s3:PutObject", "payload.json"], True)
    ]


def test_buckets_and_roles_that_are_only_named_are_nodes_too() -> None:
    drawn = draw(shared())
    kept, base = (
        drawn.nodes[drawn.of("kept")],
        drawn.nodes[drawn.of("ImportValue=base-S3BucketName")],
    )
    assert kept == ["kept", "S3 Bucket, elsewhere"]
    assert base[1] == "S3 Bucket, elsewhere"
    assert drawn.nodes[drawn.of("reader")] == [
        "reader",
        "IAM Role, elsewhere with",
        "OrdersApiGatewayDataStorePolicy",
    ]
    assert drawn.told("/orders", "kept") == [(["orders.json"], True)]
    assert drawn.told("/orders", "reader") == [(["as"], False)]
    assert drawn.told("reader", "kept") == [(["s3:GetObject s3:ListBucket", "orders.json"], False)]


def test_one_api_is_one_node_with_all_paths_below_it() -> None:
    drawn = draw(shared())
    assert [b for a, b, _, solid in drawn.arrows if a == "Api" and solid] == [
        drawn.of(path) for path in ("/samples", "/news/{id}", "/orders")
    ]
    assert [a for a, *_ in drawn.arrows].count("readers") == 1


def test_an_api_that_another_template_makes_is_a_node_too() -> None:
    template = of(ReadModel())
    del template["Resources"]["ApiGateway"]
    template["Parameters"] = {"ApiGateway": {"Type": "String"}}
    drawn = draw(template)
    assert drawn.nodes[drawn.of("ApiGateway")][1] == "ApiGateway RestApi, elsewhere with"
    assert drawn.told("ApiGateway", "/samples") == [([], True)]


# --- other resources ---

STORE = {"Fn::GetAtt": ["Store", "Arn"]}
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${Store.Arn}/k"}}


def grant(**changes: object) -> Content:
    return {"PolicyName": "p", "PolicyDocument": {"Statement": {**STATEMENT, **changes}}}


def test_who_may_write_is_a_writer_whatever_its_name() -> None:
    drawn = draw(
        resources(
            Store=("AWS::S3::Bucket", {}),
            Reader=("AWS::IAM::User", {"Policies": [grant(Action="s3:PutObject")]}),
            Writer=("AWS::IAM::User", {"Policies": [grant()]}),
            Logs=("AWS::S3::Bucket", {}),
        )
    )
    assert drawn.sections == {
        "Data store": ["Store"],
        "Writer": ["Reader"],
        "Other resources": ["Writer", "Logs"],
    }


def test_a_denial_grants_nothing_and_a_pattern_names_no_bucket() -> None:
    denied, wide = grant(Effect="Deny", Action="s3:*"), grant(Resource="arn:aws:s3:::logs-*/k")
    drawn = draw(
        resources(
            Store=("AWS::S3::Bucket", {}),
            One=("AWS::IAM::User", {"Policies": [denied]}),
            Two=("AWS::IAM::User", {"Policies": [wide]}),
        )
    )
    assert list(drawn.nodes) == ["Store", "One", "Two"]
    assert drawn.told("One", "Store") == [([], False)]  # it names it, no more
    assert drawn.told("Two", "Store") == []


def test_a_policy_of_two_writers_is_a_node_of_its_own() -> None:
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
    assert drawn.sections["Writer"] == ["A"]  # both: they say the same
    assert drawn.nodes["A"] == ["A", "B", "IAM User with", "Key"]
    assert drawn.told("A", "Shared") == [([], False)]
    assert drawn.told("Shared", "Store") == [(["s3:PutObject", "k"], True)]


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
def test_whatever_refers_to_another_has_an_arrow_to_it(reference: Content) -> None:
    drawn = draw(
        resources(
            Alarm=("AWS::CloudWatch::Alarm", {"Deep": [{"Er": reference}]}),
            Topic=("AWS::SNS::Topic", {}),
        )
    )
    assert drawn.arrows == [("Alarm", "Topic", [], False)]
    assert drawn.sections == {"Other resources": ["Alarm", "Topic"]}


def test_depends_on_is_drawn_only_where_no_arrow_tells_as_much() -> None:
    template = resources(
        A=("AWS::SNS::Topic", {"Name": {"Ref": "B"}}),
        B=("AWS::SNS::Topic", {"Name": {"Ref": "C"}}),
        C=("AWS::SNS::Topic", {}),
        D=("AWS::SNS::Topic", {}),
    )
    template["Resources"]["A"]["DependsOn"] = ["B", "C", "D", "Nothing"]
    assert draw(template).arrows == [
        ("A", "B", [], False),
        ("B", "C", [], False),
        ("A", "D", ["after"], False),
    ]


def test_a_method_that_is_not_written_out_is_drawn_by_its_references() -> None:
    template = of(ReadModel())
    properties = template["Resources"]["SamplesGetMethod"]["Properties"]
    properties["Integration"]["IntegrationResponses"] = {"Fn::If": ["A", [], []]}
    drawn = draw(template)
    assert drawn.nodes["SamplesGetMethod"] == ["/samples", "GET HEAD"]
    template["Resources"].pop("SamplesHeadMethod")
    drawn = draw(template)
    assert drawn.told("/samples", "ApiGatewayRole") == [([], False)]


def test_a_bucket_in_the_clients_hands_is_drawn_as_the_uri_writes_it() -> None:
    integration = {
        "Type": "AWS",
        "IntegrationHttpMethod": "GET",
        "Uri": "arn:aws:apigateway:x:s3:path/{bucket}/{key}",
    }
    made = {"Api": {"Type": "AWS::ApiGateway::RestApi"}, **method("{bucket}", "Get", integration)}
    drawn = draw({"Resources": made})
    ((lines, _),) = [(lines, a) for a, b, lines, _ in drawn.arrows if a == "Get"]
    assert lines == ["{key}"]
    assert ["{bucket}", "S3 Bucket, elsewhere"] in drawn.nodes.values()


def test_a_role_can_be_the_writer() -> None:
    model = ReadModel(writer=Writer(kind="role", principals=("123456789012",), allow=("put",)))
    assert draw(of(model)).nodes["DataStoreWriter"] == ["DataStoreWriter", "IAM Role"]


def test_names_are_shown_as_they_are() -> None:
    keys = ('"quoted"]', "<b>&amp;#35;", "`code`", "%%{init: {}}%%", "a;b|c", "é")
    drawn = draw(odd_names(*keys))
    shown = [line for lines in drawn.nodes.values() for line in lines]
    assert {f"/p{number}{key}" for number, key in enumerate(keys)} <= set(shown)
    assert {"end", "graph", 'a"]', "É"} <= set(shown)
