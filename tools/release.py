"""`make dist`: builds the sdist and the wheel into dist/, and checks them.

1. The sdist contains every file in git, the wheel every file of the package; the metadata is right.
2. In an environment with the wheel, on each Python that is found: template, lint, audit and the
   examples in README.md that need no AWS.
3. On the newest Python also: README.md's tour on the embedded AWS, the types as mypy and pyright
   see them, and the generator without the packages that it does not need.

The exit code is 1 if a check fails. Nothing is uploaded.
"""

import os
import re
import shutil
import signal
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from pathlib import Path

from readme_renderer import markdown
from release_checks import (
    ROOT,
    CheckFailed,
    check_generator,
    check_offline,
    check_tour,
    check_types,
    fail_if_any,
    installed,
    run,
)

from readmodel_cfn import __version__

DIST = ROOT / "dist"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")  # the classifiers in setup.cfg
EGG_INFO = "src/readmodel_cfn.egg-info/"
DIST_INFO = (
    "METADATA",
    "RECORD",
    "WHEEL",
    "entry_points.txt",
    "licenses/LICENSE",
    "top_level.txt",
)
CLASSIFIER = "Programming Language :: Python :: "


def main() -> int:
    """Build and check; the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the sandbox is stopped
    start = time.monotonic()
    try:
        sdist, wheel = build()
        fail_if_any(content_problems(sdist, wheel))
        report(f"{sdist.name}, {wheel.name}: complete, metadata valid")
        check_on_pythons(wheel)
    except CheckFailed as error:
        print(error, file=sys.stderr)
        return 1
    report(f"All checks passed in {time.monotonic() - start:.0f} s.")
    return 0


def build() -> tuple[Path, Path]:
    """The sdist, and the wheel that is built from it."""
    report("Building the sdist and the wheel")
    shutil.rmtree(DIST, ignore_errors=True)
    run([sys.executable, "-m", "build", "--outdir", DIST, ROOT])
    (sdist,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    run([sys.executable, "-m", "twine", "check", "--strict", sdist, wheel])
    return sdist, wheel


def content_problems(sdist: Path, wheel: Path) -> Iterator[str]:
    """Files that are missing or not in git, and wrong metadata."""
    tracked = set(run(["git", "ls-files"], ROOT).splitlines())
    with tarfile.open(sdist) as archive:
        files = {member.name.partition("/")[2] for member in archive if member.isfile()}
    files = {name for name in files if not name.startswith(EGG_INFO)} - {"PKG-INFO"}
    yield from differences(sdist, files, tracked)
    with zipfile.ZipFile(wheel) as archive:
        info = f"readmodel_cfn-{__version__}.dist-info"
        package = {name.removeprefix("src/") for name in tracked if name.startswith("src/")}
        expected = package | {f"{info}/{name}" for name in DIST_INFO}
        yield from differences(wheel, set(archive.namelist()), expected)
        yield from metadata_problems(message_from_string(archive.read(f"{info}/METADATA").decode()))


def differences(file: Path, found: set[str], expected: set[str]) -> Iterator[str]:
    """Missing and unexpected members of an archive."""
    yield from (f"{file.name}: {name} is missing" for name in sorted(expected - found))
    yield from (f"{file.name}: {name} is not in git" for name in sorted(found - expected))


def metadata_problems(metadata: Message) -> Iterator[str]:
    """Wrong version or classifiers, or a description that a package index cannot show."""
    if metadata["Version"] != __version__:
        yield f"Version: {metadata['Version']} instead of {__version__}"
    classifiers = metadata.get_all("Classifier", [])
    pythons = [name.removeprefix(CLASSIFIER) for name in classifiers if name.startswith(CLASSIFIER)]
    if pythons != ["3", *PYTHONS]:
        yield f"Classifier: the Python versions are {pythons}"
    # twine does not render Markdown; this library is what PyPI renders it with.
    page = markdown.render(str(metadata.get_payload()))
    if page is None:
        yield "Description: cannot be rendered"
    for link in re.findall(r'(?:href|src)="([^"]*)"', page or ""):
        if not link.startswith(("https://", "#")):
            yield f"Description: the relative link {link} is broken on a package index"


def check_on_pythons(wheel: Path) -> None:
    """Install the wheel with each Python; on the newest run every check."""
    found = {version: find_python(version) for version in PYTHONS}
    interpreters = {version: path for version, path in found.items() if path}
    if not interpreters:
        raise CheckFailed(f"none of these Python versions is installed: {', '.join(found)}")
    for version in found.keys() - interpreters.keys():
        report(f"Python {version}: SKIPPED, not installed")
    newest = list(interpreters)[-1]
    for version, interpreter in interpreters.items():
        with installed(interpreter, [wheel]) as environment:
            full_size = environment.mebibytes()
            check_offline(environment)
            report(f"Python {version}: template, lint, audit and the library work")
            if version == newest:
                check_tour(environment)
                report(f"Python {version}: README.md's tour works on the embedded AWS")
                check_types(environment)
                report(f"Python {version}: mypy and pyright accept client.py, reject refused.py")
    size = check_generator(interpreters[newest], wheel)
    report(f"Python {newest}: the generator alone works; {size} MiB instead of {full_size} MiB")


def find_python(version: str) -> Path | None:
    """The interpreter of a minor version on the PATH, or one that pyenv installed."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    # pyenv's own directories come first: on the PATH it has scripts that can refuse to run.
    folders = [*pyenv.glob(f"versions/{version}.*/bin"), *os.get_exec_path()]
    program = shutil.which(f"python{version}", path=os.pathsep.join(map(str, folders)))
    return Path(program) if program else None


def report(line: str) -> None:
    """Print a line of progress at once."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
