"""Compares the time of `deploy` on the embedded AWS with other tools.

    python benchmarks/deploy_speed.py [--rounds 8] [--peers DIR]

Whole processes, medians. Each round creates a new stack of the same template with each tool:
`readmodel-cfn deploy` before and after the template is in the lint cache, bare_deploy.py, sam,
sceptre and the AWS CLI. Then the first stack is deployed again without a change. After each deploy
the benchmark checks that the stack exists; at the end of a round it removes all stacks. Neither is
measured.
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
from endpoints import Endpoint, embedded_aws
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
"""A figure of a round, and its upper limit."""


def deploys(
    folder: Path, endpoint: Endpoint, programs: Mapping[str, Path]
) -> dict[str, peers.Deploy]:
    """The command of each tool that creates a stack with a name."""
    template = folder / "read-model.json"
    template.write_text(output([*COMMAND, "template"], folder), encoding="utf-8")
    bare = [sys.executable, str(HERE / "bare_deploy.py")]
    return {
        NEW: _ours,
        LINTED: _ours,
        BARE: lambda name: [*bare, name, str(template)],
        **peers.deploys(programs, template, endpoint.region),
    }


def _ours(name: str) -> list[str]:
    return [*COMMAND, "deploy", "--yes", "--sandbox", "--stack-name", name]


def one_round(folder: Path, cloud: Any, tools: Mapping[str, peers.Deploy], prefix: str) -> Round:
    """Create a stack with each tool, and deploy the first again without a change."""
    # The cfn-lint configuration is part of the lint cache's key: a new one makes the cache empty.
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
    """Delete the stacks of a round, and the buckets that they retain."""
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


def measure(folder: Path, endpoint: Endpoint, programs: Path, count: int) -> list[Round]:
    """All rounds except the first, which fills the caches."""
    os.environ.update(peers.variables(folder))
    tools = deploys(folder, endpoint, peers.install(programs, peers.DEPLOYERS))
    cloud, s3 = endpoint.client("cloudformation"), endpoint.client("s3")
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
    parser.add_argument("--rounds", type=int, default=8, help="number of rounds")
    parser.add_argument("--peers", type=Path, help="install the other tools here and keep them")
    options = parser.parse_args()
    with embedded_aws() as endpoint, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        programs = options.peers.absolute() if options.peers else folder / "peers"
        found = measure(folder, endpoint, programs, options.rounds)
    rows = [["whole process", "wall time, s", "processor time, s", "peak, MiB"]]
    for what in found[0]:
        middle = medians([runs[what] for runs in found])
        rows.append([what, f"{middle.seconds:.2f}", f"{middle.cpu:.2f}", f"{middle.mib:.0f}"])
    table(rows)
    rows = [["figure", "measured", "target"]]
    for what, (figure, most) in TARGETS.items():
        value = median(map(figure, found))
        rows.append([what, f"{value:.2f}", at_most(value, most)])
    table(rows)


if __name__ == "__main__":
    main()
