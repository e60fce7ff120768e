"""cfn-lint has no finding in the largest templates, which take it seconds."""

import pytest

from readmodel_cfn import Api, ReadModel, Route, build_template, render
from readmodel_cfn.lint import lint


@pytest.mark.parametrize(
    ("path", "count"),
    [("documents-{}", 120), ("documents-{}/{{id}}", 96)],
    ids=["one segment", "two segments"],
)
def test_largest_template_with_cors_has_no_finding(path: str, count: int) -> None:
    paths = [path.format(f"{number:04}") for number in range(count)]
    routes = [Route(each, f"{each}.json") for each in paths]
    model = ReadModel(routes=routes, api=Api(cors_origin="https://www.example.com"))
    assert lint(render(build_template(model), "compact")) == []
