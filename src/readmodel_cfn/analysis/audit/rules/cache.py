"""The stage's cache: one entry for each document, and no 304 for those who did not ask."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.method import INTEGRATION, Method
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View


def _missing_keys(view: View) -> Iterator[Fault]:
    for method in view.reads:
        if method.verb == "GET" and view.apis[method.api].cached:
            for target, value in method.mapped.items():
                source = str(value)
                if _needed(source) and not {target, source} & method.cache_keys:
                    yield _fault(method, source)


def _needed(source: str) -> bool:
    conditions = ("if-none-match", "if-modified-since")
    header = source.lower().removeprefix("method.request.header.")
    return source.startswith("method.request.path.") or header in conditions


def _fault(method: Method, source: str) -> Fault:
    return Fault(
        method.id,
        f"{INTEGRATION}/CacheKeyParameters",
        f"the stage caches, and {source} is no cache key",
        f"add {source} to CacheKeyParameters",
    )


RULES = (
    Rule(
        "R32",
        "cache-key",
        "Where the stage caches, path parameters and conditions are cache keys",
        "One document is served for another, or a 304 to a client that has nothing to keep.",
        _missing_keys,
    ),
)
