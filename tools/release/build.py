"""The build: the sdist, and the wheel from it."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from release.commands import run

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"


@dataclass(frozen=True)
class Built:
    """The two files of a release."""

    sdist: Path
    wheel: Path


def build() -> Built:
    """Both files, alone in `dist/`, in the form that indexes take."""
    shutil.rmtree(DIST, ignore_errors=True)
    run([sys.executable, "-m", "build", "--outdir", DIST, ROOT])
    (sdist,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    run([sys.executable, "-m", "twine", "check", "--strict", sdist, wheel])
    return Built(sdist, wheel)
