"""An API's settings for how bodies travel: which are binary, and which answers are compressed."""

from dataclasses import dataclass
from typing import Self

from .compression import LARGEST
from .content import MediaTypes
from .definition import DefinitionError, Json


@dataclass(frozen=True, slots=True)
class Encoding:
    """The binaryMediaTypes and the minimumCompressionSize, None where nothing is compressed."""

    binary_types: MediaTypes
    minimum_size: int | None

    @classmethod
    def of(cls, definition: Json) -> Self:
        """The API's own; raises `DefinitionError` for a size that AWS would refuse."""
        size = definition.get("minimumCompressionSize")
        if size is not None and (not isinstance(size, int) or not 0 <= size <= LARGEST):
            raise DefinitionError(f"minimumCompressionSize: {size!r} is not from 0 to {LARGEST}")
        return cls(MediaTypes.of(definition.get("binaryMediaTypes") or ()), size)
