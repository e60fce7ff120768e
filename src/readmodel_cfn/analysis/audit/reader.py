"""The roles in which S3 is read."""

from collections.abc import Iterator
from dataclasses import dataclass

from readmodel_cfn.analysis.audit.method import Method
from readmodel_cfn.analysis.audit.role import Identity
from readmodel_cfn.cloudformation.policies import Statement
from readmodel_cfn.cloudformation.s3_uri import Objects
from readmodel_cfn.cloudformation.values import PartialText


@dataclass(frozen=True)
class Reader:
    """A role of the template, and the methods that read with it, of which there is one at least.

    `only_reads` says that no other integration uses it.
    """

    role: Identity
    methods: tuple[Method, ...]
    only_reads: bool

    @property
    def id(self) -> str:
        """The role's logical id."""
        return self.role.resource.id

    @property
    def statements(self) -> Iterator[Statement]:
        """All that the template says of what it may do."""
        for document in self.role.policies:
            yield from document.statements

    @property
    def granted(self) -> Iterator[Statement]:
        """The statements that grant it something."""
        return (one for one in self.statements if one.allows)

    @property
    def objects(self) -> list[Objects]:
        """What its methods read, each once."""
        return list(dict.fromkeys(one.objects for one in self.methods if one.objects))

    @property
    def keys(self) -> list[PartialText]:
        """The keys that its methods read, as patterns; empty for a whole bucket."""
        return list(dict.fromkeys(one.key or "" for one in self.objects))
