"""The race over time: lines of blocks for a terminal, and a drawing as SVG."""

from collections.abc import Iterator, Mapping, Sequence

from readmodel_cfn.verify.race.history import Read, Verdict, Write
from readmodel_cfn.verify.race.measure import Measured

BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = "_.-=+*#@"
"""For a terminal that has no blocks."""
_COLUMNS = 60
_WIDTH, _LEFT, _RIGHT = 800, 60, 20
# The top and the bottom of each of the two parts of the drawing.
_VERSIONS, _TIMES = (50, 250), (300, 420)
_WRITTEN, _READ, _WRONG, _GREY = "#d55e00", "#0072b2", "#cc0000", "#767676"
_MOST_DOTS = 3000


def strips(measured: Measured, signs: str = BLOCKS) -> list[str]:
    """Two lines, from the first read to the last: the newest version read, and the longest read."""
    began, took = _span(measured)
    versions, longest = [0] * _COLUMNS, [0.0] * _COLUMNS
    for read in measured.reads:
        column = min(_COLUMNS - 1, (read.ended - began) * _COLUMNS // took)
        versions[column] = max(versions[column], read.version or 0)
        longest[column] = max(longest[column], (read.ended - read.started) / 1e6)
    seconds = f"{took / 1e9:.1f} s"
    return [
        f"version read  {_strip(versions, signs)}  up to {max(versions)}, in {seconds}",
        f"longest read  {_strip(longest, signs)}  up to {max(longest):.0f} ms",
    ]


def _strip(values: Sequence[float], signs: str) -> str:
    most = max(values) or 1
    return "".join(
        signs[min(len(signs) - 1, int(value / most * len(signs)))] if value else " "
        for value in values
    )


def _span(measured: Measured) -> tuple[int, int]:
    """When the first read began, and how long it was to the end of the last; nanoseconds."""
    began = min(one.started for one in measured.reads)
    return began, max(one.ended for one in measured.reads) - began + 1


def drawing(measured: Measured, verdict: Verdict) -> str:
    """An SVG: the versions written and read over time; below, how long each read took."""
    began, took = _span(measured)
    newest = max(one.version for one in measured.writes)
    longest = max(one.ended - one.started for one in measured.reads)
    place = _Place(began, took)
    wrong = {id(one.read) for one in verdict.violations}
    body = [
        *_axis(_VERSIONS, "version", f"{newest}", took),
        *_axis(_TIMES, "read, ms", f"{longest / 1e6:.0f}", took),
        *(place.write(one, newest) for one in measured.writes),
        *(
            dot
            for one in _thinned(measured.reads, wrong)
            for dot in place.read(one, newest, longest, _WRONG if id(one) in wrong else _READ)
        ),
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} 450" '
        f'width="{_WIDTH}" height="450" font-family="sans-serif" font-size="12">'
    )
    return "\n".join([head, *_legend(verdict), *body, "</svg>", ""])


class _Place:
    """Where a moment is in the drawing."""

    def __init__(self, began: int, took: int) -> None:
        self._began, self._took = began, took

    def write(self, one: Write, newest: int) -> str:
        """From its start to its acknowledgement, or a mark where there was none."""
        y = _y(_VERSIONS, one.version / newest)
        start, end = self._x(one.started), self._x(one.acknowledged or one.started)
        width = max(2.0, end - start)
        return (
            f'<rect x="{start:.1f}" y="{y - 2:.1f}" width="{width:.1f}" height="4" '
            f'fill="{_WRITTEN}" fill-opacity="{0.8 if one.acknowledged else 0.3}"/>'
        )

    def read(self, one: Read, newest: int, longest: int, colour: str) -> Iterator[str]:
        """A dot for its version, where it has one that was written; one for how long it took."""
        x = self._x(one.ended)
        if one.version and one.version <= newest:
            yield _dot(x, _y(_VERSIONS, one.version / newest), colour)
        yield _dot(x, _y(_TIMES, (one.ended - one.started) / longest), colour)

    def _x(self, when: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * max(0, when - self._began) / self._took


def _y(part: tuple[int, int], height: float) -> float:
    top, bottom = part
    return bottom - (bottom - top) * height


def _thinned(reads: Sequence[Read], wrong: set[int]) -> Iterator[Read]:
    """Not more dots than can be told apart, but all that are wrong."""
    step = len(reads) // _MOST_DOTS + 1
    return (one for at, one in enumerate(reads) if at % step == 0 or id(one) in wrong)


def _axis(part: tuple[int, int], name: str, most: str, took: int) -> list[str]:
    top, bottom = part
    corner = f"{_LEFT},{top} {_LEFT},{bottom} {_WIDTH - _RIGHT},{bottom}"
    return [
        f'<polyline points="{corner}" fill="none" stroke="{_GREY}"/>',
        _text(_LEFT - 6, top + 4, most, "end"),
        _text(_LEFT - 6, bottom, name, "end"),
        _text(_WIDTH - _RIGHT, bottom + 16, f"{took / 1e9:.1f} s", "end"),
    ]


def _legend(verdict: Verdict) -> list[str]:
    counts = {"written": _WRITTEN, "read": _READ, f"wrong: {verdict.broken}": _WRONG}
    return [_text(_LEFT + 160 * at, 24, *each) for at, each in enumerate(_coloured(counts))]


def _coloured(named: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    return ((name, "start", colour) for name, colour in named.items())


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.5" fill="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = _GREY) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{text}</text>'
