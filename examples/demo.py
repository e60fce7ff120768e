"""Deploy, publish, read and verify on the embedded AWS; each step is a command that you can type.

The stack has a random name and the payload a random value: the demo fails unless it reads the same
value through the API. It stops what it started; KEEP=1 leaves the stack running.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = [sys.executable, "-m", "readmodel_cfn"]
TOML = """\
[stack]
name = "{stack}"

[[routes]]
path = "samples"
key = "payload.json"
"""


def run(*arguments: str, quiet: bool = False) -> str:
    """Run a readmodel-cfn command, print it, and return its stdout."""
    if not quiet:
        shown = f"$ readmodel-cfn {' '.join(arguments)}"
        bold = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        print(f"\n\033[1m{shown}\033[0m" if bold else f"\n{shown}", flush=True)
    done = subprocess.run([*PROGRAM, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"readmodel-cfn {arguments[0]} failed with exit code {done.returncode}")
    return done.stdout


def demo(folder: Path) -> None:
    """Template, lint, deploy, publish, read, verify."""
    stack, value = f"demo-{secrets.token_hex(4)}", secrets.token_hex(8)
    config, payload = folder / "readmodel.toml", folder / "payload.json"
    config.write_text(TOML.format(stack=stack))
    payload.write_text(json.dumps({"value": value}))
    with_config = ("--config", str(config))
    print(f"The read model's configuration file, {config}:\n\n{config.read_text()}")

    text = run("template", *with_config)
    print(f"{len(text.splitlines())} lines, {len(json.loads(text)['Resources'])} resources")
    run("lint", *with_config)
    print(run("deploy", *with_config, "--sandbox", "--yes"))
    print(run("publish", str(payload), *with_config, "--sandbox", "--as-writer"))
    body = run("read", *with_config, "--sandbox")
    print(body)
    if json.loads(body)["value"] != value:
        sys.exit(f"published {value}, but read {body}")
    print(f"Published {value} and read it through the API.")
    print(run("verify", *with_config, "--sandbox", "--yes"))
    if os.environ.get("KEEP"):
        keep(with_config, stack)
    else:
        run("delete", *with_config, "--sandbox", f"--with-data={stack}", "--yes")


def keep(with_config: tuple[str, str], stack: str) -> None:
    """Print commands to try next."""
    outputs = json.loads(run("outputs", *with_config, "--sandbox", "--json", quiet=True))
    program = "readmodel-cfn" if "VIRTUAL_ENV" in os.environ else ".venv/bin/readmodel-cfn"
    print(f"""
The stack is still running. Try:
  curl -i {outputs["SamplesUrl"]}
  {program} status {" ".join(with_config)} --sandbox
  {program} delete {" ".join(with_config)} --sandbox --with-data={stack} --yes
  {program} sandbox stop""")


def main() -> None:
    """Run the demo, then remove everything that it created."""
    start = time.monotonic()
    keeping = bool(os.environ.get("KEEP"))
    ran = subprocess.run([*PROGRAM, "sandbox", "status"], capture_output=True, check=False)
    folder = Path(tempfile.mkdtemp(prefix="readmodel-demo-"))
    try:
        demo(folder)
    finally:
        if not keeping:
            shutil.rmtree(folder)
            if ran.returncode:
                run("sandbox", "stop")
    print(f"\nDone in {time.monotonic() - start:.0f} s.")


if __name__ == "__main__":
    main()
