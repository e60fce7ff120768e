"""GetExport exports what the stage serves; a deployment's summary has the authorizationType.

ministack exports the current definition, with changes that are not deployed yet, and its apiSummary
has no authorizationType.
https://docs.aws.amazon.com/apigateway/latest/api/API_GetExport.html
https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSnapshot.html
"""

from typing import Any

from ministack.services import apigateway_v1

from readmodel_cfn.local.sandbox.additions import deployments

Response = dict[str, Any]


def register() -> None:
    """Build both responses from what was deployed."""
    _export_what_is_deployed()
    _summarize_authorization()


def _export_what_is_deployed() -> None:
    build = apigateway_v1._build_api_export

    def build_export(api_id: str, stage_name: str, *arguments: Any) -> Response:
        stage = apigateway_v1._stages_v1[api_id][stage_name]
        deployed = deployments.deployed_to(api_id, stage)
        live = apigateway_v1._resources[api_id]
        if deployed:
            kept = {resource["id"]: resource for resource in deployed.definition["resources"]}
            apigateway_v1._resources[api_id] = kept
        try:
            exported: Response = build(api_id, stage_name, *arguments)
        finally:
            apigateway_v1._resources[api_id] = live
        return exported

    apigateway_v1._build_api_export = build_export


def _summarize_authorization() -> None:
    build = apigateway_v1._build_api_summary

    def build_summary(api_id: str) -> Response:
        summary: Response = build(api_id)
        for resource in apigateway_v1._resources.get(api_id, {}).values():
            for verb, method in resource["resourceMethods"].items():
                summary[resource["path"]][verb]["authorizationType"] = method["authorizationType"]
        return summary

    apigateway_v1._build_api_summary = build_summary
