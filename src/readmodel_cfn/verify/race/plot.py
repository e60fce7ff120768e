"""Plots of a race over time: strips of characters for a terminal, and an SVG drawing."""

from collections.abc import Iterator, Mapping, Sequence

from readmodel_cfn.verify.race.history import Measured, Read, Verdict, Write

BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = "_.-=+*#@"
"""For terminals that cannot print block characters."""
_COLUMNS = 60
_WIDTH, _LEFT, _RIGHT = 800, 60, 20
# Top and bottom of the two charts in the drawing.
_VERSIONS, _TIMES = (50, 250), (300, 420)
_WRITTEN, _READ, _WRONG, _GREY = "#d55e00", "#0072b2", "#cc0000", "#767676"
_MOST_DOTS = 3000


def strips(measured: Measured, signs: str = BLOCKS) -> list[str]:
    """Two lines over the time of all reads: the newest version read, and the longest read."""
    began, took = _duration(measured)
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


def _duration(measured: Measured) -> tuple[int, int]:
    """The start of the first read, and the time to the end of the last; nanoseconds."""
    began = min(read.started for read in measured.reads)
    return began, max(read.ended for read in measured.reads) - began + 1


def drawing(measured: Measured, verdict: Verdict) -> str:
    """An SVG: versions written and read over time; below it, how long each read took."""
    began, took = _duration(measured)
    newest = max(write.version for write in measured.writes)
    longest = max(read.ended - read.started for read in measured.reads)
    place = _Place(began, took)
    wrong = {id(violation.read) for violation in verdict.violations}
    body = [
        *_axis(_VERSIONS, "version", f"{newest}", took),
        *_axis(_TIMES, "read, ms", f"{longest / 1e6:.0f}", took),
        *(place.write(write, newest) for write in measured.writes),
        *(
            dot
            for read in _sample(measured.reads, wrong)
            for dot in place.read(read, newest, longest, _WRONG if id(read) in wrong else _READ)
        ),
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} 450" '
        f'width="{_WIDTH}" height="450" font-family="sans-serif" font-size="12">'
    )
    return "\n".join([head, *_legend(verdict), *body, "</svg>", ""])


class _Place:
    """The positions of reads and writes in the drawing."""

    def __init__(self, began: int, took: int) -> None:
        self._began, self._took = began, took

    def write(self, write: Write, newest: int) -> str:
        """A bar from start to acknowledgement; a short, pale one without acknowledgement."""
        y = _y(_VERSIONS, write.version / newest)
        start, end = self._x(write.started), self._x(write.acknowledged or write.started)
        width = max(2.0, end - start)
        return (
            f'<rect x="{start:.1f}" y="{y - 2:.1f}" width="{width:.1f}" height="4" '
            f'fill="{_WRITTEN}" fill-opacity="{0.8 if write.acknowledged else 0.3}"/>'
        )

    def read(self, read: Read, newest: int, longest: int, colour: str) -> Iterator[str]:
        """A dot for the version, if it was written, and one for the duration."""
        x = self._x(read.ended)
        if read.version and read.version <= newest:
            yield _dot(x, _y(_VERSIONS, read.version / newest), colour)
        yield _dot(x, _y(_TIMES, (read.ended - read.started) / longest), colour)

    def _x(self, when: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * max(0, when - self._began) / self._took


def _y(part: tuple[int, int], height: float) -> float:
    top, bottom = part
    return bottom - (bottom - top) * height


def _sample(reads: Sequence[Read], wrong: set[int]) -> Iterator[Read]:
    """As many reads as the drawing can separate, and all wrong ones."""
    step = len(reads) // _MOST_DOTS + 1
    return (read for at, read in enumerate(reads) if at % step == 0 or id(read) in wrong)


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
    colours: Mapping[str, str] = {
        "written": _WRITTEN,
        "read": _READ,
        f"wrong: {verdict.broken}": _WRONG,
    }
    return [
        _text(_LEFT + 160 * at, 24, name, "start", colour)
        for at, (name, colour) in enumerate(colours.items())
    ]


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.5" fill="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = _GREY) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{text}</text>'
