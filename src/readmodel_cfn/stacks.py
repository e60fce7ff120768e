"""Every environment of a readmodel.toml as a ReadModelStack, and the status of all of them.

for each in status_all(environments("readmodel.toml")):
    print(each)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from readmodel_cfn.config.file import DEFAULT_FILE, Config, load_environments
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.progress import OnProgress, ignore
from readmodel_cfn.stack import ReadModelStack
from readmodel_cfn.target import Target

if TYPE_CHECKING:
    import boto3

    from readmodel_cfn.results import StackStatus


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


@dataclass(frozen=True)
class EnvironmentStatus:
    """The status of an environment's stack, or the error that prevented reading it.

    `target` is the account, region and stack, as far as they are known.
    """

    env: str
    target: Target
    status: "StackStatus | None" = None
    error: ReadModelError | None = None

    @property
    def problem(self) -> ReadModelError | None:
        """The error, or that a stage does not serve what the template says."""
        if self.status is None:
            return self.error
        try:
            self.status.raise_if_broken()
        except ReadModelError as error:
            return error
        return None

    def as_dict(self) -> dict[str, Any]:
        """The object of this environment in the list of `status --all --json`."""
        problem = self.problem
        return {
            **self.target.as_dict(),
            "status": self.status and self.status.as_dict(),
            "differs": self.status.differs if self.status else None,
            "error": str(problem) if problem else None,
            "exit_code": problem.exit_code if problem else 0,
        }

    def __str__(self) -> str:
        return f"{self.env}: {self.status or self.error}"


@dataclass(frozen=True)
class AllStatus:
    """The status of every environment, in the file's order."""

    environments: tuple[EnvironmentStatus, ...]

    def __iter__(self) -> Iterator[EnvironmentStatus]:
        return iter(self.environments)

    def as_dict(self) -> dict[str, Any]:
        """The object that `status --all --json` prints."""
        return {"environments": [each.as_dict() for each in self]}

    def raise_if_broken(self) -> None:
        """Check that every stack was read, and serves what its template says.

        Raises:
            ReadModelError: the problem of the first environment that has one.
        """
        for each in self:
            if each.problem:
                raise each.problem


def status_all(
    stacks: Mapping[str, ReadModelStack], *, drift: bool = False, on_progress: OnProgress = ignore
) -> AllStatus:
    """The status of each environment; one that cannot be read does not prevent the others.

    `stacks` is what `environments` returned, and `drift` is as in `ReadModelStack.status`.
    """
    return AllStatus(
        tuple(_status(env, stack, drift, on_progress) for env, stack in stacks.items())
    )


def _status(
    env: str, stack: ReadModelStack, drift: bool, on_progress: OnProgress
) -> EnvironmentStatus:
    settings = stack.config.stack
    target = Target(settings.account, settings.region, stack.name, env=env)
    try:
        found = stack.status(drift=drift, on_progress=on_progress)
    except ReadModelError as error:
        return EnvironmentStatus(env, target, error=error)
    return EnvironmentStatus(env, replace(found.location.target, env=env), found)
