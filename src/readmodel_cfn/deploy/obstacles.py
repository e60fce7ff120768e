"""Obstacles: updates that CloudFormation would start and then fail, found in the two templates.

CloudFormation creates new resources before it deletes old ones, so the update fails if both cannot
exist at once. One would not fail, but change nothing. Nothing here calls AWS.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.values import reference_of
from readmodel_cfn.deploy.physical_names import (
    NAMINGS,
    Resources,
    name_properties,
    properties_of,
    unconditional_resources,
)
from readmodel_cfn.limits import ACCESS_KEYS

_STAGE, _DEPLOYMENT = "AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment"
_API, _ACCESS_KEY = "AWS::ApiGateway::RestApi", "AWS::IAM::AccessKey"
_DISTRIBUTION, _CLOUDFRONT_REGION = "AWS::CloudFront::Distribution", "us-east-1"
_WITHOUT_CLOUDFRONT = ("cn-", "us-gov-")
_RESOURCE, _METHOD = "AWS::ApiGateway::Resource", "AWS::ApiGateway::Method"
_NEW_STACK = (
    "deploy under another stack name, switch the clients to the new URL, then delete this stack"
)
Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Obstacle:
    """Why an update would fail: the logical ID, what is wrong, and what to do."""

    where: str
    what: str
    hint: str


def obstacles(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[Obstacle]:
    """All known reasons why an update from one template to the other would fail.

    Resources with a condition are ignored: whether they exist is unknown here.
    """
    if before is None:
        return []
    old, new = unconditional_resources(before), unconditional_resources(after)
    paths = _api_resources(old), _api_resources(new)
    stages = [*_inline_stages(old, new), *_lost_stages(old, new)]
    first = [*_changed_types(old, new), *stages, *_path_parts(*paths)]
    names, keys = _duplicate_names(old, new), _third_keys(old, new)
    return [*first, *names, *keys, *_kept_policies(old, new)]


def cloudfront_obstacles(after: Mapping[str, Any], region: str | None) -> list[Obstacle]:
    """What CloudFront does not have in the region of the stack.

    Certificates and web ACLs it takes from us-east-1 only. GovCloud has no CloudFront, and China's
    has neither certificates of ACM nor origin access controls, and serves no distribution at its
    own name.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
    https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html
    https://docs.aws.amazon.com/solutions/latest/distributed-load-testing-on-aws/deploy-govcloud.html
    https://docs.amazonaws.cn/en_us/aws/latest/userguide/cloudfront.html
    """
    if region is None or region == _CLOUDFRONT_REGION:
        return []
    made = unconditional_resources(after)
    if region.startswith(_WITHOUT_CLOUDFRONT):
        what = f"a stack in {region} can have no CloudFront distribution like this one"
        hint = "remove [cdn], or deploy the stack in another region"
        distributions = [name for name, each in made.items() if each.get("Type") == _DISTRIBUTION]
        return [Obstacle(name, what, hint) for name in distributions]
    used = json.dumps([each for each in made.values() if each.get("Type") == _DISTRIBUTION])
    found = []
    for name, resource in made.items():
        kind, scope = resource.get("Type"), properties_of(resource).get("Scope")
        if kind == "AWS::WAFv2::WebACL" and scope == "CLOUDFRONT":
            found.append(_elsewhere(name, "web ACLs", "web_acl under [waf]"))
        elif kind == "AWS::CertificateManager::Certificate" and f'{{"Ref": "{name}"}}' in used:
            found.append(_elsewhere(name, "certificates", "certificate under [cdn]"))
    return found


def _elsewhere(name: str, what: str, setting: str) -> Obstacle:
    hint = f"give the ARN of one with {setting}, or deploy the stack in {_CLOUDFRONT_REGION}"
    return Obstacle(name, f"CloudFront accepts {what} of {_CLOUDFRONT_REGION} only", hint)


def removed_methods(before: Any, after: Mapping[str, Any]) -> list[str]:
    """The logical IDs of the API methods that an update removes.

    CloudFormation deletes them after it created the new deployment, so they are still in the
    deployment's snapshot. `before` is None for a new stack, and text for a template in YAML.
    """
    if not isinstance(before, Mapping):
        return []
    return [
        logical_id
        for logical_id, resource in unconditional_resources(before).items()
        if resource["Type"] == _METHOD and logical_id not in after["Resources"]
    ]


def _changed_types(old: Resources, new: Resources) -> Iterator[Obstacle]:
    """Resources whose type changes ("Update of resource type is not permitted").

    https://github.com/aws/aws-sam-cli/issues/6786
    """
    for logical_id, resource in new.items():
        before = old.get(logical_id, resource)["Type"]
        if before != resource["Type"]:
            what = f"its type would change from {before} to {resource['Type']}"
            yield Obstacle(logical_id, what, "deploy once without it, then once with it")


def _inline_stages(old: Resources, new: Resources) -> Iterator[Obstacle]:
    """New stages that the deployed stack's Deployment has created, as in the article."""
    created = [
        stage
        for resource in old.values()
        if resource["Type"] == _DEPLOYMENT and (stage := _stage(resource))
    ]
    for logical_id, resource in new.items():
        added = resource["Type"] == _STAGE and logical_id not in old
        if added and _stage(resource) in created:
            what = "the stage exists: the deployed stack's AWS::ApiGateway::Deployment created it"
            yield Obstacle(logical_id, what, _NEW_STACK)


