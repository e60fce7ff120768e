"""How many routes fit a stack, as docs/limits.md says, and the errors about one more."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from facts import missing
from readmodel_cfn import Api, ReadModel, Releases, Route, build_template, limits, render
from readmodel_cfn.analysis.audit import audit
from readmodel_cfn.errors import ConfigError

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
ORIGIN = "https://www.example.com"
ORIGINS = (ORIGIN, "https://shop.example.com")
ONE_SEGMENT, TWO_SEGMENTS = "documents-{}", "documents-{}/{{id}}"
# A row of a table: a path, and for each of the columns the routes and the limit.
_ROW = r"^\| `([^`]+)` \| (\d+), (.+?) \| (\d+), (.+?) \| (\d+), (.+?) \|$"
_WITHOUT, _, _WITH = PAGE.partition("| routes with releases")
ROWS = [
    (*row, releases)
    for text, releases in ((_WITHOUT, None), (_WITH, Releases()))
    for row in re.findall(_ROW, text, re.MULTILINE)
]
LIMITS = {"resources": "500", "path segments": "299", "bytes": "1,000,000"}


Origins = str | tuple[str, ...] | None


def model(
    path: str, count: int, origin: Origins = ORIGIN, releases: Releases | None = None
) -> ReadModel:
    """Routes of one kind, whose paths have a number of four digits at `{}`."""
    paths = [path.format(f"{number:04}") for number in range(count)]
    routes = [Route(each, f"{each}.json") for each in paths]
    return ReadModel(routes=routes, api=Api(cors_origin=origin), releases=releases)


def text_of(*arguments: Any) -> str:
    return render(build_template(model(*arguments)), "compact")


@pytest.mark.parametrize(
    ("path", "count"), [(ONE_SEGMENT, 120), (TWO_SEGMENTS, 96)], ids=["one segment", "two"]
)
def test_resources_limit_the_routes_with_cors_not_bytes(path: str, count: int) -> None:
    """tests/functional/test_largest_templates.py runs cfn-lint on the same templates."""
    text = text_of(path, count)
    assert len(text) <= limits.TEMPLATE_BYTES
    assert len(json.loads(text)["Resources"]) <= limits.TEMPLATE_RESOURCES
    assert audit(text) == []
    with pytest.raises(ConfigError, match="resources"):
        text_of(path, count + 1)


@pytest.mark.parametrize(
    ("path", "origin", "most"),
    [
        (ONE_SEGMENT, ORIGINS, 8_850),
        (TWO_SEGMENTS, ORIGINS, 9_250),
        (ONE_SEGMENT, ORIGIN, 8_100),
        (TWO_SEGMENTS, ORIGIN, 8_500),
        (ONE_SEGMENT, None, 4_900),
        (TWO_SEGMENTS, None, 5_300),
    ],
)
def test_bytes_of_a_route(path: str, origin: Origins, most: int) -> None:
    assert (len(text_of(path, 21, origin)) - len(text_of(path, 1, origin))) / 20 <= most


def test_page_has_the_routes_whose_template_fits_a_request() -> None:
    found = re.search(r"more than (\d+) routes such as `documents-0001`, or (\d+) with", PAGE)
    assert found
    with_cors = int(found[2])
    cases: list[tuple[int, Origins]] = [(int(found[1]), None), (with_cors, ORIGIN)]
    for count, origin in [*cases, (with_cors, ORIGINS)]:
        sizes = [len(text_of(ONE_SEGMENT, number, origin)) for number in (count, count + 1)]
        assert sizes[0] <= limits.TEMPLATE_BODY_BYTES < sizes[1]


def test_page_has_every_kind_of_route() -> None:
    assert len(ROWS) == 5 + 2


@pytest.mark.parametrize(
    ("path", "count", "limit", "origin", "releases"),
    [
        (path.replace("{", "{{").replace("}", "}}").replace("0001", "{}"), *case, releases)
        for path, several, several_limit, with_cors, cors_limit, without, limit, releases in ROWS
        for case in (
            (several, several_limit, ORIGINS),
            (with_cors, cors_limit, ORIGIN),
            (without, limit, None),
        )
    ],
)
def test_page_has_the_largest_number_of_routes_and_its_limit(
    path: str, count: str, limit: str, origin: Origins, releases: Releases | None
) -> None:
    assert text_of(path, int(count), origin, releases)
    with pytest.raises(ConfigError) as refused:
        text_of(path, int(count) + 1, origin, releases)
    facts = [LIMITS[limit], f"about {count} of the {int(count) + 1} routes"]
    assert missing(facts, str(refused.value)) == []


@pytest.mark.parametrize(
    "number", sorted({value for value in vars(limits).values() if isinstance(value, int)})
)
def test_page_has_every_quota_of_the_code(number: int) -> None:
    assert re.search(rf"(?<![\d,]){number:,}(?![\d,])", PAGE)


def test_error_says_how_many_routes_fit_of_all_limits() -> None:
    """Of these, 500 resources allow 81 routes, and the 299 path segments of an API only 74."""
    with pytest.raises(ConfigError, match=r"500.* about 74 of the 120 routes"):
        text_of("a-{}/{{id}}/parts/{{part}}", 120, None)
