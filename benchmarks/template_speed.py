"""Compares the time of `readmodel-cfn template` with plain troposphere scripts.

    python benchmarks/template_speed.py [--rounds 25]

1. `template --article` and bare_article.py: wall time, processor time and peak memory.
2. A readmodel.toml with n static routes and bare_production.py with the same n, and the slope of
   both in milliseconds per route.

Whole processes that take turns; all figures are medians.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from measure import (
    COMMAND,
    HERE,
    Command,
    Run,
    at_most,
    median,
    medians,
    output,
    rounds,
    run,
    table,
)

ARTICLE = 0
ROUTES = (1, 10, 50, 100)
MOST_TIME, MOST_MEMORY, MOST_SLOPE = 1.6, 2.0, 1.0
OURS, BARE = "readmodel-cfn", "bare script"
Runs = dict[int, dict[str, list[Run]]]


def commands(folder: Path, n: int) -> dict[str, Command]:
    """Both commands for a number of routes; they must create the same resources."""
    if n == ARTICLE:
        ours = [*COMMAND, "template", "--article"]
        bare = [sys.executable, str(HERE / "bare_article.py")]
    else:
        config = folder / f"{n}.toml"
        tables = [f'[[routes]]\npath = "route{i}"\nkey = "payload{i}.json"\n' for i in range(n)]
        config.write_text("\n".join(tables), encoding="utf-8")
        ours = [*COMMAND, "template", "--config", str(config)]
        bare = [sys.executable, str(HERE / "bare_production.py"), str(n)]
    types = [resource_types(json.loads(output(command, folder))) for command in (ours, bare)]
    if types[0] != types[1]:
        sys.exit(f"{bare[1]} creates other resources: {types[1]} instead of {types[0]}")
    return {OURS: ours, BARE: bare}


def resource_types(template: Mapping[str, Any]) -> Counter[str]:
    """Number of resources of each type in a template."""
    return Counter(resource["Type"] for resource in template["Resources"].values())


def measure(folder: Path, count: int) -> Runs:
    """The runs of all commands."""
    pairs_by_count = {n: commands(folder, n) for n in (ARTICLE, *ROUTES)}
    runs: Runs = {n: {who: [] for who in pair} for n, pair in pairs_by_count.items()}
    for number in rounds(count, "template"):
        for n, pair in pairs_by_count.items():
            for who, command in pair.items():
                measured = run(command, folder)
                if number:
                    runs[n][who].append(measured)
    return runs


def ratio(runs: Mapping[str, list[Run]], field: str) -> float:
    """The median of each round's ratio."""
    pairs = zip(runs[OURS], runs[BARE], strict=True)
    return median(getattr(ours, field) / getattr(bare, field) for ours, bare in pairs)


def slope(runs: Runs, who: str, field: str) -> float:
    """Milliseconds per route: the least squares slope over the numbers of routes."""
    points = {n: 1000 * getattr(medians(runs[n][who]), field) for n in ROUTES}
    middle_x, middle_y = (sum(values) / len(points) for values in (points, points.values()))
    spread = sum((x - middle_x) ** 2 for x in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points.items()) / spread


def whole_table(runs: Mapping[str, list[Run]]) -> list[list[str]]:
    """Time and memory of `template --article`, with the targets."""
    rows = [["template --article", OURS, BARE, "ratio", "target"]]
    for field, label, scale, target in (
        ("seconds", "wall time, ms", 1000, MOST_TIME),
        ("cpu", "processor time, ms", 1000, None),
        ("mib", "peak memory, MiB", 1, MOST_MEMORY),
    ):
        values = [f"{scale * getattr(medians(runs[who]), field):.1f}" for who in (OURS, BARE)]
        found = ratio(runs, field)
        rows.append([label, *values, f"{found:.2f}", at_most(found, target) if target else "-"])
    return rows


def growth_table(runs: Runs) -> list[list[str]]:
    """Wall time by number of routes, and the slopes with their target."""
    rows = [["routes", f"{OURS}, ms", f"{BARE}, ms", "ratio", "target"]]
    for n in ROUTES:
        values = [f"{1000 * medians(runs[n][who]).seconds:.1f}" for who in (OURS, BARE)]
        rows.append([str(n), *values, f"{ratio(runs[n], 'seconds'):.2f}", "-"])
    for field, label in (("seconds", "per route, wall time"), ("cpu", "per route, processor time")):
        ours, bare = (slope(runs, who, field) for who in (OURS, BARE))
        found = ours / bare
        values = [f"{ours:.3f}", f"{bare:.3f}", f"{found:.2f}"]
        rows.append([label, *values, at_most(found, MOST_SLOPE)])
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25, help="runs of each command")
    with tempfile.TemporaryDirectory() as temporary:
        runs = measure(Path(temporary), parser.parse_args().rounds)
    table(whole_table(runs[ARTICLE]))
    table(growth_table(runs))


if __name__ == "__main__":
    main()
