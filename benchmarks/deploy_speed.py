"""How long deploying the production stack takes on the embedded AWS, beside other tools.

    python benchmarks/deploy_speed.py [--rounds 10] [--json] [--svg deploys.svg] [--peers DIR]

Whole processes, medians. Each round makes a new stack of the same template with each tool: with
`readmodel-cfn deploy` twice, first of a text that was never linted, then of the same, which was;
with bare_deploy.py, which is the floor; with sam, sceptre and AWS's own command line. Then the
first stack is deployed once more without a change. After each it is checked that the stack is
there; at the end of a round all are removed. Neither is measured.
"""

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import chart
import embedded
import peers
from measure import COMMAND, HERE, Run, median, medians, output, run, show, verdict
from places import Place

COLD = "readmodel-cfn deploy, never linted"
WARM = "readmodel-cfn deploy, linted before"
AGAIN = "readmodel-cfn deploy, no change"
BARE = "bare boto3: create and poll"
SHOWN = (COLD, WARM, AGAIN, BARE, peers.SAM, peers.SCEPTRE, peers.AWS)
Round = Mapping[str, Run]

ASKED: Mapping[str, tuple[Callable[[Round], float], float]] = {
    f"{COLD}: s more than bare boto3": (lambda one: one[COLD].seconds - one[BARE].seconds, 2.5),
    f"{COLD}: of sam's time": (lambda one: one[COLD].seconds / one[peers.SAM].seconds, 0.5),
    f"{COLD}: of sceptre's time": (lambda one: one[COLD].seconds / one[peers.SCEPTRE].seconds, 1),
    f"{AGAIN}: s": (lambda one: one[AGAIN].seconds, 1),
}
"""What is asked of a round, and the most that it may be."""


def deploys(folder: Path, place: Place, programs: Mapping[str, Path]) -> dict[str, peers.Deploy]:
    """How each tool makes a new stack of a name, of a template in a folder."""
    template = folder / "read-model.json"
    template.write_text(output([*COMMAND, "template"], folder), encoding="utf-8")
    bare = [sys.executable, str(HERE / "bare_deploy.py")]
    return {
        COLD: _ours,
        WARM: _ours,
        BARE: lambda name: [*bare, name, str(template)],
        **peers.deploys(programs, template, place.region),
    }


def _ours(name: str) -> list[str]:
    return [*COMMAND, "deploy", "--yes", "--sandbox", "--stack-name", name]


def one_round(
    folder: Path, cloud: Any, tools: Mapping[str, peers.Deploy], prefix: str
) -> dict[str, Run]:
    """A new stack with each tool, and the first of ours once more."""
    # What was found belongs to cfn-lint's settings: with new ones, no text was linted before.
    (folder / ".cfnlintrc").write_text(f"# {prefix}\n", encoding="utf-8")
    commands = {what: (deploy, f"{prefix}{n}") for n, (what, deploy) in enumerate(tools.items())}
    commands[AGAIN] = commands[COLD]
    found = {}
    for what, (deploy, name) in commands.items():
        found[what] = run(deploy(name), folder)
        check_created(cloud, name)
    return found


def check_created(cloud: Any, name: str) -> None:
    """Stop where there is no such stack, or one that was updated since."""
    status = cloud.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    if status != "CREATE_COMPLETE":
        sys.exit(f"{name}: {status}")


def remove(cloud: Any, s3: Any, prefix: str) -> None:
    """Remove the stacks of a round, and their buckets, which outlive them."""
    for stack in cloud.describe_stacks()["Stacks"]:
        if stack["StackName"].startswith(prefix):
            there = {"StackName": stack["StackId"]}
            resources = cloud.describe_stack_resources(**there)["StackResources"]
            cloud.delete_stack(**there)
            cloud.get_waiter("stack_delete_complete").wait(**there, WaiterConfig={"Delay": 0.1})
            for one in resources:
                if one["ResourceType"] == "AWS::S3::Bucket":
                    s3.delete_bucket(Bucket=one["PhysicalResourceId"])


def measure(folder: Path, place: Place, programs: Path, rounds: int) -> list[dict[str, Run]]:
    """All rounds but the first, which warms the caches."""
    os.environ.update(place.variables | peers.variables(folder))
    tools = deploys(folder, place, peers.install(programs))
    cloud, s3 = place.client("cloudformation"), place.client("s3")
    found = []
    for _ in range(rounds + 1):
        prefix = f"bench-{secrets.token_hex(4)}-"
        try:
            found.append(one_round(folder, cloud, tools, prefix))
        finally:
            remove(cloud, s3, prefix)
    return found[1:]


def whole_table(found: Mapping[str, Run]) -> list[list[str]]:
    """The medians."""
    rows = [["whole process", "wall time, s", "on the processor, s", "peak, MiB"]]
    for what, one in found.items():
        rows.append([what, f"{one.seconds:.2f}", f"{one.cpu:.2f}", f"{one.mib:.0f}"])
    return rows


def asked_table(found: Mapping[str, float]) -> list[list[str]]:
    """The targets."""
    rows = [["asked", "measured", "target"]]
    return rows + [
        [what, f"{one:.2f}", verdict(one, ASKED[what][1])] for what, one in found.items()
    ]


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=10, help="stacks of each kind")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--svg", type=Path, help="write the times as a drawing")
    parser.add_argument("--peers", type=Path, help="keep the other tools here for the next time")
    return parser.parse_args(given)


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with embedded.running() as box, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        programs = asked.peers.absolute() if asked.peers else folder / "peers"
        runs = measure(folder, box, programs, asked.rounds)
    found = {what: medians([one[what] for one in runs]) for what in SHOWN}
    answers = {what: median(map(of, runs)) for what, (of, _) in ASKED.items()}
    result = {
        "rounds": asked.rounds,
        "commands": {what: one._asdict() for what, one in found.items()},
        "asked": answers,
    }
    show(result, [whole_table(found), asked_table(answers)], asked.json)
    if asked.svg:
        times = {what: 1000 * one.seconds for what, one in found.items()}
        asked.svg.write_text(chart.bars("Whole process, ms", times), encoding="utf-8")


if __name__ == "__main__":
    main()