def _lost_stages(old: Resources, new: Resources) -> Iterator[Obstacle]:
    """Stages that a new Deployment names, although their own resource is deleted."""
    named = [
        stage
        for resource in new.values()
        if resource["Type"] == _DEPLOYMENT and (stage := _stage(resource))
    ]
    for logical_id, resource in old.items():
        removed = resource["Type"] == _STAGE and logical_id not in new
        if removed and _stage(resource) in named:
            what = "the stage would be deleted, although the new AWS::ApiGateway::Deployment has it"
            yield Obstacle(logical_id, what, _NEW_STACK)


def _stage(resource: Mapping[str, Any]) -> tuple[Any, Any] | None:
    properties = properties_of(resource)
    if "StageName" not in properties:
        return None
    return properties.get("RestApiId"), properties["StageName"]


def _api_resources(resources: Resources) -> dict[str, Properties]:
    """The properties of the API's resources, each a part of a path."""
    return {
        logical_id: properties_of(resource)
        for logical_id, resource in resources.items()
        if resource["Type"] == _RESOURCE
    }


def _path_parts(old: Mapping[str, Properties], new: Mapping[str, Properties]) -> Iterator[Obstacle]:
    """Path parts that are created while API Gateway still has one that excludes them."""
    created = _created(old, new)
    for logical_id, part in new.items():
        if logical_id not in created or _parent(part) in created:  # nothing is below a new part
            continue
        for other, old_part in old.items():
            if _place(old_part) == _place(part) and _exclude(old_part, part):
                stays = other in new.keys() - created
                yield _path_obstacle(logical_id, other, old, new, stays=stays)


def _created(old: Mapping[str, Properties], new: Mapping[str, Properties]) -> set[str]:
    """The parts that are created: new ones, changed ones (replaced), and all below them."""
    created = {logical_id for logical_id, part in new.items() if old.get(logical_id) != part}
    while (
        below := {logical_id for logical_id, part in new.items() if _parent(part) in created}
        - created
    ):
        created |= below
    return created


def _parent(part: Properties) -> str | None:
    """The logical ID of the parent resource, or the API's attribute for the root."""
    return reference_of(Evaluator({}).evaluate(part.get("ParentId")))


def _place(part: Properties) -> tuple[Any, Any]:
    return part.get("RestApiId"), part.get("ParentId")


def _exclude(part: Properties, other: Properties) -> bool:
    """Whether both are the same or both are variables; API Gateway allows one of them."""
    names = part.get("PathPart"), other.get("PathPart")
    variable = [isinstance(name, str) and name.startswith("{") for name in names]
    return names[0] == names[1] or all(variable)


def _path_obstacle(
    logical_id: str,
    other: str,
    old: Mapping[str, Properties],
    new: Mapping[str, Properties],
    *,
    stays: bool,
) -> Obstacle:
    path = _path(logical_id, new)
    part, taken = new[logical_id].get("PathPart"), old[other].get("PathPart")
    if part == taken:
        what = f"{path} would be created while {other} still has this path"
        rule = f"name the resource {other}"
    else:
        what = (
            f"{path} would be created while {taken} still exists: API Gateway allows one variable "
            "below a resource"
        )
        rule = f"name the variable {taken}"
    if stays:
        return Obstacle(logical_id, what, rule)
    twice = f"deploy once without {path} and all paths below it, then once with them"
    return Obstacle(logical_id, what, f"{rule}, or {twice}")


