"""An AWS::Serverless::Api as the resources that SAM makes of it.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-api.html
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from readmodel_cfn.cloudformation.resources import Resource

_API = "AWS::ApiGateway::"
_STAGE_PROPERTIES = (
    *("StageName", "Variables", "MethodSettings", "CacheClusterEnabled", "CacheClusterSize"),
    *("AccessLogSetting", "TracingEnabled", "CanarySetting"),
)


def with_globals(resource: Resource, template: Mapping[str, Any]) -> Resource:
    """The resource with the properties that the template's Globals give to every API."""
    sections = template.get("Globals")
    shared = sections.get("Api") if isinstance(sections, Mapping) else None
    if not isinstance(shared, Mapping):
        return resource
    return replace(resource, properties={**shared, **resource.properties})


def default_authorization(auth: Any) -> dict[str, Any]:
    """What an AWS::Serverless::Api requires of the methods that do not say it themselves.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiauth.html
    """
    if not isinstance(auth, Mapping):
        return {}
    found: dict[str, Any] = {}
    name = auth.get("DefaultAuthorizer")
    if name == "AWS_IAM":
        found["AuthorizationType"] = name
    elif isinstance(name, str) and name != "NONE":
        authorizers = auth.get("Authorizers")
        own = authorizers.get(name) if isinstance(authorizers, Mapping) else None
        is_pool = isinstance(own, Mapping) and "UserPoolArn" in own
        found["AuthorizationType"] = "COGNITO_USER_POOLS" if is_pool else "CUSTOM"
    if "ApiKeyRequired" in auth:
        found["ApiKeyRequired"] = auth["ApiKeyRequired"]
    return found


def sam_api(resource: Resource) -> list[Resource]:
    """The RestApi, its stage and its domain name.

    The logical IDs of the others are those by which a SAM template refers to them, such as
    `Api.Stage`.
    """
    own = dict(resource.properties)
    stage = {name: own.pop(name) for name in _STAGE_PROPERTIES if name in own}
    domain = own.pop("Domain", None)
    endpoint = own.get("EndpointConfiguration")
    if isinstance(endpoint, Mapping) and "Type" in endpoint:
        own["EndpointConfiguration"] = {**endpoint, "Types": [endpoint["Type"]]}
    types = own.get("BinaryMediaTypes")
    if isinstance(types, list):  # SAM writes the slash as in a JSON pointer
        own["BinaryMediaTypes"] = [
            media_type.replace("~1", "/") if isinstance(media_type, str) else media_type
            for media_type in types
        ]
    api = {"RestApiId": {"Ref": resource.id}}
    staged = f"{resource.id}.Stage"
    found = [
        replace(resource, type=f"{_API}RestApi", properties=own),
        Resource(staged, f"{_API}Stage", {**stage, **api}, ()),
    ]
    return found + (_domain(resource, domain, staged) if isinstance(domain, Mapping) else [])


def _domain(resource: Resource, domain: Mapping[str, Any], stage: str) -> list[Resource]:
    name = domain.get("DomainName")
    base = domain.get("BasePath")
    paths = base if isinstance(base, list) else [base]
    owner = f"{resource.id}.DomainName"
    return [
        Resource(owner, f"{_API}DomainName", {"DomainName": name}, ()),
        *(
            Resource(
                f"{resource.id}.BasePathMapping" + (str(number) if number else ""),
                f"{_API}BasePathMapping",
                {
                    "DomainName": {"Ref": owner},
                    "RestApiId": {"Ref": resource.id},
                    "Stage": {"Ref": stage},
                    **({"BasePath": path} if path else {}),
                },
                (),
            )
            for number, path in enumerate(paths)
        ),
    ]
