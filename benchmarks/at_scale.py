"""Publishes from a local cluster of Dask or Spark, and kills a worker halfway.

    python benchmarks/at_scale.py dask [--documents 200000] [--slow-documents 40000] [--rate 1000]

It runs the engine's example (examples/dask, examples/spark) twice against an S3 in memory. In the
first run it kills a worker that has stored half of a partition. In the second run the S3 answers
503 SlowDown to what exceeds a total rate. Spark needs a Java runtime; pyspark is installed into an
environment of its own. The exit code is 1 if a document is missing, listed twice or wrong, or if
the second run takes longer than 1.5 times what the rate allows.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "sandbox"))

from example_tools import our_requirements, programs
from measure import progress

from cluster_run import PREFIX, Judged, run
from fast_s3_in_memory import Rate

MOST = 1.5  # of the time that the rate allows
EVERY = 10  # lines of progress


def main() -> None:
    """Run both, and print the figures."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("engine", choices=("dask", "spark"))
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--slow-documents", type=int, default=40_000)
    parser.add_argument("--rate", type=int, default=1000, help="writes per second")
    given = parser.parse_args()
    # Dask is in the environment of the tests.
    python = sys.executable
    if given.engine == "spark":
        python = str(programs("spark", *our_requirements()) / "python")
    killed = measured(given.engine, given.documents, python, None)
    slowed = measured(given.engine, given.slow_documents, python, Rate(PREFIX, given.rate))
    ok = show("One of four workers is killed", killed)
    ok &= killed.killed_at is not None
    ok &= show(f"SlowDown beyond {given.rate:,} writes per second", slowed)
    allowed = slowed.documents / given.rate
    times = slowed.seconds / allowed
    print(f"  the rate allows {allowed:.1f} s: {times:.2f} times as long (at most {MOST})")
    sys.exit(not (ok and times <= MOST))


def measured(engine: str, documents: int, python: str, rate: Rate | None) -> Judged:
    """One run, with a line of progress for each tenth."""
    step = max(1, documents // EVERY)

    def report(count: int) -> None:
        if count % step == 0:
            progress(f"  {engine}: {count:,} writes")

    progress(f"{engine}: {documents:,} documents, {'a rate' if rate else 'a worker is killed'}")
    return run(engine, documents, python=python, kill=rate is None, rate=rate, on_count=report)


def show(title: str, found: Judged) -> bool:
    """Print the figures of a run, and return whether its result is right."""
    print(f"{title}:")
    print(f"  documents {found.documents:,}, in {found.seconds:.1f} s from the first to the last")
    if found.killed_at is not None:
        print(f"  worker killed at {found.killed_at:.0%} of its partition")
    if found.refused:
        print(f"  writes refused {found.refused:,}")
    print(f"  stored {found.stored:,}, in the manifest {found.in_manifest:,}")
    print(f"  in the manifest twice {found.duplicates}, wrong {found.wrong}")
    return found.is_right


if __name__ == "__main__":
    main()
