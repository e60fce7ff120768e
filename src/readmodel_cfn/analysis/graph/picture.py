"""What a picture is made of: sections, nodes and arrows."""

from dataclasses import dataclass
from enum import Enum


class Section(Enum):
    """The article's sections in its order, and what a template has beside them."""

    OUTSIDE = ""
    STORE = "Data store"
    WRITER = "Writer"
    ROLE = "Gateway role"
    API = "API"
    DEPLOYMENT = "Deployment"
    OTHER = "Other resources"


@dataclass(frozen=True)
class Node:
    """A resource, the methods of a path, or what the template only names.

    `id` is the logical id that stands for it, none where the template does not make it; `detail`
    is what the type does not tell.
    """

    type: str
    name: str
    id: str = ""
    detail: str = ""

    @property
    def kind(self) -> str:
        """What it is, in a few words: `S3 Bucket`, or the verbs of a path."""
        return self.detail or self.type.removeprefix("AWS::").replace("::", " ")


@dataclass(frozen=True)
class Arrow:
    """A relation; `flow` says that requests or payloads go this way.

    `head` is one text beside it, `items` are keys, of which many may be left out.
    """

    source: Node
    target: Node
    head: str = ""
    items: tuple[str, ...] = ()
    flow: bool = False

    @property
    def ends(self) -> tuple[Node, Node]:
        """Where it begins and where it ends."""
        return self.source, self.target


READERS = Node("", "readers", detail="readers")
