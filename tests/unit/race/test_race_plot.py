"""The plots show the race over time."""

from xml.etree import ElementTree

from race_histories import measured

from readmodel_cfn.verify.race.history import check
from readmodel_cfn.verify.race.plot import PLAIN, drawing, strips


def test_a_strip_rises_with_the_version_and_tells_its_scale() -> None:
    versions, longest = strips(measured())
    signs = versions.removeprefix("version read  ")[:60]
    assert signs.strip()[0] == "▃"  # one of three
    assert signs[-1] == "█"
    assert versions.endswith("up to 3, in 0.4 s")
    assert longest.endswith("up to 60 ms")
    assert longest.count("█") == 1


def test_a_strip_without_reads_at_some_time_is_blank_there() -> None:
    assert " " * 10 in strips(measured())[0]


def test_a_strip_is_plain_where_it_must_be() -> None:
    assert "\n".join(strips(measured(), PLAIN)).isascii()


def test_the_drawing_has_a_mark_for_each_write_and_two_for_each_read() -> None:
    marks = shapes()
    assert len(marks["rect"]) == 3
    assert len(marks["circle"]) == 2 * 17


def test_a_wrong_read_is_drawn_in_another_colour() -> None:
    assert "#cc0000" not in {one.get("fill") for one in shapes()["circle"]}
    wrong = [one for one in shapes(torn=True)["circle"] if one.get("fill") == "#cc0000"]
    assert len(wrong) == 1  # it has no version


def shapes(*, torn: bool = False) -> dict[str, list[ElementTree.Element]]:
    found = measured(torn=torn)
    root = ElementTree.fromstring(drawing(found, check(found.writes, found.reads)))  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    return {name: root.findall(f"{space}{name}") for name in ("rect", "circle")}
