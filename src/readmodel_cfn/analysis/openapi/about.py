"""What the document says of the API as a whole: its name, its version, where it is served."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from readmodel_cfn.analysis.audit.api import Api
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.audit.words import spoken
from readmodel_cfn.cloudformation.evaluate import Json
from readmodel_cfn.cloudformation.values import PartialText, fill, reference_of

_HASH = re.compile(r"[0-9A-Fa-f]{8,}$")


def info(view: View, api: Api, left_out: Sequence[str], known: Mapping[str, str]) -> dict[str, Any]:
    """Title, version and description.

    The title is the API's name, its logical id where it has none. The version is the hash at the
    end of the live deployment's logical id, which changes with what is served; without a hash it is
    the stage's name, without a stage `unknown`.
    """
    own: Json = api.resource.properties if api.resource else {}
    said = [_filled(view.text(own.get("Description")), known)]
    if left_out:
        said.append(f"Not described, as the template does not write them out: {spoken(left_out)}.")
    about = {"title": _filled(view.text(own.get("Name")), known) or reference_of(api.id)}
    described = {"description": "\n\n".join(filter(None, said))} if any(said) else {}
    return {**about, **described, "version": _version(view, api)}


def servers(view: View, api: Api, known: Mapping[str, str]) -> dict[str, Any]:
    """The one server, API Gateway's URL with what only a deployed stack knows as variables."""
    stages = _stages(view, api)
    stage: dict[str, Any] = {"default": stages[0], "enum": stages} if stages else {"default": "v1"}
    return {
        "url": "https://{api}.execute-api.{region}.{domain}/{stage}",
        "variables": {
            "api": {"default": "api-id", "description": "The id that the deployed API has."},
            "region": {"default": known.get("AWS::Region", "us-east-1")},
            "domain": {
                "default": known.get("AWS::URLSuffix", "amazonaws.com"),
                "description": "The partition's; amazonaws.com.cn in China.",
            },
            "stage": stage,
        },
    }


def _stages(view: View, api: Api) -> list[str]:
    """The names of the stages, those of deployments that make their own too."""
    names = (view.text(one.properties.get("StageName")) for one in (*api.stages, *api.deployments))
    return list(dict.fromkeys(name for name in names if name and isinstance(name, str)))


def _version(view: View, api: Api) -> str:
    live = [reference_of(view.text(one.properties.get("DeploymentId"))) for one in api.stages]
    hashes = [found[0] for name in live if (found := _HASH.search(name or ""))]
    return next(iter([*hashes, *_stages(view, api)]), "unknown")


def _filled(text: PartialText, known: Mapping[str, str]) -> str:
    return str(fill(text, lambda part: known.get(part.name, part)))
