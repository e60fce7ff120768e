"""Where an update widens access: more people, or weaker conditions, than in the deployed template.

Narrowing and neutral changes are left out. A value that only CloudFormation knows counts as wider
if it changed, since nothing shows that it is not.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, function_of
from readmodel_cfn.cloudformation.resources import references
from readmodel_cfn.deploy.access_rules import API, METHOD, is_true, text_of, widens
from readmodel_cfn.deploy.routes import methods_of, routes_of, unnamed
from readmodel_cfn.deploy.statements import allows_named, widened_policy

Template = Mapping[str, Any]

_STAGE = "AWS::ApiGateway::Stage"
_ORIGIN_OF_S3 = "integration.response.header.Access-Control-Allow-Origin"
_SCOPES = "AuthorizationScopes"
_KEY_REQUIRED = "ApiKeyRequired"
_USAGE_PLAN_KEY = "AWS::ApiGateway::UsagePlanKey"
_KEY_ATTRIBUTE = 'SecretAccessKey"'  # the end of a GetAtt, as a list or as one string
# In a list of objects these properties say which item is which.
_ITEM_KEYS = ("StatusCode", "ResourcePath", "HttpMethod", "Id", "Key", "PolicyName")
# Types of which each new resource grants something, and of which each removed one protected.
_GRANTS = ("AWS::IAM::AccessKey", "AWS::IAM::InstanceProfile", "AWS::Lambda::Permission")
_PROTECTIONS = ("AWS::WAFv2::WebACLAssociation", "AWS::WAFRegional::WebACLAssociation")


class Access:
    """Compares the resources of two templates."""

    def __init__(self, before: Template, after: Template) -> None:
        self._before, self._after = before, after
        self._evaluators = Evaluator(before), Evaluator(after)
        self._routes = routes_of(after)
        self._renamed = _renamed_methods(before, after)
        self._s3_origins = frozenset(_bucket_origins(before))

    def widened(self, logical_id: str) -> tuple[str, ...]:
        """The paths of a resource, such as /Properties/Policies, where access widens.

        The path of a whole resource is /Properties.
        """
        new = _resource(self._after, logical_id)
        old = _resource(self._before, self._renamed.get(logical_id, logical_id))
        type_ = str((new or old).get("Type"))
        if self._whole(type_, old, new):
            return ("/Properties",)
        if type_ == _USAGE_PLAN_KEY and not old and self._keys_only_narrow():
            return ()
        before, after = (found.get("Properties") or {} for found in (old, new))
        if not isinstance(before, Mapping) or not isinstance(after, Mapping):
            return ()
        found = [*self._policies(logical_id, type_, before, after)]
        if new:  # what a removed resource allowed is no longer allowed
            found += self._values(type_, before, after)
        elif not self._is_target_kept(before):
            return ()
        return tuple(dict.fromkeys(found))

    def newly_shown_keys(self) -> list[str]:
        """The outputs that now have a secret access key: who may describe the stack can read it."""
        old, new = (_key_outputs(found) for found in (self._before, self._after))
        return [name for name in new if name not in old]

    def _whole(self, type_: str, old: Template, new: Template) -> bool:
        added, removed = not old, not new
        if added and type_ == METHOD:
            return _serves_anyone(new.get("Properties"))
        return (added and type_ in _GRANTS) or (removed and type_ in _PROTECTIONS)

    def _keys_only_narrow(self) -> bool:
        """Whether anybody could call before, without a key, each method that requires one now."""
        keyed = [name for name in self._after.get("Resources", {}) if self._requires_key(name)]
        before = (_resource(self._before, self._renamed.get(name, name)) for name in keyed)
        return bool(keyed) and all(_serves_anyone(method.get("Properties")) for method in before)

    def _requires_key(self, logical_id: str) -> bool:
        found = _resource(self._after, logical_id)
        properties = found.get("Properties") or {}
        return found.get("Type") == METHOD and is_true(properties.get(_KEY_REQUIRED))

    def _is_target_kept(self, properties: Mapping[str, Any]) -> bool:
        """Whether what a removed policy belongs to, such as a bucket, is still in the template."""
        kept = self._after.get("Resources", {})
        named = [properties[name] for name in ("Bucket", "SecretId") if name in properties]
        return all(name.partition(".")[0] in kept for name in references(named))

    def _policies(
        self, logical_id: str, type_: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> Iterator[str]:
        for name in dict.fromkeys([*before, *after]):
            old, new = before.get(name), after.get(name)
            if old == new or not any(map(_is_policy, (old, new))):
                continue
            if type_ == API and (old is None or new is None):
                # Without a policy all may call it, except methods with AWS_IAM.
                wider = new is None or allows_named(logical_id, new, self._evaluators[1])
            else:
                wider = widened_policy(logical_id, (old, new), self._evaluators)
            if wider:
                yield f"/Properties/{name}"

    def _values(
        self, type_: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> Iterator[str]:
        if type_ == _STAGE:
            before, after = _all_settings(before, after), _all_settings(after, before)
        for steps, old, new in _leaves(before, after):
            place = "/".join(step for step in steps if not step.startswith("["))
            narrows = old == _ORIGIN_OF_S3 and text_of(new) in self._s3_origins
            if narrows or self._of_removed_route(steps):
                continue
            if widens(type_, place, old, new):
                yield f"/Properties/{place}"
        if type_ == METHOD and before.get(_SCOPES) and not after.get(_SCOPES):  # any token will do
            yield f"/Properties/{_SCOPES}"

    def _of_removed_route(self, steps: tuple[str, ...]) -> bool:
        """Whether it is a stage's setting for a path that the new template does not serve."""
        if steps[0] != "MethodSettings" or len(steps) < 2:
            return False
        path = steps[1].partition("ResourcePath=")[2].partition(";")[0]
        return (
            path not in ("/*", "")
            and path.removeprefix("/~1").replace("~1", "/") not in self._routes
        )


