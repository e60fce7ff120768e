"""Measures the memory of `publish` with a million generated documents.

    python benchmarks/publish_memory.py [--documents 1000000] [--peers DIR]

A process that publishes pairs from a generator, twice: for the first time, and again without a
change, when it knows the ETags of a million objects. The S3 in memory forgets the content.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import peers
from measure import at_most, progress, run, table
from publish_speed import s3_in_memory

MOST_MIB = 300
CODE = """
import sys
from readmodel_cfn.progress import Count
from readmodel_cfn.publish.publish import Destination, publish
def report(value):
    if isinstance(value, Count) and value.done % 100_000 < 50:
        print(value, file=sys.stderr)
count = int(sys.argv[1])
pairs = ((f"docs/{number:07}.json", {"id": number}) for number in range(count))
result = publish(pairs, Destination("million"), on_progress=report)
assert result.sent + result.unchanged == count, result
print(result, file=sys.stderr)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--peers", type=Path, help="install uvloop here and keep it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        folder = options.peers.absolute() if options.peers else home / "peers"
        python = peers.install(folder, ["uvloop"])["uvloop"] / "python"
        rows = [[f"{options.documents:,} documents", "seconds", "MiB", "target"]]
        with s3_in_memory(python, 0, tls=False, forget=True):
            for phase in ("first", "unchanged"):
                progress(f"{phase} ...")
                found = run([sys.executable, "-c", CODE, str(options.documents)], home)
                limit = at_most(found.mib, MOST_MIB)
                rows.append([phase, f"{found.seconds:.0f}", f"{found.mib:.0f}", limit])
        table(rows)


if __name__ == "__main__":
    main()
