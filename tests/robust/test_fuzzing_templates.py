"""Whatever a template has, each command that reads it ends as documented."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from fuzz_runs import (  # noqa: F401 - run_here is a fixture
    Run,
    require_right_end,
    run_alone,
    run_here,
    try_examples,
)
from hostile import EDITS, changed, edited, nested, places, put
from hypothesis import strategies as st

from readmodel_cfn import Access, Api, Cdn, ReadModel, Releases, Route, build_template, render
from robust_budget import Budget

COMMANDS: list[tuple[str, ...]] = [
    ("audit",),
    ("audit", "--json"),
    ("audit", "--format", "sarif"),
    ("graph",),
    ("openapi",),
    ("openapi", "--format", "yaml"),
    ("policy", "--stack-name", "shop"),
    ("serve", "--documents", ".", "--template"),
]
LINT = ("lint", "--json")


def _content(model: ReadModel) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render(build_template(model)))
    return found


ROUTE = Route("products/{id}", "products/{id}.json")
READ = {
    "type": "aws",
    "httpMethod": "GET",
    "uri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:s3:path/${Bucket}/a/{id}.json"},
    "credentials": {"Fn::GetAtt": ["Role", "Arn"]},
    "requestParameters": {"integration.request.path.id": "method.request.path.id"},
    "responses": {"default": {"statusCode": "200"}, "4\\d{2}": {"statusCode": "404"}},
}
DEFINITION: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "a", "version": "1"},
    "paths": {
        "/a/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}],
                "responses": {"200": {"description": "ok"}},
                "x-amazon-apigateway-integration": READ,
            }
        }
    },
    "x-amazon-apigateway-binary-media-types": ["*/*"],
}
OF_OTHERS: dict[str, Any] = {
    "Transform": ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"],
    "Parameters": {
        "Name": {"Type": "String", "Default": "a", "AllowedValues": ["a", "b"]},
        "Names": {"Type": "CommaDelimitedList", "Default": "a,b"},
    },
    "Mappings": {"Map": {"a": {"b": "c", "d": ["e"]}}},
    "Conditions": {
        "Yes": {"Fn::Equals": [{"Ref": "Name"}, "a"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
    },
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "Condition": "Yes", "DeletionPolicy": "Retain"},
        "Fn::ForEach::Buckets": [
            "Item",
            {"Ref": "Names"},
            {"Bucket${Item}": {"Type": "AWS::S3::Bucket", "DependsOn": "Bucket"}},
        ],
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
                "Policies": [
                    {
                        "PolicyName": "a",
                        "PolicyDocument": {
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Action": ["s3:GetObject", "s3:List*"],
                                    "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
                                }
                            ]
                        },
                    }
                ],
            },
        },
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": DEFINITION}},
        "Sam": {
            "Type": "AWS::Serverless::Api",
            "Properties": {"StageName": "v1", "DefinitionBody": DEFINITION},
        },
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "StageName": {"Fn::FindInMap": ["Map", "a", "b"]},
                "Variables": {"bucket": {"Fn::If": ["Both", "x", {"Ref": "AWS::NoValue"}]}},
            },
        },
        "Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "a"}},
        "Web": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResourceId": {"Fn::GetAtt": "Api.RootResourceId"},
                "HttpMethod": "ANY",
                "Integration": {
                    "Type": "HTTP_PROXY",
                    "IntegrationHttpMethod": "ANY",
                    "Uri": {"Fn::Join": ["", ["https://", {"Ref": "Bucket"}, ".s3.amazonaws.com"]]},
                },
            },
        },
    },
    "Outputs": {
        "Url": {
            "Value": {"Fn::Select": [0, {"Fn::Split": [",", {"Fn::ImportValue": "a"}]}]},
            "Export": {"Name": {"Fn::Base64": {"Fn::ToJsonString": {"Ref": "Names"}}}},
        }
    },
}
BASES = [
    _content(ReadModel()),
    _content(ReadModel(routes=(ROUTE,), api=Api(cors_origin=("https://a.example", "*")[:1]))),
    _content(ReadModel(routes=(ROUTE,), access=Access(auth="api-key"), releases=Releases())),
    _content(ReadModel(cdn=Cdn())),
    OF_OTHERS,
    OF_OTHERS,
]
WRAPS: list[Callable[[Any], Any]] = [
    lambda value: {"Ref": value},
    lambda value: {"Fn::If": ["Yes", value, {"Ref": "AWS::NoValue"}]},
    lambda value: {"Fn::If": [value, value, value]},
    lambda value: {"Fn::Sub": value},
    lambda value: {"Fn::Sub": ["${a}", {"a": value}]},
    lambda value: {"Fn::GetAtt": [value, "Arn"]},
    lambda value: {"Fn::Join": [value, [value]]},
    lambda value: {"Fn::Select": ["0", value]},
    lambda value: {"Fn::Split": [",", value]},
    lambda value: {"Fn::FindInMap": ["Map", value, "b"]},
    lambda value: {"Fn::Cidr": [value, 256, 8]},
    lambda value: {"Fn::Length": value},
    lambda value: {"Fn::ToJsonString": value},
    lambda value: {"Fn::ForEach::Loop": ["Item", ["a", "b"], {"${Item}": value}]},
    lambda value: {"Fn::Unheard": value},
    lambda value: [value, value],
    lambda value: {"a": value, 1: value},
    lambda value: nested(value, 20, lambda inner: {"Fn::Join": ["", [inner]]}),
    lambda value: nested(value, 40, lambda inner: [inner]),
    lambda value: nested(value, 40, lambda inner: {"a": inner}),
    json.dumps,
]
CONTENTS = changed(BASES, WRAPS)


def _as_json(content: Any) -> bytes:
    return json.dumps(content).encode()


def _as_yaml(content: Any) -> bytes:
    """YAML in which parts that are used twice are aliases."""
    text: str = yaml.dump(content, allow_unicode=True)
    return text.encode(errors="replace")


def _json_and_python(content: Any) -> bytes:
    """Also NaN, keys that are numbers, and other things that Python writes."""
    return repr(content).encode(errors="replace")


WRITERS = st.sampled_from([_as_json, _as_json, _as_yaml, _json_and_python])
WRITTEN = st.builds(lambda write, content: write(content), WRITERS, CONTENTS)
ORIGINALS = st.sampled_from([write(base) for base in BASES for write in (_as_json, _as_yaml)])
TEXTS = st.one_of(WRITTEN, WRITTEN, st.builds(edited, ORIGINALS, EDITS), st.binary(max_size=60))


def test_any_template_ends_right(
    budget: Budget,
    run_here: Callable[..., Run],  # noqa: F811
) -> None:
    def attempt(example: tuple[bytes, list[tuple[str, ...]]]) -> list[Run]:
        text, commands = example
        Path("template.yaml").write_bytes(text)
        return [run_here(*words, "template.yaml") for words in commands]

    some = st.lists(st.sampled_from(COMMANDS), min_size=2, max_size=2, unique=True)
    examples = budget.examples(120, 3000)
    try_examples(budget, "template", examples, st.tuples(TEXTS, some), attempt)


def test_lint_of_any_template_ends_right(
    budget: Budget,
    run_here: Callable[..., Run],  # noqa: F811
) -> None:
    def attempt(text: bytes) -> list[Run]:
        Path("template.yaml").write_bytes(text)
        return [run_here(*LINT, "template.yaml")]

    try_examples(budget, "template, lint", budget.examples(8, 120), TEXTS, attempt)


def test_a_value_of_a_wrong_type_at_each_place_ends_right(
    budget: Budget,
    run_here: Callable[..., Run],  # noqa: F811
) -> None:
    """Each place of a template in turn, not only those that the examples happen to draw."""
    wrong: list[Any] = [None, [], {}, "", 7, True, [{}], {"Ref": []}, {"Fn::Sub": 1}]
    every = [(path, value) for path in places(OF_OTHERS) for value in wrong]
    tried = budget.sample(every, 60)
    for number, (path, value) in enumerate(tried):
        if budget.is_used_up():
            break
        content = put(deepcopy(OF_OTHERS), path, value)
        Path("template.json").write_bytes(_as_json(content))
        done = run_here(*COMMANDS[number % len(COMMANDS)], "template.json")
        budget.record("template, each place", 1, seconds=round(done.seconds, 2))
        assert not (path and done.code == 2 and "not valid JSON" in done.stderr)
        require_right_end(done)


BUCKET = "Resources:\n  A:\n    Type: AWS::S3::Bucket\n"
METHODS = next(
    resource
    for resource in BASES[0]["Resources"].values()
    if resource["Type"] == "AWS::ApiGateway::Method"
)


def _bucket(**properties: Any) -> str:
    return json.dumps({"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": properties}}})


def _aliases(first: str, line: str, number: int) -> str:
    """Lines, of which each refers to the one before twice or more."""
    lines = (line.format(now=index, before=index - 1) for index in range(1, number))
    return first + "".join(lines)


TENFOLD = "a{now}: &a{now} [" + ", ".join(["*a{before}"] * 10) + "]\n"
LARGE = {
    "aliases of lists": _aliases("a0: &a0 [x]\n", TENFOLD, 12) + BUCKET,
    "aliases of objects": _aliases(
        "a0: &a0 {t: x}\n", "a{now}: &a{now} {{a: *a{before}, b: *a{before}}}\n", 40
    )
    + BUCKET,
    "merged keys": _aliases(
        "a0: &a0 {k: x}\n", "a{now}: &a{now} {{<<: *a{before}, k{now}: *a{before}}}\n", 40
    )
    + BUCKET,
    "a long text by aliases": f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 1000)}]\n{BUCKET}",
    "levels by aliases": _aliases("a0: &a0 [x]\n", "a{now}: &a{now} [[[*a{before}]]]\n", 900)
    + BUCKET,
    "levels of JSON": _bucket(N=0).replace("0", "[" * 100_000 + "]" * 100_000),
    "levels of functions": _bucket(N=nested("x", 30, lambda inner: {"Fn::Join": ["", [inner]]})),
    "levels of YAML": BUCKET + "    P: " + "[" * 50_000 + "]" * 50_000,
    "levels of block YAML": "\n".join(" " * level + "a:" for level in range(1000)),
    "digits in JSON": _bucket(N=0).replace("0", "9" * 1_000_000),
    "digits in YAML": f"{BUCKET}    N: {'9' * 900_000}\n",
    "sexagesimal numbers": f"{BUCKET}    N: 1{':59' * 300_000}\n",
    "values in JSON": _bucket(N=["x"] * 90_000),
    "too many values in JSON": _bucket(N=[[]] * 3_000_000),
    "objects in JSON": _bucket(N=[{}] * 2_000_000),
    "values in YAML": BUCKET + "    N: [" + "a, " * 90_000 + "a]\n",
    "keys": BUCKET + "".join(f"K{index}: 1\n" for index in range(40_000)),
    "anchors": BUCKET + "".join(f"K{index}: &a{index} [1]\n" for index in range(20_000)),
    "resources": json.dumps(
        {"Resources": {f"A{index}": {"Type": "AWS::S3::Bucket"} for index in range(100_000)}}
    ),
    "methods": json.dumps(
        {"Resources": {**BASES[0]["Resources"], **{f"M{i}": METHODS for i in range(480)}}}
    ),
    "paths of an API": json.dumps(
        {
            "Resources": {
                "Api": {
                    "Type": "AWS::ApiGateway::RestApi",
                    "Properties": {
                        "Body": {
                            **DEFINITION,
                            "paths": {
                                f"/a{index}/{{id}}": DEFINITION["paths"]["/a/{id}"]
                                for index in range(2500)
                            },
                        }
                    },
                }
            }
        }
    ),
    "conditions": json.dumps(
        {
            "Conditions": {
                f"C{index}": {"Fn::Or": [{"Condition": f"C{index + 1}"}] * 10}
                for index in range(200)
            },
            "Resources": {"A": {"Type": "AWS::S3::Bucket", "Condition": "C0"}},
        }
    ),
    "loops": json.dumps(
        {
            "Transform": "AWS::LanguageExtensions",
            "Resources": {
                "Fn::ForEach::A": [
                    "X",
                    [f"a{index}" for index in range(3000)],
                    {
                        "Fn::ForEach::B": [
                            "Y",
                            [f"b{index}" for index in range(3000)],
                            {"R${X}${Y}": {"Type": "AWS::S3::Bucket"}},
                        ]
                    },
                ]
            },
        }
    ),
    "open variables": _bucket(BucketName={"Fn::Sub": "${" * 200_000}),
    "variables": _bucket(BucketName={"Fn::Sub": "${A}" * 80_000}),
    "a long logical ID": json.dumps({"Resources": {"A" * 900_000: {"Type": "AWS::S3::Bucket"}}}),
    "quotes": '{"Resources": "' + '\\"' * 2_000_000,
    "line breaks": BUCKET + "\n" * 900_000,
    "a pattern": json.dumps(
        {
            "Resources": {
                **BASES[0]["Resources"],
                "M": {
                    **METHODS,
                    "Properties": {
                        **METHODS["Properties"],
                        "Integration": {
                            **METHODS["Properties"]["Integration"],
                            "IntegrationResponses": [
                                {"StatusCode": "200", "SelectionPattern": "(4+)+" * 20 + "x"}
                            ],
                        },
                    },
                },
            }
        }
    ),
}
ALL_LARGE = [
    (name, words)
    for name in LARGE
    for words in (("audit",), ("graph",), ("openapi",), ("policy", "--stack-name", "a"), ("lint",))
]


def test_large_template_takes_bounded_time_and_memory(budget: Budget, tmp_path: Path) -> None:
    for name, words in budget.sample(ALL_LARGE, 16):
        if budget.is_used_up():
            break
        (tmp_path / "template.yaml").write_text(LARGE[name])
        done = run_alone(tmp_path, *words, "template.yaml")
        budget.record("large template", 1, seconds=round(done.seconds, 1), mb=round(done.mb))
        require_right_end(done)
