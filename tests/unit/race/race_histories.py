"""Measurements for the tests of figures and plots."""

from readmodel_cfn.verify.race.history import (
    ANOTHER,
    ASKED,
    IDLE,
    REPLACED,
    Measured,
    Read,
    Span,
    Write,
)

MS = 1_000_000


def read(started: int, took: int, version: int | None, status: int = 200, reader: int = 0) -> Read:
    """A read that started at so many milliseconds and took so many."""
    return Read(reader, started * MS, (started + took) * MS, status, version, 100)


def write(version: int, started: int, took: int | None) -> Write:
    """A write, the same way; without an end it was not acknowledged."""
    return Write(version, started * MS, None if took is None else (started + took) * MS)


def measured(*, torn: bool = False) -> Measured:
    """Four phases; the document is replaced in the last two."""
    writes = [write(1, 0, 10), write(2, 300, 50), write(3, 400, 50)]
    another = [write(1, 200, 50)]
    idle = [read(100 + at, 10 + at, 1) for at in range(10)]
    beside = [read(200, 20, 1), read(230, 40, 1)]
    replaced = [read(300, 30, 1), read(340, 60, None if torn else 2), read(360, 30, 2)]
    asked = [read(460, 5, 3, 304), read(470, 5, 3, 304)]
    spans = [
        Span(IDLE, idle, []),
        Span(ANOTHER, beside, another),
        Span(REPLACED, replaced, writes[1:2]),
        Span(ASKED, asked, writes[2:]),
    ]
    return Measured(spans, writes, [read for span in spans for read in span.reads])
