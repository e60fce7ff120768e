"""Releases: sets of documents that go live at once. The article has none.

Documents are below `releases/ID/`, and the integrations read `releases/${stageVariables.release}/`.
The stage variable is neither in the template nor a parameter: CloudFormation changes only variables
that a template names, so no update and no rollback switches the readers to another release.

https://docs.aws.amazon.com/apigateway/latest/developerguide/aws-api-gateway-stage-variables-reference.html
"""

from dataclasses import dataclass

from readmodel_cfn.template.options import check_options, option

PREFIX = "releases/"
"""The beginning of every key that belongs to a release."""
POINTER = f"{PREFIX}live.json"
"""The key of the object that names the live release."""
VARIABLE = "release"
"""The stage variable whose value is the ID of the release that the stage serves."""
PREVIEW_STAGE = "preview"
"""The name of the second stage, with a variable of its own."""
HEADER = "X-Release"
"""The response header that has the ID of the release."""
HEADER_SOURCE = f"stageVariables.{VARIABLE}"
"""The source of the header in the mapping of a response.

The guide lists `stageVariables.name` among the sources of an integration response; the reference of
PutIntegrationResponse names only headers, the body and static values (assumed: the guide is right).
https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping-sources.html
"""


@dataclass(frozen=True)
class Releases:
    """Sets of documents that go live at once. The table turns them on, even if it is empty."""

    keep: int = option(
        3, "Number of the newest releases that `release prune` keeps (default 3).", minimum=1
    )
    preview: bool = option(
        False,
        f"Add the stage {PREVIEW_STAGE}, which can serve another release than the stage of "
        "[deployment] (default false).",
    )

    def __post_init__(self) -> None:
        check_options(self, "releases")


def release_key(release: str, key: str) -> str:
    """The S3 key of a document of a release."""
    return f"{PREFIX}{release}/{key}"


def reads_releases(text: str) -> bool:
    """Whether an integration in the JSON or YAML of a template reads the stage variable."""
    return f"{HEADER_SOURCE}}}" in text


def integration_key(key: str) -> str:
    """The key in an integration's URI; API Gateway fills in the stage variable.

    A variable may stand in the path of a URI of AWS: "as part of AWS URI action or path
    components" (the reference of stage variables, above).
    """
    return release_key(f"${{stageVariables.{VARIABLE}}}", key)