def _path(logical_id: str, parts: Mapping[str, Properties]) -> str:
    """The path of an API resource, as a route has it."""
    path: list[str] = []
    current: Any = logical_id
    while current in parts and len(path) < len(parts):
        path.insert(0, str(parts[current].get("PathPart")))
        current = _parent(parts[current])
    return "/".join(path)


def _duplicate_names(old: Resources, new: Resources) -> Iterator[Obstacle]:
    """New resources with the physical name of an old resource that is deleted only later.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
    """
    names = _named(old)
    for logical_id, kind, name in _named(new):
        owner = next((other for other, *found in names if found == [kind, name]), None)
        if (logical_id, kind, name) in names:
            yield from _replaced(logical_id, old[logical_id], new[logical_id])
        elif owner:
            what = f"its {_shown(name)} still belongs to {owner} when it is created"
            yield Obstacle(logical_id, what, f"name the resource {owner}, or choose another name")


def _third_keys(old: Resources, new: Resources) -> Iterator[Obstacle]:
    """Access keys that are created while their user still has as many as IAM allows.

    A key is replaced if its Serial or its user changes.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-accesskey.html
    """
    before, after = _access_keys(old), _access_keys(new)
    for user in dict.fromkeys(name for name, _ in after.values()):
        existing = [key for key, (name, _) in before.items() if name == user]
        created = [key for key in after if after[key][0] == user and before.get(key) != after[key]]
        if created and (count := len(existing) + len(created)) > ACCESS_KEYS:
            what = f"its user would have {count} access keys, and IAM allows {ACCESS_KEYS}"
            hint = "deploy the present serial without keep_previous_key first, then raise it by 1"
            yield Obstacle(created[-1], what, hint)


def _access_keys(resources: Resources) -> dict[str, tuple[str, Any]]:
    """The user, as JSON, and the serial number of each access key."""
    return {
        logical_id: (json.dumps(properties.get("UserName")), properties.get("Serial"))
        for logical_id, resource in resources.items()
        if resource["Type"] == _ACCESS_KEY
        for properties in [properties_of(resource)]
    }


def _kept_policies(old: Resources, new: Resources) -> Iterator[Obstacle]:
    """Resource policies of an API that the update removes, which CloudFormation does not do.

    Whom the policy allows could still read. A policy that replaces it is applied.
    https://github.com/aws/aws-cdk/issues/21840
    """
    for logical_id, resource in new.items():
        before = old.get(logical_id, {})
        if resource["Type"] == before.get("Type") == _API:
            had, has = ("Policy" in properties_of(each) for each in (before, resource))
            if had and not has:
                what = "the API would keep its resource policy, which CloudFormation only replaces"
                hint = (
                    "replace it under [access]: source_ips = ['0.0.0.0/0', '::/0'] allows every "
                    "address, and with auth = 'iam' the account's ID in principals nobody else"
                )
                yield Obstacle(logical_id, what, hint)


def _named(resources: Resources) -> list[tuple[str, str, Properties]]:
    """The resources with a physical name: logical ID, type, and the properties that name it."""
    return [
        (logical_id, resource["Type"], name)
        for logical_id, resource in resources.items()
        if (name := name_properties(resource))
    ]


def _replaced(
    logical_id: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Obstacle]:
    old, new = properties_of(before), properties_of(after)
    create_only = NAMINGS[after["Type"]].create_only
    changed = [name for name in create_only if old.get(name) != new.get(name)]
    if changed:
        properties, shown = " and ".join(changed), _shown(name_properties(after) or {})
        what = f"a change of {properties} replaces it, while the old resource still has its {shown}"
        hint = f"choose another name, or do not change {properties}"
        yield Obstacle(logical_id, what, hint)


def _shown(name: Properties) -> str:
    *_, (property_, value) = name.items()
    return f"{property_} {value}" if isinstance(value, str) else property_
