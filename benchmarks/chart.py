"""Drawings without a library: lines and bars as SVG, readable on light and on dark ground."""

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 60, 40
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
GREY = "#767676"
ROW = 26

Points = Sequence[tuple[float, float]]


def lines(title: str, series: Mapping[str, Points]) -> str:
    """Lines from zero upwards, each with its name."""
    most_x = max(x for points in series.values() for x, _ in points)
    most_y = max(y for points in series.values() for _, y in points)
    parts = [*_axes(most_x, most_y)]
    for number, (name, points) in enumerate(series.items()):
        placed = [(_x(x, most_x), _y(y, most_y)) for x, y in points]
        parts += _line(placed, COLOURS[number])
        parts.append(_text(LEFT + 240 * number, 46, name, fill=COLOURS[number]))
    return _drawing(title, HEIGHT, parts)


def bars(title: str, values: Mapping[str, float]) -> str:
    """One bar a name, with its figure."""
    label, most = 280, max(values.values())
    parts = []
    for number, (name, value) in enumerate(values.items()):
        y = 44 + ROW * number
        width = (WIDTH - label - 80) * value / most
        parts.append(_text(label - 8, y + 14, name, anchor="end"))
        parts.append(
            f'<rect x="{label}" y="{y}" width="{width:.1f}" height="18" fill="{COLOURS[0]}"/>'
        )
        parts.append(_text(label + width + 6, y + 14, f"{value:,.0f}"))
    return _drawing(title, 54 + ROW * len(values), parts)


def _x(x: float, most: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * x / most


def _y(y: float, most: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / most


def _axes(most_x: float, most_y: float) -> list[str]:
    corner = f"{LEFT},{TOP} {LEFT},{HEIGHT - BOTTOM} {WIDTH - RIGHT},{HEIGHT - BOTTOM}"
    return [
        f'<polyline points="{corner}" fill="none" stroke="{GREY}"/>',
        _text(LEFT - 6, HEIGHT - BOTTOM, "0", anchor="end"),
        _text(LEFT - 6, TOP + 4, f"{most_y:.0f}", anchor="end"),
        _text(WIDTH - RIGHT, HEIGHT - BOTTOM + 18, f"{most_x:.0f}", anchor="end"),
    ]


def _line(points: Points, colour: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = GREY) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{text}</text>'


def _drawing(title: str, height: int, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">'
    )
    return "\n".join([head, _text(8, 22, title), *parts, "</svg>", ""])
