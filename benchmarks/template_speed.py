"""How long `readmodel-cfn template` takes and how much memory, beside bare troposphere scripts.

    python benchmarks/template_speed.py [--rounds 25] [--json] [--svg growth.svg]

1. `template --article` beside bare_article.py, whole processes: wall time, time on the processor
   and peak memory, medians of interleaved runs.
2. Growth: a readmodel.toml of n static routes beside bare_production.py with the same n, and the
   slope of both, in milliseconds a route.
3. The largest model that fits into one stack, beside bare_production.py for the same resources.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import chart
from measure import (
    COMMAND,
    HERE,
    Command,
    Run,
    interleaved,
    median,
    medians,
    output,
    run,
    show,
    verdict,
)

ROUTES = (1, 10, 50, 100)
LARGEST = 161
"""Static routes of one segment: three resources each, so that one more would be too many."""
MOST_RESOURCES, MOST_BYTES = 500, 1_000_000  # of one template, CloudFormation's quotas
MOST_TIME, MOST_MEMORY, MOST_SLOPE = 1.8, 2.0, 1.0
Pair = tuple[Command, Command]  # ours, the bare script
Runs = dict[tuple[int, str], list[Run]]


def pairs(folder: Path) -> dict[int, Pair]:
    """The two commands for each number of routes; 0 stands for the article."""
    python = sys.executable
    article = [*COMMAND, "template", "--article"], [python, str(HERE / "bare_article.py")]
    grown = {n: _grown(folder, n) for n in (*ROUTES, LARGEST)}
    return {0: article, **grown}


def _grown(folder: Path, n: int) -> Pair:
    config = folder / f"{n}.toml"
    tables = [f'[[routes]]\npath = "route{i}"\nkey = "payload{i}.json"\n' for i in range(n)]
    config.write_text("\n".join(tables), encoding="utf-8")
    ours = [*COMMAND, "template", "--config", str(config)]
    return ours, [sys.executable, str(HERE / "bare_production.py"), str(n)]


def check_alike(pair: Pair, folder: Path) -> bool:
    """Stop where the two make other resources; else, is the text of the templates the same too?

    The bare script's deployment has no hash in its logical id.
    """
    ours, bare = (json.loads(output(command, folder)) for command in pair)
    if _types(ours) != _types(bare):
        sys.exit(f"{pair[1][1]} makes other resources: {_types(ours)} against {_types(bare)}")
    return bool(_without_hash(ours) == bare)


def check_largest(pair: Pair, folder: Path) -> dict[str, int]:
    """How much of CloudFormation's quotas it takes; stop where it is not the largest that fits."""
    content = json.loads(output(pair[0], folder))
    used = {
        "resources": len(content["Resources"]),
        "bytes": len(json.dumps(content, separators=(",", ":"))),
    }
    if not MOST_RESOURCES - 3 < used["resources"] <= MOST_RESOURCES or used["bytes"] > MOST_BYTES:
        sys.exit(f"{LARGEST} routes are not the most that fit: {used}")
    return used


def _types(template: Mapping[str, Any]) -> Mapping[str, int]:
    return Counter(one["Type"] for one in template["Resources"].values())


def _without_hash(template: Mapping[str, Any]) -> Any:
    (title,) = (
        name
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::ApiGateway::Deployment"
    )
    return json.loads(json.dumps(template).replace(f'"{title}"', '"ApiGatewayDeployment"'))


def measure(commands: Mapping[int, Pair], rounds: int, folder: Path) -> Runs:
    """Every command, interleaved."""
    return interleaved(
        rounds,
        {
            (n, who): partial(run, command, folder)
            for n, pair in commands.items()
            for who, command in zip(("ours", "bare"), pair, strict=True)
        },
    )


def compared(runs: Runs, n: int) -> dict[str, Any]:
    """Both medians and the ratios, each the median of the ratios of the rounds."""
    ours, bare = runs[n, "ours"], runs[n, "bare"]
    ratios = {
        field: median(
            getattr(a, field) / getattr(b, field) for a, b in zip(ours, bare, strict=True)
        )
        for field in Run._fields
    }
    return {
        "ours": medians(ours)._asdict(),
        "bare": medians(bare)._asdict(),
        "ratio": ratios,
    }


