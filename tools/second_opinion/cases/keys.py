"""Parameters: from a path to a key, with every character that both may have."""

import string
from collections.abc import Iterator

from readmodel_cfn import Route
from second_opinion.cases.shared import NOT_FOUND
from second_opinion.steps import Ask, Publish, Step

# Every character that a key and a path may have: see readmodel_cfn.routes.
_ALL = string.ascii_letters + string.digits + "._-"
_DEEP = f"{_ALL}/{_ALL[::-1]}/a.json"
# What is not a letter or a digit, where a server might make something of it.
_EDGES = ("-", "_", "...", ".a", "a.", "a..b", "-a-", "_a_", "0")

ROUTES = (
    Route("samples", "payload.json"),
    Route("products/{id}", "products/{id}.json"),
    Route("products/top", "top.json"),
    Route("products/lists/new", "lists/new.json"),
    Route("shops/{shop}/items/{item}", "shops/{shop}/{item}.json"),
    Route("assets/{path+}", "assets/{path}"),
)


def _at_edges() -> Iterator[Step]:
    for segment in _EDGES:
        yield Publish(f"products/{segment}.json", f'{{"id": "{segment}"}}'.encode())
        yield Ask(f"parameter {segment}", f"/products/{segment}", 200)
        yield Publish(f"assets/{segment}/{segment}", f'{{"path": "{segment}"}}'.encode())
        yield Ask(f"greedy {segment}/{segment}", f"/assets/{segment}/{segment}", 200)


PARAMETERS: tuple[Step, ...] = (
    Publish("products/1.json", b'{"id": 1}'),
    Publish("top.json", b'{"top": true}'),
    Publish(f"products/{_ALL}.json", b'{"all": "characters"}'),
    Publish("products/a;b.json", b'{"id": "a;b"}'),
    Publish("products/a b.json", b'{"id": "a b"}'),
    Publish("products/a+b.json", b'{"id": "a+b"}'),
    Publish("products/a/b.json", b'{"id": "a/b"}'),
    Ask("parameter", "/products/1", 200),
    Ask("parameter, HEAD", "/products/1", 200, "HEAD", body=b""),
    Ask("parameter, trailing slash", "/products/1/", 200),
    Ask("parameter, query string", "/products/1?id=2", 200),
    Ask("parameter, all characters", f"/products/{_ALL}", 200),
    Ask("parameter, missing object", "/products/missing", 404, body=NOT_FOUND),
    Ask("parameter, missing object, HEAD", "/products/missing", 404, "HEAD", body=b""),
    Ask("parameter, missing object, any", "/products/missing", 404, headers={"If-None-Match": "*"}),
    Ask("parameter, PUT", "/products/1", 404, "PUT", body=NOT_FOUND),
    Ask("parameter left out", "/products", 404, body=NOT_FOUND),
    Ask("parameter empty", "/products/", 404, body=NOT_FOUND),
    Ask("parameter with more below", "/products/1/2", 404, body=NOT_FOUND),
    Ask("static beside parameter", "/products/top", 200),
    Publish("products/lists.json", b'{"id": "lists"}'),
    # Measured on AWS: GitHub, floci-io/floci pull request 3399.
    Ask("static without a method", "/products/lists", 200),
    Ask("parameter with ;", "/products/a;b", None),
    Ask("parameter with %20", "/products/a%20b", None),
    Ask("parameter with +", "/products/a+b", None),
    Ask("parameter with %2F", "/products/a%2Fb", None),
    Ask("parameter with %31", "/products/%31", None),
    Publish("shops/s.1/i_2-3.json", b'{"shop": "s.1", "item": "i_2-3"}'),
    Ask("two parameters", "/shops/s.1/items/i_2-3", 200),
    Ask("two parameters, missing object", "/shops/s.1/items/missing", 404, body=NOT_FOUND),
    Ask("two parameters, one left out", "/shops/s.1/items", 404, body=NOT_FOUND),
)
GREEDY: tuple[Step, ...] = (
    Publish("assets/a", b'{"a": 1}'),
    Publish(f"assets/{_DEEP}", b'{"deep": true}'),
    Publish("assets/a//b", b'{"empty": "segment"}'),
    Publish("assets/big.json", b'{"big": "' + b"x" * 1_000_000 + b'"}'),
    Ask("greedy, one segment", "/assets/a", 200),
    Ask("greedy, HEAD", "/assets/a", 200, "HEAD", body=b""),
    Ask("greedy, all characters", f"/assets/{_DEEP}", 200),
    Ask("greedy, trailing slash", "/assets/a/", 200),
    Ask("greedy, query string", "/assets/a?path=b", 200),
    Ask("greedy, a megabyte", "/assets/big.json", 200),
    Ask("greedy, missing object", "/assets/b/c", 404, body=NOT_FOUND),
    Ask("greedy, double slash", "/assets/a//b", 200),
    Ask("greedy, POST", "/assets/a", 404, "POST", body=NOT_FOUND),
    Ask("greedy left out", "/assets", 404, body=NOT_FOUND),
    Ask("greedy empty", "/assets/", 404, body=NOT_FOUND),
)
EDGES = tuple(_at_edges())
