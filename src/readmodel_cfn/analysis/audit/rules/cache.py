"""The stage's cache has an entry for each document and condition."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import INTEGRATION, Method
from readmodel_cfn.analysis.view import View


def _missing_keys(view: View) -> Iterator[Violation]:
    for method in view.reads:
        if method.verb == "GET" and view.apis[method.api].has_cache:
            for target, value in method.mapped.items():
                source = str(value)
                if _is_cache_key(source) and not {target, source} & method.cache_keys:
                    yield _violation(method, source)


def _is_cache_key(source: str) -> bool:
    """Whether the response depends on the parameter."""
    conditions = ("if-none-match", "if-modified-since")
    header = source.lower().removeprefix("method.request.header.")
    return source.startswith("method.request.path.") or header in conditions


def _violation(method: Method, source: str) -> Violation:
    return Violation(
        method.id,
        f"{INTEGRATION}/CacheKeyParameters",
        f"the stage has a cache, and {source} is not a cache key",
        f"add {source} to CacheKeyParameters",
    )


RULES = (
    Rule(
        "R32",
        "cache-key",
        "high",
        "If the stage has a cache, path parameters and conditional headers are cache keys",
        "A client gets the document of another path, or a 304 for a condition it did not send.",
        _missing_keys,
    ),
)
