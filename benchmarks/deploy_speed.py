"""How long deploying the production stack takes on the embedded AWS, beside other tools.

    python benchmarks/deploy_speed.py [--rounds 8] [--peers DIR]

Whole processes, medians. Each round makes a new stack of the same template with each tool: with
`readmodel-cfn deploy` twice, first of a text that was never linted, then of the same text; with
bare_deploy.py, which is the floor; with sam, sceptre and AWS's own command line. Then the first
stack is deployed once more without a change. After each it is checked that the stack exists; at the
end of a round all are removed. Neither is measured.
"""

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import peers
from measure import (
    COMMAND,
    HERE,
    Run,
    at_most,
    median,
    medians,
    output,
    rounds,
    run,
    table,
)
from places import Place, embedded_aws

NEW = "readmodel-cfn deploy, never linted"
LINTED = "readmodel-cfn deploy, linted before"
UNCHANGED = "readmodel-cfn deploy, no change"
BARE = "bare boto3: create and poll"
Round = Mapping[str, Run]

TARGETS: Mapping[str, tuple[Callable[[Round], float], float]] = {
    f"{NEW}: s more than bare boto3": (lambda runs: runs[NEW].seconds - runs[BARE].seconds, 2.5),
    f"{NEW}: of sam's time": (lambda runs: runs[NEW].seconds / runs[peers.SAM].seconds, 0.5),
    f"{NEW}: of sceptre's time": (lambda runs: runs[NEW].seconds / runs[peers.SCEPTRE].seconds, 1),
    f"{UNCHANGED}: s": (lambda runs: runs[UNCHANGED].seconds, 1),
}
"""What is asked of a round, and the most that it may be."""


def deploys(folder: Path, place: Place, programs: Mapping[str, Path]) -> dict[str, peers.Deploy]:
    """How each tool makes a new stack of a name, of a template in a folder."""
    template = folder / "read-model.json"
    template.write_text(output([*COMMAND, "template"], folder), encoding="utf-8")
    bare = [sys.executable, str(HERE / "bare_deploy.py")]
    return {
        NEW: _ours,
        LINTED: _ours,
        BARE: lambda name: [*bare, name, str(template)],
        **peers.deploys(programs, template, place.region),
    }


def _ours(name: str) -> list[str]:
    return [*COMMAND, "deploy", "--yes", "--sandbox", "--stack-name", name]


def one_round(folder: Path, cloud: Any, tools: Mapping[str, peers.Deploy], prefix: str) -> Round:
    """A new stack with each tool, and the first of ours once more."""
    # The lint cache belongs to cfn-lint's settings: with new ones, no text was linted before.
    (folder / ".cfnlintrc").write_text(f"# {prefix}\n", encoding="utf-8")
    commands = {what: (deploy, f"{prefix}{n}") for n, (what, deploy) in enumerate(tools.items())}
    commands[UNCHANGED] = commands[NEW]
    found = {}
    for what, (deploy, name) in commands.items():
        found[what] = run(deploy(name), folder)
        status = cloud.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if status != "CREATE_COMPLETE":
            sys.exit(f"{name}: {status}")
    return found


def remove(cloud: Any, s3: Any, prefix: str) -> None:
    """Remove the stacks of a round, and their buckets, which the stacks retain."""
    for stack in cloud.describe_stacks()["Stacks"]:
        if stack["StackName"].startswith(prefix):
            stack_id = {"StackName": stack["StackId"]}
            resources = cloud.describe_stack_resources(**stack_id)["StackResources"]
            cloud.delete_stack(**stack_id)
            waiter = cloud.get_waiter("stack_delete_complete")
            waiter.wait(**stack_id, WaiterConfig={"Delay": 0.1})
            for resource in resources:
                if resource["ResourceType"] == "AWS::S3::Bucket":
                    s3.delete_bucket(Bucket=resource["PhysicalResourceId"])


def measure(folder: Path, place: Place, programs: Path, count: int) -> list[Round]:
    """All rounds but the first, which warms the caches."""
    os.environ.update(peers.variables(folder))
    tools = deploys(folder, place, peers.install(programs, peers.DEPLOYERS))
    cloud, s3 = place.client("cloudformation"), place.client("s3")
    found = []
    for _ in rounds(count, "deploy"):
        prefix = f"bench-{secrets.token_hex(4)}-"
        try:
            found.append(one_round(folder, cloud, tools, prefix))
        finally:
            remove(cloud, s3, prefix)
    return found[1:]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8, help="stacks of each kind")
    parser.add_argument("--peers", type=Path, help="keep the other tools here for the next time")
    asked = parser.parse_args()
    with embedded_aws() as place, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        programs = asked.peers.absolute() if asked.peers else folder / "peers"
        found = measure(folder, place, programs, asked.rounds)
    rows = [["whole process", "wall time, s", "processor time, s", "peak, MiB"]]
    for what in found[0]:
        middle = medians([runs[what] for runs in found])
        rows.append([what, f"{middle.seconds:.2f}", f"{middle.cpu:.2f}", f"{middle.mib:.0f}"])
    table(rows)
    rows = [["asked", "measured", "target"]]
    for what, (figure, most) in TARGETS.items():
        value = median(map(figure, found))
        rows.append([what, f"{value:.2f}", at_most(value, most)])
    table(rows)


if __name__ == "__main__":
    main()
