"""Every environment of a readmodel.toml as a ReadModelStack, and the status of all of them.

for each in status_all(environments("readmodel.toml")):
    print(each)
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.config.file import load_environments
from readmodel_cfn.config.values import DEFAULT_FILE, Config
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.progress import OnProgress, ignore
from readmodel_cfn.stack import ReadModelStack
from readmodel_cfn.target import Target

if TYPE_CHECKING:
    import boto3

    from readmodel_cfn.results import AllStatus, EnvironmentStatus


def environments(
    config: str | Path | Mapping[str, Config] = DEFAULT_FILE,
    *,
    profile: str | None = None,
    endpoint_url: str | None = None,
    session: "boto3.Session | None" = None,
    sandbox: bool = False,
) -> dict[str, ReadModelStack]:
    """The stack of each environment of a readmodel.toml, by name, in the file's order.

    `config` is the file, or what `readmodel_cfn.config.load_environments` returned. The other
    arguments are those of `ReadModelStack.from_config`.

    Raises:
        ConfigError: the file cannot be read, or has a value that AWS would refuse.
    """
    found = config if isinstance(config, Mapping) else load_environments(config)
    return {
        name: ReadModelStack.from_config(
            each, profile=profile, endpoint_url=endpoint_url, session=session, sandbox=sandbox
        )
        for name, each in found.items()
    }


def status_all(
    stacks: Mapping[str, ReadModelStack], *, drift: bool = False, on_progress: OnProgress = ignore
) -> "AllStatus":
    """The status of each environment; one that cannot be read does not prevent the others.

    `stacks` is what `environments` returned, and `drift` is as in `ReadModelStack.status`.
    """
    from readmodel_cfn.deploy.all_status import AllStatus

    return AllStatus(
        tuple(_status(env, stack, drift, on_progress) for env, stack in stacks.items())
    )


def _status(
    env: str, stack: ReadModelStack, drift: bool, on_progress: OnProgress
) -> "EnvironmentStatus":
    from readmodel_cfn.deploy.all_status import EnvironmentStatus

    settings = stack.config.stack
    target = Target(settings.account, settings.region, stack.name, env=env)
    try:
        with readable_errors():
            stack.connect(on_progress)
            target = stack.location.target
        found = stack.status(drift=drift, on_progress=on_progress)
    except ReadModelError as error:
        if f"environment {env}" not in str(error):  # such as one of the credentials
            error.where = (
                f"environment {env}: {error.where}" if error.where else f"environment {env}"
            )
        return EnvironmentStatus(env, target, error=error)
    return EnvironmentStatus(env, found.location.target, found)
