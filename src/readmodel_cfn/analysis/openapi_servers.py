"""The servers of the OpenAPI document: custom domain names, and API Gateway's own URL."""

from collections.abc import Callable, Iterator
from typing import Any

from readmodel_cfn.analysis.apis import Api
from readmodel_cfn.analysis.domains import DomainMapping, domain_mappings
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.values import PartialText, Text

Fill = Callable[[PartialText], str]


def servers(
    view: View, api: Api, fill: Fill, region: str | None, deployed: str | None = None
) -> list[dict[str, Any]]:
    """The URLs, custom domain names first; `fill` fills in what is known of a text.

    `deployed` is API Gateway's own URL, if it is known.
    """
    own = [_domain(mapping, fill) for mapping in domain_mappings(view) if mapping.api == api.id]
    if own and api.default_endpoint_disabled:
        return own
    server: dict[str, Any] = (
        {"url": deployed} if deployed else _execute_api(stage_names(view, api), region)
    )
    if api.default_endpoint_disabled:
        server["description"] = (
            "API Gateway's own URL is disabled; the domain name of the API is not in the template."
        )
    return [*own, server]


def _domain(mapping: DomainMapping, fill: Fill) -> dict[str, Any]:
    """The URL of a domain name; parts that are unknown are variables."""
    variables = dict(_variables({"domainName": mapping.host, "basePath": mapping.path}, fill))
    host = "{domainName}" if "domainName" in variables else fill(mapping.host)
    path = "{basePath}" if "basePath" in variables else fill(mapping.path).strip("/")
    url = f"https://{host}/{path}".rstrip("/")
    return {"url": url, **({"variables": variables} if variables else {})}


def _variables(parts: dict[str, PartialText], fill: Fill) -> Iterator[tuple[str, dict[str, str]]]:
    for name, text in parts.items():
        if isinstance(text, Text) and "${" in fill(text):
            default = "api.example.com" if name == "domainName" else "v1"
            yield name, {"default": default, "description": f"The value of {fill(text)}."}


def _execute_api(stages: list[str], region: str | None) -> dict[str, Any]:
    """API Gateway's URL; parts that only the deployed stack knows are variables."""
    stage: dict[str, Any] = {"default": stages[0], "enum": stages} if stages else {"default": "v1"}
    return {
        "url": "https://{api}.execute-api.{region}.{domain}/{stage}",
        "variables": {
            "api": {"default": "api-id", "description": "The ID of the deployed API."},
            "region": {"default": region or "us-east-1"},
            "domain": {
                "default": "amazonaws.com",
                "description": "The partition's domain; amazonaws.com.cn in China.",
            },
            "stage": stage,
        },
    }


def stage_names(view: View, api: Api) -> list[str]:
    """The names of the stages, including those that deployments create."""
    resources = (*api.stages, *api.deployments)
    names = (view.text(resource.properties.get("StageName")) for resource in resources)
    return list(dict.fromkeys(name for name in names if name and isinstance(name, str)))
