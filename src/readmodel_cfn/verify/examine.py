"""One examination: the probe written, everything asked, the probe taken away whatever happens."""

from collections.abc import Callable
from dataclasses import dataclass

from readmodel_cfn.verify.keeping import ProbeDocument
from readmodel_cfn.verify.probe import Probe
from readmodel_cfn.verify.seen import Doors, Reads
from readmodel_cfn.verify.session import Api, read
from readmodel_cfn.verify.stopping import Stopping

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Examined:
    """What was seen, and what is left of the probe, in words."""

    reads: Reads
    doors: Doors
    left: tuple[str, ...]


def examine(
    api: Api,
    probe: Probe,
    document: ProbeDocument,
    try_doors: Callable[[], Doors],
    tell: Tell,
) -> Examined:
    """Write the probe, look, take it away; `tell` hears what is left, also where this fails.

    Raises:
        ReadModelError, KeyboardInterrupt: what ended it, once the probe is away.
    """
    with Stopping() as stopping:
        document.whole = stopping.whole
        copy = document.spare_copy()
        if copy:
            tell(f"The bucket keeps no versions: until the document is back, a copy is in {copy}.")
        try:
            try:
                seen = read(api, probe, document), try_doors()
            finally:
                stopping.hold()  # interrupted even here, the document is removed
        finally:
            left = document.remove()
            for line in left:
                tell(f"Left: {line}")
            if copy and not left:
                copy.unlink()
        return Examined(*seen, left)
