"""The status of the stack of each environment of a readmodel.toml."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.deploy.status import StackStatus
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.target import Target


@dataclass(frozen=True)
class EnvironmentStatus:
    """The status of an environment's stack, or the error that prevented reading it.

    `target` is the account, region and stack, as far as they are known.
    """

    env: str
    target: Target
    status: StackStatus | None = None
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

    def __str__(self) -> str:
        return "; ".join(map(str, self))

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
