"""What a stack makes public and who may write, in one sentence. No AWS calls."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.patterns import covers
from readmodel_cfn.cloudformation.policies import Statement, parse_policy
from readmodel_cfn.cloudformation.resources import Resource, references, resources
from readmodel_cfn.deploy.routes import routes_of
from readmodel_cfn.plural import counted

_IDENTITIES = {
    "AWS::IAM::User": "IAM user",
    "AWS::IAM::Role": "IAM role",
    "AWS::IAM::Group": "IAM group",
    "AWS::IAM::ManagedPolicy": "IAM policy",
    "AWS::IAM::Policy": "IAM policy",
}
_API = "AWS::ApiGateway::RestApi"
_WRITES = ("s3:PutObject", "s3:DeleteObject")
_SHOWN = 3  # keys of a writer; the template has all of them


def exposure(template: Mapping[str, Any]) -> str:
    """The sentence, such as `Public: GET/HEAD of 3 routes by anyone. Writes: IAM user ...`."""
    evaluator = Evaluator(template)
    found = resources(template, evaluator)
    writers = list(_writers(found, evaluator))
    return f"Public: {_public(template, found)}. Writes: {'; '.join(writers) or 'nobody'}."


def exposure_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What is public before and after an update, if it is no longer the same readers; or empty.

    Added and removed routes are no such change.
    """
    old, new = (
        _public(template, resources(template, Evaluator(template))) for template in (before, after)
    )
    readers = [text.partition(" by ")[2] for text in (old, new)]
    return f"Public: {old} -> {new}." if readers[0] != readers[1] else ""


def _public(template: Mapping[str, Any], found: Mapping[str, Resource]) -> str:
    open_ = {
        name: resource
        for name, resource in found.items()
        if resource.type == "AWS::ApiGateway::Method"
        and resource.properties.get("HttpMethod") != "OPTIONS"
        and resource.properties.get("AuthorizationType", "NONE") == "NONE"
        and not resource.properties.get("ApiKeyRequired")
    }
    if not open_ or _is_private(found):
        return "nothing"
    closed = {
        name for name, resource in found.items() if resource.type == "AWS::ApiGateway::Method"
    } - set(open_)
    kept = {name: item for name, item in template["Resources"].items() if name not in closed}
    verbs = dict.fromkeys(str(item.properties.get("HttpMethod")) for item in open_.values())
    paths = routes_of({**template, "Resources": kept})
    limited = " whom the API's resource policy allows" if _has_policy(found) else ""
    return f"{'/'.join(verbs)} of {counted(len(paths), 'route')} by anyone{limited}"


def _is_private(found: Mapping[str, Resource]) -> bool:
    """Whether all APIs are private: only readers in a VPC reach them."""
    apis = [item.properties for item in found.values() if item.type == _API]
    endpoints = [api.get("EndpointConfiguration") for api in apis]
    return bool(apis) and all(
        isinstance(endpoint, Mapping) and endpoint.get("Types") == ["PRIVATE"]
        for endpoint in endpoints
    )


def _has_policy(found: Mapping[str, Resource]) -> bool:
    apis = (item for item in found.values() if item.type == _API)
    return any("Policy" in api.properties for api in apis)


def _writers(found: Mapping[str, Resource], evaluator: Evaluator) -> Iterator[str]:
    attached = {name: _attached_to(item) & found.keys() for name, item in found.items()}
    for name, resource in found.items():
        if resource.type == "AWS::S3::BucketPolicy":
            yield from _by_bucket_policy(resource, evaluator)
        if resource.type not in _IDENTITIES or attached[name]:
            continue
        policies = [found[other] for other, names in attached.items() if name in names]
        allowed = [
            statement
            for policy in (resource, *policies)
            for statement in _statements(policy, evaluator)
            if statement.allows and any(map(statement.may, _WRITES))
        ]
        if allowed:
            who = f"{_IDENTITIES[resource.type]} {name}{_trust(resource, evaluator)}"
            yield f"{who} with {_grant(allowed)}"


def _attached_to(resource: Resource) -> set[str]:
    """The identities of the template that a policy is attached to."""
    if resource.type not in _IDENTITIES:
        return set()
    named = [resource.properties.get(kind) for kind in ("Users", "Roles", "Groups")]
    return {name.partition(".")[0] for name in references(named)}


def _statements(resource: Resource, evaluator: Evaluator) -> Iterator[Statement]:
    inline = resource.properties.get("Policies")
    values = [resource.properties.get("PolicyDocument")]
    if isinstance(inline, list):
        values += [policy.get("PolicyDocument") for policy in inline if isinstance(policy, Mapping)]
    for value in values:
        if value is not None:
            yield from parse_policy(value, resource.id, "", evaluator).statements


def _by_bucket_policy(resource: Resource, evaluator: Evaluator) -> Iterator[str]:
    for statement in _statements(resource, evaluator):
        if statement.allows and any(map(statement.may, _WRITES)):
            who = _names([str(name) for _, name in statement.principals])
            yield f"{'anyone' if who == '*' else who} with {_grant([statement])}"


def _trust(resource: Resource, evaluator: Evaluator) -> str:
    """Who may assume a role."""
    if resource.type != "AWS::IAM::Role":
        return ""
    document = resource.properties.get("AssumeRolePolicyDocument")
    statements = parse_policy(document, resource.id, "", evaluator).statements
    names = [name for item in statements if item.allows for name in _assuming(item)]
    return f" (assumed by {_names(names)})" if names else ""


def _assuming(statement: Statement) -> list[str]:
    """Its principals; of an OIDC provider the subjects, if it restricts them."""
    subjects = [
        str(value)
        for _, key, values in statement.conditions
        for value in values
        if key.endswith(":sub")
    ]
    return subjects or [str(name) for _, name in statement.principals]


def _grant(statements: Sequence[Statement]) -> str:
    actions = dict.fromkeys(
        action
        for statement in statements
        for action in statement.actions
        if any(covers(action.lower(), write.lower()) for write in _WRITES)
    )
    objects = [str(arn) for statement in statements for arn in statement.resources]
    return f"{', '.join(actions)} on {_names([_key(arn) for arn in objects])}"


def _key(arn: str) -> str:
    """The key of an object's ARN; the whole text if it has none."""
    return arn.partition("/")[2] or arn


def _names(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = len(unique) - _SHOWN
    return ", ".join(unique[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
