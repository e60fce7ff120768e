"""The steps of a deploy for a stack with releases.

Before the update that turns releases on, the documents are copied to a first release and the
variable of the present stage is set: the integrations that read both come last. After every
operation a new stage gets the variable that it does not have.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.deploy.inspection import Inspection
from readmodel_cfn.deploy.stage_release import (
    ApiStages,
    LiveRelease,
    StageReleases,
    stages_of,
    uses_releases,
)
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.progress import Step

if TYPE_CHECKING:
    from readmodel_cfn.deploy.context import DeployContext


@dataclass(frozen=True)
class ReleaseCalls:
    """What a deploy asks its caller about releases, which are documents.

    `live` is the live release in the bucket of a stack, if there is one. `make_first` makes the
    documents of a stack without releases its first release, and sets the variable of its stage.
    """

    live: Callable[[Stack], LiveRelease | None]
    make_first: Callable[[Stack, ApiStages], None]


_ON = (
    "[releases] is new: deploy first copies the documents of the routes to a first release. Do not "
    "publish meanwhile."
)
_OFF = (
    "[releases] is removed: the API will read each document from its own key, as it was last "
    "published there. Before the deploy, run: readmodel-cfn publish DIR"
)


def release_notes(before: Any, after: Any) -> list[str]:
    """What an update from one template to another means if it turns releases on or off."""
    if before is None or uses_releases(before) == uses_releases(after):
        return []
    return [_ON if uses_releases(after) else _OFF]


def releases_before(context: "DeployContext", inspection: Inspection) -> StageReleases:
    """The release of each stage before the update, for stages that it replaces."""
    stages = _stages(context, inspection.stack)
    return stages.releases() if stages else {}


def make_first_release(context: "DeployContext", inspection: Inspection) -> None:
    """Make the documents a release, if the update turns releases on."""
    stack = inspection.stack
    if context.releases is None or stack is None or not stack.outputs:
        return
    template = inspection.template or context.client.template(stack.id)
    if uses_releases(template):
        return
    if stages := _stages(context, stack):
        context.releases.make_first(stack, stages)


def set_releases(
    context: "DeployContext", inspection: Inspection, stack: Stack, before: StageReleases
) -> bool:
    """Set the variable of each stage that has none; whether one was set.

    The bucket of a stack that was just created has no releases, unless it was imported.

    Raises:
        Unfinished: it could not be set, and the stack was changed before.
    """
    calls = context.releases
    is_new = inspection.stack is None and not context.options.import_existing
    if calls is None or is_new:
        return False
    context.on_progress(Step("Checking which release the stage serves"))
    try:
        with readable_errors():
            stages = _stages(context, stack)
            return stages is not None and stages.set_missing(before, lambda: calls.live(stack))
    except (ReadModelError, KeyboardInterrupt) as error:
        if stack is inspection.stack:
            raise
        why = f"{error.where}: {error.what}" if isinstance(error, ReadModelError) else "interrupted"
        what = f"the stack is {stack.status}, but its stage may serve no release: {why}"
        hint = "run the same command again"
        raise Unfinished(what, where=f"stack {stack.name}", hint=hint) from error


def _stages(context: "DeployContext", stack: Stack | None) -> ApiStages | None:
    if context.releases is None or stack is None or not stack.outputs:
        return None
    api_gateway = context.location.connection.client("apigateway")
    return stages_of(context.client, api_gateway, stack)