def _bucket_origins(template: Template) -> Iterator[str]:
    """The origins that the CORS rules of the template's buckets allow."""
    resources = template.get("Resources")
    for name in resources if isinstance(resources, Mapping) else ():
        bucket = _resource(template, name)
        if bucket.get("Type") == "AWS::S3::Bucket":
            for steps, _, origin in _leaves(None, bucket.get("Properties")):
                if steps[:1] == ("CorsConfiguration",) and "AllowedOrigins" in steps:
                    yield str(origin)


def _key_outputs(template: Template) -> list[str]:
    """The outputs whose value refers to a secret access key."""
    outputs = template.get("Outputs")
    found = outputs.items() if isinstance(outputs, Mapping) else ()
    return [
        str(name) for name, output in found if _KEY_ATTRIBUTE in json.dumps(output, default=str)
    ]


def _resource(template: Template, logical_id: str) -> Mapping[str, Any]:
    resources = template.get("Resources")
    found = resources.get(logical_id) if isinstance(resources, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _serves_anyone(properties: Any) -> bool:
    """Whether anybody can call a method; a MOCK integration serves no data."""
    if not isinstance(properties, Mapping):
        return False
    integration = properties.get("Integration")
    mock = isinstance(integration, Mapping) and integration.get("Type") == "MOCK"
    anyone = properties.get("AuthorizationType", "NONE") == "NONE"
    return anyone and not mock and not is_true(properties.get(_KEY_REQUIRED))


def _renamed_methods(before: Template, after: Template) -> dict[str, str]:
    """The old logical ID of each new method whose path had only other names of parameters."""
    old, new = methods_of(before), methods_of(after)
    ids = {(unnamed(path), verb): name for name, (path, verb) in old.items()}
    return {
        name: ids[unnamed(path), verb]
        for name, (path, verb) in new.items()
        if name not in old and (unnamed(path), verb) in ids
    }


def _all_settings(own: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stage's properties with a setting for each method that has one in the other stage.

    The stage's settings apply to a method without its own.
    """
    settings, others = _settings_by_method(own), _settings_by_method(other)
    of_stage = settings.get(("/*", "*"), {})
    missing = [
        {**of_stage, "ResourcePath": path, "HttpMethod": verb}
        for path, verb in others
        if (path, verb) not in settings
    ]
    return {**own, "MethodSettings": [*settings.values(), *missing]} if missing else own


def _settings_by_method(stage: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    items = stage.get("MethodSettings")
    return {
        (str(item.get("ResourcePath")), str(item.get("HttpMethod"))): item
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, Mapping)
    }


def _is_policy(value: Any) -> bool:
    """Whether it is a policy document, or a list of inline policies."""
    if isinstance(value, list):
        return any(isinstance(item, Mapping) and "PolicyDocument" in item for item in value)
    return isinstance(value, Mapping) and "Statement" in value


def _leaves(before: Any, after: Any, steps: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any, Any]]:
    """The smallest values that differ; a missing object counts as an empty one.

    The items of a list are compared with those that have the same key, whatever their order; the
    step for an item begins with `[`.
    """
    if before == after:
        return
    if function_of(before) or function_of(after):
        yield steps, before, after
    elif _all(Mapping, before, after):
        old, new = before or {}, after or {}
        for name in dict.fromkeys([*old, *new]):
            yield from _leaves(old.get(name), new.get(name), (*steps, str(name)))
    elif _all(list, before, after):
        old, new = _keyed(before or []), _keyed(after or [])
        for name in dict.fromkeys([*old, *new]):
            yield from _leaves(old.get(name), new.get(name), (*steps, f"[{name}"))
    else:
        yield steps, before, after


def _all(kind: type, *values: Any) -> bool:
    present = [value for value in values if value is not None]
    return all(isinstance(value, kind) for value in present)


def _keyed(items: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, item in enumerate(items):
        if isinstance(item, Mapping):
            keys = [f"{key}={item[key]}" for key in _ITEM_KEYS if key in item]
            name = ";".join(keys) or str(number)
        else:
            name = str(item)
        found[name] = item
    return found
