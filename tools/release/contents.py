"""What the two files hold: the wheel the package and its metadata, the sdist all that git has."""

import re
import tarfile
import zipfile
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from pathlib import Path

from readme_renderer import markdown

from readmodel_cfn import __version__
from release.build import ROOT, Built
from release.commands import run
from release.pythons import VERSIONS

_OF_A_WHEEL = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
_EGG_INFO = re.compile(r"src/readmodel_cfn\.egg-info/.*")
_PYTHON = "Programming Language :: Python :: "


def faults(built: Built) -> Iterator[str]:
    """Whatever the files lack, have too much, or say wrongly of themselves."""
    tracked = set(run(["git", "ls-files"], ROOT).splitlines())
    with zipfile.ZipFile(built.wheel) as wheel:
        info = f"readmodel_cfn-{__version__}.dist-info"
        package = {one.removeprefix("src/") for one in tracked if one.startswith("src/")}
        wanted = package | {f"{info}/{name}" for name in (*_OF_A_WHEEL, "top_level.txt")}
        yield from _differences(built.wheel, set(wheel.namelist()), wanted)
        yield from _metadata_faults(message_from_string(wheel.read(f"{info}/METADATA").decode()))
    with tarfile.open(built.sdist) as sdist:
        files = {one.name.partition("/")[2] for one in sdist if one.isfile()}
    ours = {one for one in files if not _EGG_INFO.fullmatch(one)} - {"PKG-INFO"}
    yield from _differences(built.sdist, ours, tracked)


def _differences(file: Path, found: set[str], wanted: set[str]) -> Iterator[str]:
    yield from (f"{file.name} has no {one}" for one in sorted(wanted - found))
    yield from (f"{file.name} has {one}, git has not" for one in sorted(found - wanted))


def _metadata_faults(found: Message) -> Iterator[str]:
    if found["Version"] != __version__:
        yield f"the version is {found['Version']}, not {__version__}"
    classifiers = found.get_all("Classifier", [])
    named = [one.removeprefix(_PYTHON) for one in classifiers if one.startswith(_PYTHON)]
    if named != ["3", *VERSIONS]:
        yield f"the classifiers name the Pythons {named}"
    # twine renders no Markdown: this is what the index itself does.
    page = markdown.render(str(found.get_payload()))
    if page is None:
        yield "the description cannot be rendered"
    for link in re.findall(r'(?:href|src)="([^"]*)"', page or ""):
        if not link.startswith(("https://", "#")):
            yield f"the description links to {link}, which an index has not"
