"""What decides the responses of an API and is not evaluated, such as a mapping template with logic.

The names are those that `serve` lists, and that its 501 contains. Signatures of AWS_IAM and the
values that AWS generates for API keys are no part of them: `serve` lacks them, but an allowed
reader gets the same responses.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from readmodel_cfn.analysis.unchecked import Unchecked
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.json_pointer import escaped
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.rest_api.features import (
    Feature,
    api_key_features,
    gateway_response_features,
    method_features,
)
from readmodel_cfn.cloudformation.values import Unknown, fill

_API_GATEWAY = "AWS::ApiGateway::"
# The audit looks at integrations and patterns itself: see `integrations` and the rules.
_LOOKED_AT = ("Type", "Uri", "Credentials", "SelectionPattern")
_TEXTS = ("RequestParameters", "RequestTemplates", "ResponseParameters", "ResponseTemplates")


def not_evaluated(view: View) -> Iterator[Unchecked]:
    """The features of the methods that call S3 or are a MOCK, and of gateway responses."""
    validators = dict(_validators(view))
    keys = list(_keys_of_other_templates(view))
    judged = {m.id for m in view.methods if m.uri or m.integration_type == "MOCK"}
    for resource in view.of(f"{_API_GATEWAY}Method"):
        if resource.id in judged:
            definition = _definition(view, resource)
            api = {"requestValidators": validators, "keysWithoutValue": keys}
            api |= {"apiKeySource": _key_source(view, resource)}
            features = [*method_features(definition, api), *api_key_features(definition, api)]
            yield from _unchecked(
                view, resource, (own for own in features if own[1][-1] not in _LOOKED_AT)
            )
    for resource in view.of(f"{_API_GATEWAY}GatewayResponse"):
        definition = _definition(view, resource)
        yield from _unchecked(view, resource, gateway_response_features(definition))


def _validators(view: View) -> Iterator[tuple[str, dict[str, Any]]]:
    for resource in view.of(f"{_API_GATEWAY}RequestValidator"):
        yield resource.id, _definition(view, resource)


def _key_source(view: View, method: Resource) -> Any:
    """Where the method's API reads an API key from; None if it does not say so."""
    api = view.text(method.properties.get("RestApiId"))
    for resource in view.of(f"{_API_GATEWAY}RestApi"):
        if view.text({"Ref": resource.id}) == api:
            return _definition(view, resource).get("apiKeySourceType")
    return None


def _keys_of_other_templates(view: View) -> Iterator[str]:
    """The API keys of usage plans that are not in the template."""
    listed = [view.text({"Ref": resource.id}) for resource in view.of(f"{_API_GATEWAY}ApiKey")]
    for link in view.of(f"{_API_GATEWAY}UsagePlanKey"):
        key = view.text(link.properties.get("KeyId"))
        if key not in listed:
            yield str(key)


def _definition(view: View, resource: Resource) -> dict[str, Any]:
    """The properties in the format of API Gateway's API; what is unknown is left out."""
    made = _camel_case(view, resource.properties)
    integration = resource.properties.get("Integration")
    if integration is not None:
        made["methodIntegration"] = _integration(view, integration)
    return made


def _integration(view: View, integration: Any) -> dict[str, Any]:
    fields = view.evaluator.evaluate(integration)
    fields = fields if isinstance(fields, Mapping) else {}
    responses = fields.get("IntegrationResponses")
    listed = responses if isinstance(responses, list) else []
    by_index = {index: _camel_case(view, response) for index, response in enumerate(listed)}
    return {**_camel_case(view, fields), "integrationResponses": by_index}


def _camel_case(view: View, properties: Any) -> dict[str, Any]:
    """The properties that are texts, booleans, or objects of texts (a boolean becomes one)."""
    made: dict[str, Any] = {}
    for name, value in properties.items() if isinstance(properties, Mapping) else ():
        known = _known(view.evaluator.evaluate(value))
        if name in _TEXTS:
            if not isinstance(known, Mapping):
                continue
            known = {key: str(own) for key, own in known.items() if isinstance(own, str | bool)}
        elif not isinstance(known, str | bool) and name != "RequestModels":
            continue
        made[name[:1].lower() + name[1:]] = known
    return made


def _known(value: Any) -> Any:
    """The value, with a logical ID or a letter in place of what only a stack knows."""
    if isinstance(value, Unknown) and not value.logical_id:
        return None
    return fill(value, lambda part: part.logical_id or "x")


def _unchecked(view: View, resource: Resource, features: Iterable[Feature]) -> Iterator[Unchecked]:
    for feature, keys in features:
        path = "/".join(("Properties", *(escaped(str(key)) for key in keys)))
        what = f"{feature} is not evaluated"
        yield view.at_its_place(Unchecked(resource.id, path, what))
