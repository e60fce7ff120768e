"""How fast `publish` puts many documents into a bucket, beside `aws s3 sync` and rclone.

    python benchmarks/publish_speed.py [--documents 5000] [--rounds 3] [--sandbox-rounds 2]
        [--json] [--svg publish.svg] [--peers DIR]

Whole processes that take turns, each with a bucket of its own: all documents for the first time,
once more without a change, and with one of 100 changed. Against an S3 in memory (fast_s3.py), near
and far, and against the embedded AWS, which is slower than what is measured. After each it is
checked that the bucket holds what the folder does. Then the memory that more documents take.
"""

import argparse
import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import chart
import embedded
import peers
import publish_places
import publish_tables as tables
from measure import COMMAND, Command, Run, run, show
from places import Place
from publish_documents import ROUTES, Documents
from publish_tables import CHANGED, FIRST, OURS, PHASES

NEAR, FAR, SANDBOX = "near: plain HTTP", "far: TLS, 20 ms", "the embedded AWS"
SIZES = (5_000, 20_000, 100_000)


def publishers(programs: Mapping[str, Path], folder: Path, url: str) -> dict[str, peers.Publish]:
    """All of them, ours first."""
    return {OURS: ours(folder), **peers.publishers(programs, folder, url)}


def ours(folder: Path) -> peers.Publish:
    """Ours; with a bucket, it asks no stack."""
    return lambda bucket: [*COMMAND, "publish", str(folder), "--bucket", bucket]


def phases(
    publish: peers.Publish, documents: Documents, place: Place, home: Path
) -> dict[str, Run]:
    """What one publisher takes in each phase, with a new bucket."""
    s3, found = place.client("s3"), {}
    with publish_places.bucket(s3, f"bench-{secrets.token_hex(4)}") as bucket:
        for phase in PHASES:
            if phase == CHANGED:
                documents.change()
            found[phase] = _checked(publish(bucket), documents, s3, bucket, home)
        documents.restore()
    return found


def _checked(command: Command, documents: Documents, s3: Any, bucket: str, home: Path) -> Run:
    found = run(command, home)
    documents.check(s3, bucket)
    return found


def measure(
    entered: AbstractContextManager[Place],
    documents: Documents,
    subjects: Callable[[str], Mapping[str, peers.Publish]],
    rounds: int,
    home: Path,
) -> tables.Rounds:
    """All rounds at a place but the first, which warms the caches."""
    with entered as place:
        asked = subjects(place.url)
        found = [
            {name: phases(publish, documents, place, home) for name, publish in asked.items()}
            for _ in range(rounds + 1)
        ]
    return found[1:]


def memory(python: Path, home: Path) -> dict[int, tables.Phases]:
    """What ours takes for more and more documents."""
    found: dict[int, tables.Phases] = {}
    for count in SIZES:
        with tempfile.TemporaryDirectory(dir=home) as name, publish_places.near(python) as place:
            documents = Documents(Path(name) / "site", count)
            found[count] = phases(ours(documents.folder), documents, place, home)
    return found


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=SIZES[0])
    parser.add_argument("--rounds", type=int, default=3, help="on the S3 in memory")
    parser.add_argument("--sandbox-rounds", type=int, default=2, help="on the embedded AWS")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--svg", type=Path, help="write the documents a second as a drawing")
    parser.add_argument("--peers", type=Path, help="keep the other tools here for the next time")
    return parser.parse_args(given)


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "readmodel.toml").write_text(ROUTES, encoding="utf-8")
        kept = asked.peers.absolute() if asked.peers else home / "peers"
        programs = peers.install(kept, peers.PUBLISHERS)
        python = programs["uvloop"] / "python"
        documents = Documents(home / "site", asked.documents)

        def all_of(url: str) -> dict[str, peers.Publish]:
            return publishers(programs, documents.folder, url)

        def aws_only(url: str) -> dict[str, peers.Publish]:
            return {who: all_of(url)[who] for who in (OURS, peers.AWS_SYNC)}

        limit = publish_places.ceiling(python, home)
        near, far = publish_places.near(python), publish_places.far(python, home)
        found = {
            NEAR: measure(near, documents, all_of, asked.rounds, home),
            FAR: measure(far, documents, all_of, asked.rounds, home),
        }
        with embedded.running() as box:
            sandbox = publish_places.entered(box)
            found[SANDBOX] = measure(sandbox, documents, aws_only, asked.sandbox_rounds, home)
        grown = memory(python, home)
    report(asked, limit, found, grown)


def report(
    asked: argparse.Namespace,
    limit: float,
    found: Mapping[str, tables.Rounds],
    grown: Mapping[int, tables.Phases],
) -> None:
    """Print, and draw."""
    count, whole = asked.documents, {where: tables.summary(one) for where, one in found.items()}
    shown = [tables.ceiling_table(limit)]
    for where, rounds in found.items():
        shown.append(tables.speed_table(where, whole[where], count))
        shown.append(tables.times_table(where, rounds, where != SANDBOX))
    result = {
        "documents": count,
        "rounds": asked.rounds,
        "puts_a_second_of_the_s3_in_memory": limit,
        "places": {where: tables.plain(one) for where, one in whole.items()},
        "times_as_fast": {where: tables.all_times(one) for where, one in found.items()},
        "memory": tables.plain(grown),
    }
    show(result, [*shown, tables.memory_table(grown)], asked.json)
    if asked.svg:
        speeds = {who: count / one[FIRST].seconds for who, one in whole[NEAR].items()}
        drawn = chart.bars("First publish, documents a second", speeds)
        asked.svg.write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
