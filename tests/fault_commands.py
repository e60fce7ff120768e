"""The commands that read and write documents, each with the state of the bucket before it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path

from fault_store import Object, State
from readmodel_cfn.publish.documents import DEFAULT
from readmodel_cfn.publish.versions import METADATA

DATA = "DATA"  # stands for the folder of documents
COUNT, CHANGED = 5, 3
# Which store a command uses: a bucket in memory, or the bucket of a stack, which keeps no old
# versions, or has releases.
BUCKET, DOCUMENTS, UNVERSIONED, RELEASES = "bucket", "documents", "unversioned", "releases"
STORES = (BUCKET, DOCUMENTS, UNVERSIONED, RELEASES)
PRODUCTS, EVENTS_OF = "products", "events"  # folders, and the routes that serve them
ROUTES = {
    PRODUCTS: """
[[routes]]
path = "samples"
key = "payload.json"
[[routes]]
path = "products/{id}"
key = "products/{id}.json"
""",
    EVENTS_OF: """
[[routes]]
path = "events/{id}"
key = "events/{id}.json"
version_field = "v"
""",
}


@dataclass(frozen=True)
class Command:
    """A command line; `before` names the state before it, and `folder` what DATA has.

    `ends` is the exit code without faults, `may` the exit codes that a fault may cause besides 0, 1
    and 9. `again` is the command that repairs it, if it is another one, and `again_ends` are the
    exit codes of that: a document that exists cannot be created again.
    """

    name: str
    arguments: tuple[str, ...]
    store: str = BUCKET
    before: str = "old"
    folder: str = PRODUCTS
    ends: int = 0
    may: tuple[int, ...] = ()
    again: tuple[str, ...] = ()
    again_ends: tuple[int, ...] = (0,)
    changes: bool = True

    @property
    def reports_each(self) -> bool:
        """Whether `--json` prints a line for each document, and at the end the result."""
        return self.arguments[:2] == ("publish", DATA)


def stored(version: int, number: int) -> bytes:
    """A document as it is stored; the ones after the first few never change."""
    value = {"n": number, "v": version if number < CHANGED else 1, "text": "x" * 300}
    return json.dumps(value, separators=(",", ":")).encode()


def write_folders(folder: Path) -> None:
    """Write the folders of documents: products and events, each in its version 2."""
    for name in ROUTES:
        write_documents(folder / name, 2, name)


def write_documents(folder: Path, version: int, below: str = PRODUCTS) -> None:
    """Write documents of a version, below a folder that is a part of their keys."""
    (folder / below).mkdir(parents=True, exist_ok=True)
    for number in range(COUNT):
        (folder / below / f"{number}.json").write_bytes(stored(version, number))


def _object(body: bytes, metadata: Mapping[str, str] | None = None) -> Object:
    etag = f'"{md5(body, usedforsecurity=False).hexdigest()}"'
    return Object(body, etag, DEFAULT.headers | ({"Metadata": metadata} if metadata else {}))


def bucket_states() -> Mapping[str, State]:
    """The states of a bucket without releases, by name."""
    old = {f"products/{number}.json": _object(stored(1, number)) for number in range(1, COUNT)}
    other = {"products/gone.json": _object(b'{"gone":1}'), "payload.json": _object(b'{"kept":1}')}
    events = {"events/0.json": _object(stored(1, 0), {METADATA: "1"})}
    return {"old": State({**old, **other, **events}), "empty": State()}


_PRODUCT = f"{DATA}/products/1.json"
_EVENT = f"{DATA}/events/0.json"
PUBLISH = Command("publish", ("publish", DATA))
DELETE_MISSING = Command(
    "publish --delete-missing",
    ("publish", DATA, "--delete-missing", "--max-deletes", "all", "--yes"),
)
CREATE_ONLY = Command(
    "publish --create-only", ("publish", DATA, "--create-only"), before="empty", again_ends=(0, 8)
)
ONE = Command("publish FILE", ("publish", _PRODUCT, "--key", "products/1.json"))
ONE_IF_MATCH = Command(
    "publish FILE --if-match",
    (*ONE.arguments, "--if-match", md5(stored(1, 1), usedforsecurity=False).hexdigest()),
    again_ends=(0, 8),
)
ONE_NEW = Command(
    "publish FILE --create-only", (*ONE.arguments, "--create-only"), before="empty",
    again_ends=(0, 8),
)  # fmt: skip
EVENTS = Command("publish events", ("publish", DATA), folder=EVENTS_OF)
ONE_EVENT = Command(
    "publish event", ("publish", _EVENT, "--key", "events/0.json"), folder=EVENTS_OF
)
UNPUBLISH = Command("unpublish", ("unpublish", "products/gone.json", "--yes"), DOCUMENTS)
STACK_ONE = Command("publish FILE to a stack", ONE.arguments, DOCUMENTS)
STACK_MANY = Command("publish to a stack", PUBLISH.arguments, DOCUMENTS)
VERIFY = Command(
    "verify", ("verify", "--yes", "--timeout", "0"), DOCUMENTS, may=(6, 7), changes=False
)
VERIFY_OVER = Command(
    "verify over a document",
    (*VERIFY.arguments, "--route", "samples"),
    UNVERSIONED,
    may=(6, 7),
    changes=False,
)
RELEASE = Command("publish --release", ("publish", DATA, "--release", "r9"), RELEASES, before="r2")
PREVIEW = Command(
    "publish --release --stage",
    ("publish", DATA, "--release", "r9", "--stage", "preview"),
    RELEASES,
    before="r2",
)
FIRST_RELEASE = Command(
    "publish the first release", ("publish", DATA, "--release", "r9"), RELEASES, before="none"
)
ACTIVATE = Command("release activate", ("release", "activate", "r1"), RELEASES, before="r2")
ROLLBACK = Command(
    "release rollback", ("release", "rollback"), RELEASES, before="r2",
    again=("release", "activate", "r1"),
)  # fmt: skip
PRUNE = Command(
    "release prune", ("release", "prune", "--keep", "1", "--yes"), RELEASES, before="r4"
)
VERIFY_RELEASE = Command(
    "verify with releases", VERIFY.arguments, RELEASES, before="r2", may=(6, 7), changes=False
)

COMMANDS = (
    PUBLISH,
    DELETE_MISSING,
    CREATE_ONLY,
    ONE,
    ONE_IF_MATCH,
    ONE_NEW,
    EVENTS,
    ONE_EVENT,
    UNPUBLISH,
    STACK_ONE,
    STACK_MANY,
    VERIFY,
    VERIFY_OVER,
    RELEASE,
    PREVIEW,
    FIRST_RELEASE,
    ACTIVATE,
    ROLLBACK,
    PRUNE,
    VERIFY_RELEASE,
)
