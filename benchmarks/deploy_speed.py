"""How long `readmodel-cfn deploy` takes on the embedded AWS, beside a bare boto3 script.

    python benchmarks/deploy_speed.py [--rounds 10] [--json]

Whole processes, medians. Each round makes two stacks of the same template, by `deploy --yes` and by
bare_deploy.py, deploys the first once more without a change, and removes both (not measured).
What the deploy is made of is shown by two commands that do a part of it: `lint` (no AWS) and
`outputs` (no lint).
"""

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import embedded
from measure import COMMAND, HERE, Command, Run, finished, medians, output, run, show, verdict

MOST_SECONDS = 3.0
FIRST, AGAIN, BARE = "deploy, new stack", "deploy, no change", "bare boto3: create and poll"
LINT, OUTPUTS = "lint alone", "outputs alone"


def one_round(folder: Path, template: Path) -> dict[str, Run]:
    """Each command once, on two new stacks that are gone at the end."""
    name = f"bench-{secrets.token_hex(4)}"
    bare = f"{name}-bare"
    commands: Mapping[str, Command] = {
        FIRST: [*COMMAND, "deploy", "--yes", "--sandbox", "--stack-name", name],
        BARE: [sys.executable, str(HERE / "bare_deploy.py"), bare, str(template)],
        AGAIN: [*COMMAND, "deploy", "--yes", "--sandbox", "--stack-name", name],
        LINT: [*COMMAND, "lint"],
        OUTPUTS: [*COMMAND, "outputs", "--sandbox", "--stack-name", name],
    }
    try:
        return {what: run(command, folder) for what, command in commands.items()}
    finally:
        for stack in (name, bare):
            command = [*COMMAND, "delete", "--yes", "--with-data", "--sandbox"]
            finished([*command, "--stack-name", stack], folder)


def measure(folder: Path, rounds: int) -> list[dict[str, Run]]:
    """All rounds but the first, which warms the caches."""
    template = folder / "template.json"
    template.write_text(output([*COMMAND, "template"], folder), encoding="utf-8")
    return [one_round(folder, template) for _ in range(rounds + 1)][1:]


def rows(found: Mapping[str, Run]) -> list[list[str]]:
    """The medians, with the target."""
    lines = [["whole process", "wall time, s", "on the processor, s", "peak, MiB", "target"]]
    for what, one in found.items():
        judged = verdict(one.seconds, MOST_SECONDS) if what == AGAIN else "-"
        lines.append([what, f"{one.seconds:.2f}", f"{one.cpu:.2f}", f"{one.mib:.0f}", judged])
    return lines


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=10, help="stacks of each kind")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(given)


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with embedded.running() as box, tempfile.TemporaryDirectory() as temporary:
        os.environ.update(box.variables)
        runs = measure(Path(temporary), asked.rounds)
    found = {what: medians([one[what] for one in runs]) for what in runs[0]}
    result: dict[str, Any] = {
        "rounds": asked.rounds,
        "commands": {what: one._asdict() for what, one in found.items()},
        "over_bare": found[FIRST].seconds / found[BARE].seconds,
    }
    show(result, [rows(found)], asked.json)


if __name__ == "__main__":
    main()
