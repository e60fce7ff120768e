"""The lines that a command prints only if something takes long, as on a busy machine."""

import re

# A step in progress, such as `Reading the events...`; the seconds it has taken so far; a count.
_LINE = re.compile(
    r"(?:[A-Z][^\n]*\.\.\.|[A-Z][^\n]*: \d+ s|[^\n]*: [\d,]+(?: of [\d,]+)? [a-z]+, "
    r"[\d,]+ per second(?:, [\d,]+ s left)?)"
)


def without_progress(output: str) -> str:
    """The output of a command without its timed lines."""
    lines = output.splitlines(keepends=True)
    return "".join(line for line in lines if not _LINE.fullmatch(line.rstrip("\r\n")))
