"""The package of a Lambda function: its size, and how long the first import of the handler takes.

python benchmarks/lambda_package.py

It installs this package, obstore and msgspec as examples/lambda-sqs/build.sh does, for this Python.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 11
MEGABYTE = 1_000_000
WITHOUT_BYTECODE = "import sys; sys.dont_write_bytecode = True; import readmodel_cfn.handlers"


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--target", name]
        requirements = ROOT / "examples" / "lambda-sqs" / "requirements.txt"
        subprocess.run([*pip, "-r", str(requirements), str(ROOT)], check=True)
        for entry in sorted(folder.iterdir()):
            print(f"{size(entry) / MEGABYTE:6.1f} MB  {entry.name}")
        print(f"{size(folder) / MEGABYTE:6.1f} MB  in all, without bytecode")
        for text, program in {"an empty program": "pass", "the import": WITHOUT_BYTECODE}.items():
            print(f"{median(folder, program) * 1000:6.0f} ms  {text}, median of {RUNS} processes")


def size(path: Path) -> int:
    """The bytes of all files, without bytecode."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file() and file.suffix != ".pyc")


def median(folder: Path, program: str) -> float:
    """Seconds of a process that runs the program with this folder alone on its path."""
    for bytecode in folder.rglob("*.pyc"):
        bytecode.unlink()
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(folder)!r})"]
    command[-1] += f"; {program}"
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run(command, check=True)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
