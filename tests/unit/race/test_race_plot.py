"""Plots of the race over time."""

import re
from xml.etree import ElementTree

from race_histories import measured

from readmodel_cfn.verify.race.history import check
from readmodel_cfn.verify.race.plot import PLAIN, drawing, strips


def test_strips_rise_with_the_version_and_have_a_scale() -> None:
    versions, longest = strips(measured())
    signs = "".join(sign for sign in versions if "▁" <= sign <= "█")
    assert signs[0] == "▃"  # one of three
    assert signs[-1] == "█"
    assert re.findall(r"[\d.]+", versions) == ["3", "0.4"]
    assert re.findall(r"[\d.]+", longest) == ["60"]
    assert longest.count("█") == 1


def test_strip_is_blank_at_times_without_reads() -> None:
    assert " " * 10 in strips(measured())[0]


def test_strip_is_ascii_if_required() -> None:
    assert "\n".join(strips(measured(), PLAIN)).isascii()


def test_drawing_has_a_mark_for_each_write_and_two_for_each_read() -> None:
    marks = shapes()
    assert len(marks["rect"]) == 3
    assert len(marks["circle"]) == 2 * 17


def test_wrong_read_has_another_colour() -> None:
    assert "#cc0000" not in {circle.get("fill") for circle in shapes()["circle"]}
    wrong = [circle for circle in shapes(torn=True)["circle"] if circle.get("fill") == "#cc0000"]
    assert len(wrong) == 1  # it has no version


def shapes(*, torn: bool = False) -> dict[str, list[ElementTree.Element]]:
    found = measured(torn=torn)
    root = ElementTree.fromstring(drawing(found, check(found.writes, found.reads)))  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    return {name: root.findall(f"{space}{name}") for name in ("rect", "circle")}