def slope(points: Mapping[int, float]) -> float:
    """The least squares slope of y over x."""
    middle_x, middle_y = (sum(values) / len(points) for values in (points, points.values()))
    spread = sum((x - middle_x) ** 2 for x in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points.items()) / spread


def growth(by_routes: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """Milliseconds a route, by wall time and by time on the processor, and their ratio."""
    found = {}
    for field in ("seconds", "cpu"):
        ours, bare = (
            1000 * slope({n: by_routes[n][who][field] for n in ROUTES}) for who in ("ours", "bare")
        )
        found[field] = {"ours": ours, "bare": bare, "ratio": ours / bare}
    return found


def whole_table(title: str, one: Mapping[str, Any], most_memory: float | None) -> list[list[str]]:
    """Time and memory of one command beside the bare script's, with the targets."""
    rows = [[title, "readmodel-cfn", "bare script", "ratio", "target"]]
    for field, label, scale, target in (
        ("seconds", "wall time, ms", 1000, MOST_TIME),
        ("cpu", "time on the processor, ms", 1000, None),
        ("mib", "peak memory, MiB", 1, most_memory),
    ):
        ratio = one["ratio"][field]
        values = [f"{scale * one[who][field]:.1f}" for who in ("ours", "bare")]
        judged = verdict(ratio, target) if target else "-"
        rows.append([label, *values, f"{ratio:.2f}", judged])
    return rows


def growth_table(by_routes: Mapping[int, Any], slopes: Mapping[str, Any]) -> list[list[str]]:
    """Wall time by number of routes, and the slopes with their target."""
    rows = [["routes", "readmodel-cfn, ms", "bare script, ms", "ratio", "target"]]
    for n in ROUTES:
        one = by_routes[n]
        values = [f"{1000 * one[who]['seconds']:.1f}" for who in ("ours", "bare")]
        rows.append([str(n), *values, f"{one['ratio']['seconds']:.2f}", "-"])
    for field, label in (("seconds", "a route, wall time"), ("cpu", "a route, on the processor")):
        one = slopes[field]
        values = [f"{one[who]:.3f}" for who in ("ours", "bare")]
        judged = verdict(one["ratio"], MOST_SLOPE)
        rows.append([label, *values, f"{one['ratio']:.2f}", judged])
    return rows


def draw(by_routes: Mapping[int, Any]) -> str:
    """The growth as a drawing."""
    lines = {
        label: [(n, 1000 * one[who]["seconds"]) for n, one in by_routes.items()]
        for label, who in (("readmodel-cfn template", "ours"), ("bare troposphere script", "bare"))
    }
    return chart.lines("Whole process, ms by number of routes", lines)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=25, help="runs of each command")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--svg", type=Path, help="write the growth as a drawing")
    return parser.parse_args(given)


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        commands = pairs(folder)
        alike = [check_alike(pair, folder) for pair in commands.values()]
        used = check_largest(commands[LARGEST], folder)
        runs = measure(commands, asked.rounds, folder)
    found = {n: compared(runs, n) for n in commands}
    article, largest = found.pop(0), found.pop(LARGEST)
    slopes = growth(found)
    result = {
        "rounds": asked.rounds,
        "same_text": all(alike),
        "article": article,
        "routes": found,
        "ms_a_route": slopes,
        "largest": {"routes": LARGEST, **used, **largest},
    }
    title = f"{LARGEST} routes: {used['resources']} resources, {used['bytes']:,} bytes"
    tables = [
        whole_table("template --article", article, MOST_MEMORY),
        growth_table(found, slopes),
        whole_table(title, largest, None),
    ]
    show(result, tables, asked.json)
    if asked.svg:
        asked.svg.write_text(draw({**found, LARGEST: largest}), encoding="utf-8")


if __name__ == "__main__":
    main()
