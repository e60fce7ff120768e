"""`make robust`: runs the tests of tests/robust in their long form, and prints what they tried.

    python tools/reliability.py [--write] [--minutes N] [SEED ...]

One run takes at most ten minutes: after eight no further example starts. The exit code is 1 if a
test fails or a command takes more than 20 s of processor time. With --write the figures of all runs
replace those in docs/reliability.md.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
MINUTES = 8
SECONDS = 20  # of processor time that one command may take
BEGIN, END = "<!-- figures: tools/reliability.py -->\n", "<!-- end of figures -->\n"
Figures = dict[str, dict[str, Any]]


def run(seed: int, minutes: float, figures: Path) -> bool:
    """Run all tests with a seed; whether they passed."""
    command = [
        *(sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadgroup", "-m", "robust"),
        *("-p", "no:cacheprovider", f"--randomly-seed={seed}", "tests/robust"),
        *("--robust-form", "long", f"--robust-seed={seed}", f"--robust-minutes={minutes}"),
        f"--robust-figures={figures}",
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def summed(lines: Iterable[str]) -> Figures:
    """The figures by name: counts are added, of all others the largest is kept."""
    found: Figures = {}
    for line in lines:
        record: dict[str, Any] = json.loads(line)
        name = record.pop("name")
        record.pop("test")
        kept = found.setdefault(name, {"count": 0})
        kept["count"] += record.pop("count")
        for figure, value in record.items():
            kept[figure] = max(kept.get(figure, value), value)
    return dict(sorted(found.items()))


def table(found: Figures) -> str:
    """The figures as a table of Markdown."""
    rows = ["| what | runs | processor time of one, at most | memory of one, at most | other |"]
    rows.append("|---|---|---|---|---|")
    for name, figures in found.items():
        others = (f"{key} {value}" for key, value in figures.items() if key not in _COLUMNS)
        seconds, mb = _with_unit(figures, "seconds", "s"), _with_unit(figures, "mb", "MB")
        rows.append(f"| {name} | {figures['count']:,} | {seconds} | {mb} | {', '.join(others)} |")
    return "\n".join(rows) + "\n"


_COLUMNS = ("count", "seconds", "mb")


def _with_unit(figures: Mapping[str, Any], name: str, unit: str) -> str:
    return f"{figures[name]} {unit}" if name in figures else ""


def write_page(found: Figures, seeds: list[int], minutes: float) -> None:
    """Replace the figures of docs/reliability.md."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    listed = f"--minutes {minutes:g} {' '.join(map(str, seeds))}"
    day = datetime.now(UTC).date().isoformat()
    made = f"Made by `python tools/reliability.py --write {listed}` on {day}, with these seeds:\n\n"
    PAGE.write_text(before + BEGIN + made + table(found) + END + after, encoding="utf-8")


def main() -> int:
    """Run all seeds; the exit code is 1 if a test of one fails, or a command takes too long."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the figures into the page")
    parser.add_argument("seeds", nargs="*", type=int, default=[1], metavar="SEED")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="no further example then")
    options = parser.parse_args()
    failed = []
    with tempfile.TemporaryDirectory(prefix="readmodel-robust-") as folder:
        figures = Path(folder, "figures.jsonl")
        figures.touch()
        for seed in options.seeds:
            print(f"Seed {seed}", flush=True)
            began = time.monotonic()
            if not run(seed, options.minutes, figures):
                failed.append(seed)
            print(f"Seed {seed}: {time.monotonic() - began:.0f} s", flush=True)
        found = summed(figures.read_text(encoding="utf-8").splitlines())
    print(table(found))
    if slow := [name for name, figures in found.items() if figures.get("seconds", 0) > SECONDS]:
        print(f"More than {SECONDS} s: {', '.join(slow)}", file=sys.stderr)
    if failed:
        print(f"Failed with seed {', '.join(map(str, failed))}: see above", file=sys.stderr)
    elif options.write and not slow:
        write_page(found, options.seeds, options.minutes)
    return int(bool(failed or slow))


if __name__ == "__main__":
    sys.exit(main())
