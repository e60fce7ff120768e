"""The probed route, its key, and paths without document or route."""

import json

import pytest

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.routes import Route
from readmodel_cfn.verify.contract import Contract, PromisedRoute, plan_probe

STATIC = PromisedRoute("samples", "payload.json")
ONE = PromisedRoute("products/{id}", "products/{id}.json")
TWO = PromisedRoute("shops/{shop}/items/{item}", "shops/{shop}-{item}.json")
REST = PromisedRoute("assets/{path+}", "assets/{path}")
ALL = PromisedRoute("{path+}", "{path}")
VALUE = "readmodel-cfn-probe-t"


@pytest.mark.parametrize(
    ("routes", "path", "key"),
    [
        ((STATIC,), "samples", "payload.json"),
        ((STATIC, ONE), f"products/{VALUE}", f"products/{VALUE}.json"),
        ((TWO, ONE), f"shops/{VALUE}/items/{VALUE}", f"shops/{VALUE}-{VALUE}.json"),
        ((STATIC, REST), f"assets/{VALUE}", f"assets/{VALUE}"),
    ],
)
def test_route_with_a_parameter_is_preferred(
    routes: tuple[PromisedRoute, ...], path: str, key: str
) -> None:
    probe = plan_probe(Contract(routes), None, "t")
    assert (probe.path, probe.key) == (path, key)
    assert Route(probe.route.path, probe.route.key).match_key(key)


@pytest.mark.parametrize("asked", ["samples", "/samples", "samples/"])
def test_given_route_is_probed(asked: str) -> None:
    assert plan_probe(Contract((ONE, STATIC)), asked, "t").key == "payload.json"


def test_unknown_route_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"^--route: .*'x'.*products"):
        plan_probe(Contract((ONE,)), "x", "t")


@pytest.mark.parametrize(
    ("routes", "missing", "unknown"),
    [
        ((STATIC,), None, VALUE),
        ((STATIC, ONE), f"products/{VALUE}-none", VALUE),
        ((REST,), f"assets/{VALUE}-none", VALUE),
        ((ALL,), f"{VALUE}-none", None),
        ((PromisedRoute("{id}", "{id}"),), f"{VALUE}-none", f"{VALUE}/{VALUE}"),
        ((PromisedRoute("{id}/{rest+}", "{id}/{rest}"),), f"{VALUE}-none/{VALUE}-none", VALUE),
    ],
)
def test_probe_has_a_missing_and_an_unknown_path_if_possible(
    routes: tuple[PromisedRoute, ...], missing: str | None, unknown: str | None
) -> None:
    probe = plan_probe(Contract(routes), None, "t")
    assert (probe.missing, probe.unknown) == (missing, unknown)


@pytest.mark.parametrize("compress_from", [None, 0, 1024, 100_000])
def test_probe_documents_are_different_json_of_one_size(
    compress_from: int | None,
) -> None:
    first, second = plan_probe(Contract((ONE,), compress_from=compress_from), None, "t").documents
    assert json.loads(first) != json.loads(second)
    assert len(first) == len(second) > (compress_from or 0)


def test_probe_documents_have_a_maximum_size() -> None:
    probe = plan_probe(Contract((ONE,), compress_from=9_000_000), None, "t")
    assert len(probe.documents[0]) == 1024 * 1024
