"""`make screens`: writes docs/screens.md, the output of twelve commands on a new sandbox.

The scenes are those of the tests (tests/sandbox/screen_scenes.py); tests/sandbox/test_screens.py
compares the page.
"""

import sys
import tempfile
from contextlib import chdir
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "sandbox"))

from faults import own_sandbox
from screen_scenes import PAGE, PAGE_WIDTH, page, play


def main() -> None:
    """Run the commands and write the page."""
    with own_sandbox() as (_, home), tempfile.TemporaryDirectory() as folder, chdir(folder):
        text = page(list(play(home, PAGE_WIDTH)))
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
