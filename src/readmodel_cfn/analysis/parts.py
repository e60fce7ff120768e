"""The resources of a template, with the parts of APIs that a resource defines in itself.

An OpenAPI document becomes methods, and an AWS::Serverless::Api a RestApi with its stage. What may
define a method, and is not in the template, is noted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from readmodel_cfn.analysis.bodies import ApiBody, read_body
from readmodel_cfn.analysis.body_operations import Place
from readmodel_cfn.analysis.sam import default_authorization, sam_api, with_globals
from readmodel_cfn.analysis.unchecked import Unchecked
from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable
from readmodel_cfn.cloudformation.foreach import LOOP
from readmodel_cfn.cloudformation.resources import Resource, resources
from readmodel_cfn.cloudformation.values import walk

REST_API = "AWS::ApiGateway::RestApi"
SAM_API = "AWS::Serverless::Api"
_ELSEWHERE = {
    "BodyS3Location": "the API's definition is in S3",
    "CloneFrom": "the API is a copy of another one",
    "DefinitionUri": "the API's definition is in another file",
}
"""Properties that name an API's definition, which is not in the template."""
_NESTED = {
    "AWS::CloudFormation::Stack": "it is a nested stack: check its template on its own",
    "AWS::Serverless::Application": "it is a nested application: check its template on its own",
}
_HTTP_APIS = {
    "AWS::ApiGatewayV2::Api": ("Body", "BodyS3Location", "Target"),
    "AWS::ApiGatewayV2::Integration": ("IntegrationUri",),
    "AWS::Serverless::HttpApi": ("DefinitionBody", "DefinitionUri"),
}
"""The types of HTTP APIs, with the properties that may name S3."""
_JUDGED = ("AWS::ApiGateway::", "AWS::Serverless::Api")


@dataclass
class Parts:
    """The resources by logical ID, and what is not among them.

    `places` are those of the parts that a resource defines in itself, by their logical IDs, which
    are not logical IDs of the template.
    """

    resources: dict[str, Resource]
    places: dict[str, Place] = field(default_factory=dict)
    unchecked: list[Unchecked] = field(default_factory=list)


def read_parts(template: Mapping[str, Any], evaluator: Evaluator) -> Parts:
    """The resources of a template."""
    declared = resources(template, evaluator)
    found = Parts({}, {}, list(_of_template(template, evaluator)))
    for resource in declared.values():
        found.unchecked += _of_resource(resource)
        if resource.type == SAM_API:
            for part in sam_api(with_globals(resource, template)):
                _add(found, part, "DefinitionBody", evaluator)
        else:
            _add(found, resource, "Body", evaluator)
    return found


def _add(found: Parts, resource: Resource, name: str, evaluator: Evaluator) -> None:
    """Add a resource, and what its OpenAPI document defines."""
    body = ApiBody()
    if resource.type == REST_API:
        elsewhere = (prop for prop in _ELSEWHERE if prop in resource.properties)
        found.unchecked += [
            Unchecked(resource.id, f"Properties/{prop}", _ELSEWHERE[prop]) for prop in elsewhere
        ]
        body = read_body(
            resource.id,
            f"Properties/{name}",
            resource.properties.get(name),
            resource.existing(evaluator),
            default_authorization(resource.properties.get("Auth")),
        )
    own = {key: value for key, value in resource.properties.items() if key != name}
    properties = {**body.properties, **own} if resource.type == REST_API else resource.properties
    found.resources[resource.id] = replace(resource, properties=properties)
    found.resources |= {
        name: replace(part, condition=resource.condition) for name, part in body.parts.items()
    }
    found.places |= body.places
    found.unchecked += body.unchecked


def _of_template(template: Mapping[str, Any], evaluator: Evaluator) -> Iterator[Unchecked]:
    """What the template takes from elsewhere, or cannot be read."""
    transform = template.get("Transform")
    for value in transform if isinstance(transform, list) else [transform]:
        name = value.get("Name") if isinstance(value, Mapping) else value
        if name == "AWS::Include" or (isinstance(name, str) and not name.startswith("AWS::")):
            yield Unchecked("Transform", "", f"what {name} adds to the template is unknown")
    if "Fn::Transform" in template:
        yield Unchecked("Fn::Transform", "", "what it adds to the template is unknown")
    declared = template.get("Resources")
    for name, value in evaluator.expand(declared).items() if isinstance(declared, Mapping) else ():
        if str(name).startswith(LOOP):
            yield Unchecked(str(name), "", "the items of the loop are unknown")
        elif str(name).startswith("Fn::"):
            yield Unchecked(str(name), "", f"what {name} adds to the template is unknown")
        elif _is_unreadable(value, evaluator):
            yield Unchecked(str(name), "Properties", "its properties are unknown")


def _is_unreadable(resource: Any, evaluator: Evaluator) -> bool:
    """Whether it is a part of an API with unknown properties."""
    if not isinstance(resource, Mapping) or not str(resource.get("Type")).startswith(_JUDGED):
        return False
    try:
        evaluator.fields(resource.get("Properties"))
    except Unreadable:
        return True
    return False


def _of_resource(resource: Resource) -> Iterator[Unchecked]:
    if resource.type in _NESTED:
        yield Unchecked(resource.id, "", _NESTED[resource.type])
    elif resource.type.endswith("::MODULE"):
        yield Unchecked(resource.id, "", "the resources of a module are not in the template")
    for name in _HTTP_APIS.get(resource.type, ()):
        if name in resource.properties and _may_be_s3(resource.properties[name]):
            what = "it is an HTTP API; only REST APIs are checked"
            yield Unchecked(resource.id, f"Properties/{name}", what)


def _may_be_s3(value: Any) -> bool:
    """Whether a document, its place, or a URL may be one of S3."""
    texts = [part for _, part in walk(value) if isinstance(part, str)]
    return any("s3" in text.lower() or "WebsiteURL" in text for text in texts)
