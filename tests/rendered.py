"""Rendered templates and their resources, as plain values."""

import json
import re
from typing import Any

from readmodel_cfn import ReadModel, build_template, render

Plain = dict[str, Any]


def template(model: ReadModel) -> Plain:
    content: Plain = json.loads(render(build_template(model)))
    return content


def resource(model: ReadModel, logical_id: str) -> Plain:
    """One resource, whole."""
    found: Plain = template(model)["Resources"][logical_id]
    return found


def properties(model: ReadModel, logical_id: str) -> Plain:
    found: Plain = resource(model, logical_id)["Properties"]
    return found


def one_of_type(model: ReadModel, kind: str) -> Plain:
    """The only resource of a type, whole."""
    (found,) = (
        resource for resource in template(model)["Resources"].values() if resource["Type"] == kind
    )
    return dict(found)


def statements(document: Plain) -> list[tuple[list[str], list[Any]]]:
    """What a policy document allows: for each statement its actions and resources."""
    assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}
    return [(statement["Action"], statement["Resource"]) for statement in document["Statement"]]


STORE_ARN = {"Fn::GetAtt": ["DataStore", "Arn"]}


def objects(*patterns: str) -> list[Plain]:
    """The resources of a statement about these key patterns."""
    return [{"Fn::Sub": f"${{DataStore.Arn}}/{pattern}"} for pattern in patterns]


def policy_length(document: Plain) -> int:
    """Of the policy as IAM counts it, with the longest name that a bucket can have."""
    text = json.dumps(document, separators=(",", ":"))
    arn = json.dumps(STORE_ARN, separators=(",", ":"))
    longest = "arn:aws-us-gov:s3:::" + "b" * 63
    joined = re.sub(r'\{"Fn::Sub":"\$\{DataStore\.Arn\}([^"]*)"\}', rf'"{longest}\1"', text)
    return len(joined.replace(arn, f'"{longest}"'))
