"""The types of the resource properties that are read from a template.

A value of another type is an error that names the property; numbers and booleans count as text, as
they do for CloudFormation. Other properties are not checked, and null properties are removed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from readmodel_cfn.cloudformation.values import as_text
from readmodel_cfn.local.gateway.definition import DefinitionError
from readmodel_cfn.printable import shortened

Path = tuple[str | int, ...]
Type = Callable[[Any, Path], Any]
"""Checks a value at a path in the template, and returns it."""


def typed(properties: Any, type_: Type, logical_id: str) -> dict[str, Any]:
    """The properties of a resource, after a check of their types.

    Raises:
        DefinitionError: a property has the wrong type.
    """
    found: dict[str, Any] = type_(properties or {}, ("Resources", logical_id, "Properties"))
    return found


def anything(value: Any, _: Path) -> Any:
    """A value of any type."""
    return value


def text(value: Any, path: Path) -> str:
    """A text, a number or a boolean."""
    if not isinstance(value, str | int | float):
        raise _wrong(value, path, "a text")
    return str(as_text(value))


def number(value: Any, path: Path) -> float:
    """A number, also as a text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise _wrong(value, path, "a number") from None


def boolean(value: Any, path: Path) -> bool:
    """A boolean, or the text true or false."""
    if str(value).lower() not in ("true", "false"):
        raise _wrong(value, path, "true or false")
    return str(value).lower() == "true"


def record(**types: Type) -> Type:
    """An object with properties of these types."""

    def check(value: Any, path: Path) -> dict[str, Any]:
        fields: dict[str, Any] = mapping(anything)(value, path)
        return fields | {
            name: type_(fields[name], (*path, name))
            for name, type_ in types.items()
            if name in fields
        }

    return check


def mapping(item: Type) -> Type:
    """An object with any names, and values of one type."""

    def check(value: Any, path: Path) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong(value, path, "an object")
        return {
            str(name): item(below, (*path, str(name)))
            for name, below in value.items()
            if below is not None
        }

    return check


def sequence(item: Type) -> Type:
    """A list of values of one type."""

    def check(value: Any, path: Path) -> list[Any]:
        if not isinstance(value, list):
            raise _wrong(value, path, "a list")
        return [item(below, (*path, index)) for index, below in enumerate(value)]

    return check


def one_or_more(item: Type) -> Type:
    """A value of a type, or a list of them."""

    def check(value: Any, path: Path) -> list[Any]:
        return [*sequence(item)(value if isinstance(value, list) else [value], path)]

    return check


def _wrong(value: Any, path: Path, expected: str) -> DefinitionError:
    *_, name = path
    return DefinitionError(
        str(path[1]), f"{name} is {shortened(repr(value))}, not {expected}", path
    )


_THROTTLE = record(BurstLimit=number, RateLimit=number)
_MAPPINGS = {"ResponseParameters": mapping(text), "ResponseTemplates": mapping(text)}

API_GATEWAY: Mapping[str, Type] = {
    "RestApi": record(
        BinaryMediaTypes=sequence(text), MinimumCompressionSize=text, ApiKeySourceType=text
    ),
    "Resource": record(RestApiId=text, ParentId=text, PathPart=text),
    "Method": record(
        RestApiId=text,
        ResourceId=text,
        HttpMethod=text,
        AuthorizationType=text,
        ApiKeyRequired=boolean,
        RequestValidatorId=text,
        RequestParameters=mapping(anything),
        RequestModels=mapping(text),
        MethodResponses=sequence(
            record(StatusCode=text, ResponseParameters=mapping(anything)),
        ),
        Integration=record(
            Type=text,
            IntegrationHttpMethod=text,
            Uri=text,
            Credentials=text,
            ContentHandling=text,
            PassthroughBehavior=text,
            RequestParameters=mapping(text),
            RequestTemplates=mapping(text),
            IntegrationResponses=sequence(
                record(StatusCode=text, SelectionPattern=text, ContentHandling=text, **_MAPPINGS),
            ),
        ),
    ),
    "GatewayResponse": record(RestApiId=text, ResponseType=text, StatusCode=text, **_MAPPINGS),
    "RequestValidator": record(
        RestApiId=text, ValidateRequestBody=boolean, ValidateRequestParameters=boolean
    ),
    "Model": record(RestApiId=text, Name=text),
    "ApiKey": record(Enabled=boolean, Value=text),
    "UsagePlan": record(
        ApiStages=sequence(record(ApiId=text, Stage=text, Throttle=mapping(_THROTTLE))),
        Throttle=_THROTTLE,
        Quota=record(Limit=number),
    ),
    "UsagePlanKey": record(KeyId=text, UsagePlanId=text),
    "Stage": record(RestApiId=text, StageName=text, Variables=mapping(text)),
    "Deployment": record(
        RestApiId=text, StageName=text, StageDescription=record(Variables=mapping(text))
    ),
}
"""API Gateway's resources, by their short type."""

_DOCUMENT = record(
    Statement=one_or_more(
        record(
            Effect=text,
            Action=one_or_more(text),
            Resource=one_or_more(text),
            Condition=mapping(mapping(one_or_more(text))),
        )
    )
)

IAM: Mapping[str, Type] = {
    "Role": record(
        RoleName=text,
        ManagedPolicyArns=sequence(text),
        Policies=sequence(record(PolicyDocument=_DOCUMENT)),
    ),
    "Policy": record(Roles=sequence(text), PolicyDocument=_DOCUMENT),
    "ManagedPolicy": record(Roles=sequence(text), PolicyDocument=_DOCUMENT),
}
"""IAM's resources, by their short type."""
