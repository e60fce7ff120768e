"""The custom domain names of an API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import PartialText

DOMAINS = (
    *("AWS::ApiGateway::DomainName", "AWS::ApiGateway::DomainNameV2"),
    "AWS::ApiGatewayV2::DomainName",
)
"""The types of domain names."""
MAPPINGS: Mapping[str, tuple[str, str, str]] = {
    "AWS::ApiGateway::BasePathMapping": ("RestApiId", "DomainName", "BasePath"),
    "AWS::ApiGateway::BasePathMappingV2": ("RestApiId", "DomainNameArn", "BasePath"),
    "AWS::ApiGatewayV2::ApiMapping": ("ApiId", "DomainName", "ApiMappingKey"),
}
"""The types that map a domain name to an API: their properties for the API, domain and path."""


@dataclass(frozen=True)
class DomainMapping:
    """A path of a domain name at which an API is reached.

    `resource` is the mapping, `domain` the domain name if it is in the template. `host` is the
    domain name itself, `path` is empty for the whole domain.
    """

    resource: Resource
    domain: Resource | None
    host: PartialText
    path: PartialText
    api: PartialText
    stage: PartialText


def domain_mappings(view: View) -> Iterator[DomainMapping]:
    """The mappings of all APIs."""
    for resource in view.resources.values():
        if resource.type in MAPPINGS:
            api, domain_name, path = MAPPINGS[resource.type]
            name = view.text(resource.properties.get(domain_name))
            domain = _domain(view, name)
            yield DomainMapping(
                resource=resource,
                domain=domain,
                host=view.text(domain.properties.get("DomainName")) if domain else name,
                path=view.text(resource.properties.get(path)),
                api=view.text(resource.properties.get(api)),
                stage=view.text(resource.properties.get("Stage")),
            )


def _domain(view: View, name: PartialText) -> Resource | None:
    for kind in DOMAINS:
        for domain in view.of(kind):
            values = (
                {"Ref": domain.id},
                {"Fn::GetAtt": [domain.id, "DomainNameArn"]},
                domain.properties.get("DomainName"),
            )
            if name and name in map(view.text, values):
                return domain
    return None
