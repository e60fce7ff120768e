"""Fit text to the width of a terminal: no line is longer.

Only a URL, an ARN and a command to type stay whole, on a line of their own if they are longer: they
are copied. Text is divided between words, and the lines that follow are indented. A cell that does
not fit is printed below its row.
"""

import re
from collections.abc import Iterator, Sequence
from unicodedata import combining, east_asian_width

_INDENT = 2  # of the lines that follow
_BELOW = 4  # indentation of cells below their row
_GAP = "  "  # between columns
_NARROWEST = 40  # columns in which the last cell is divided; with fewer it is printed below
_STYLE = re.compile(r"\x1b\[[\d;]*m")
# The words of a command: its name, one word, options with a value, and words that are no prose. In
# a message it ends at a punctuation mark.
_WORD = r"(?<![.:]) (?:'[^']*'|[^\s';,()])+"
_NO_PROSE = rf"(?= \S*[A-Z0-9/={{}}'*_]){_WORD}"
_OPTION = rf"(?= -){_WORD}(?:{_WORD})?"
_FIRST = rf"(?! -){_WORD}"
_COMMAND = rf"(?:readmodel-cfn|aws) [a-z][a-z-]*(?:{_FIRST})?(?:{_OPTION}|{_NO_PROSE})*"
_UNIT = re.compile(rf"(?:{_COMMAND}|\S)\S*")
_WHOLE = re.compile(rf"['\"(<]?(?:\w+://|arn:aws|{_COMMAND})")


def fitted(text: str, width: int | None) -> list[str]:
    """The lines of the text, each at most `width` columns long; None is any length."""
    lines = text.split("\n")
    if width is None:
        return lines
    return [part for line in lines for part in _divided(line, width)]


def fitted_table(rows: Sequence[Sequence[str]], width: int | None) -> Iterator[str]:
    """The lines of a table with aligned columns; a cell that never fits widens none of them."""
    widths = [
        max((each for each in map(columns, cells) if width is None or each <= width), default=0)
        for cells in zip(*rows, strict=True)
    ]
    for row in rows:
        padded = [
            cell + " " * (most - columns(cell)) for cell, most in zip(row, widths, strict=True)
        ]
        line = _GAP.join(padded).rstrip()
        if width is None or columns(line) <= width:
            yield line
        else:
            yield from _divided_row(padded, width)


def columns(text: str) -> int:
    """The number of a terminal's columns that a text takes."""
    plain = _plain(text)
    return len(plain) if plain.isascii() else sum(map(_columns_of, plain))


def _columns_of(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def _plain(text: str) -> str:
    return _STYLE.sub("", text)


def _divided_row(padded: Sequence[str], width: int) -> Iterator[str]:
    """A row that is too long: the last cell is divided in its column, or cells stand below."""
    start = columns(_GAP.join((*padded[:-1], "")))
    if width - start >= _NARROWEST and not _stays_whole(padded[-1]):
        yield from _divided(_GAP.join(padded), width, start)
        return
    count = 1
    while columns(_GAP.join(padded[: count + 1]).rstrip()) <= width:
        count += 1
    yield from _divided(_GAP.join(padded[:count]), width)
    below, space = "", " " * _BELOW
    for cell in filter(None, map(str.strip, padded[count:])):
        if below and columns(below + _GAP + cell) <= width:
            below += _GAP + cell
            continue
        if below:
            yield from _divided(below, width, _BELOW)
        below = space + cell
    yield from _divided(below, width, _BELOW)


def _divided(line: str, width: int, indent: int | None = None) -> Iterator[str]:
    """The parts of a line; those after the first are indented."""
    line = line.rstrip()
    if columns(line) <= width:
        yield line
        return
    own = len(line) - len(line.lstrip())
    space = " " * min(own + _INDENT if indent is None else indent, width // 2)
    part, end = "", 0
    for unit in _UNIT.finditer(line):
        gap, end = line[end : unit.start()], unit.end()
        for word in _pieces(unit[0], width - len(space)):
            if columns(part + gap + word) <= width:
                part = part + gap + word
            else:
                if part:
                    yield part
                part = space + word if part else gap[: len(space)] + word
            gap = ""
    yield part


def _pieces(unit: str, width: int) -> Iterator[str]:
    """The unit, or pieces of it if it is too long and need not stay whole."""
    if columns(unit) <= width or _stays_whole(unit):
        yield unit
        return
    piece = ""
    for character in _plain(unit):
        if columns(piece + character) > width:
            slash = piece.rfind("/") + 1
            end = slash if slash > width // 4 else len(piece)
            yield piece[:end]
            piece = piece[end:]
        piece += character
    yield piece + "".join(_STYLE.findall(unit))


def _stays_whole(text: str) -> bool:
    return _WHOLE.match(_plain(text)) is not None
