"""What can go wrong with the embedded AWS itself."""

from readmodel_cfn.errors import ReadModelError


class SandboxError(ReadModelError):
    """The embedded AWS could not be installed, started or stopped; `where` names its log."""
