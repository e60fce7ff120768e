"""Compression: a size that API Gateway allows, and a Vary header for caches."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.values import PartialText
from readmodel_cfn.limits import MINIMUM_COMPRESSION_SIZE

_VARY = "'Accept-Encoding'"


def _out_of_range(view: View) -> Iterator[Violation]:
    for name, api in view.apis.items():
        size = _size(view, name)
        if size is not None and api.resource and not _fits(size):
            yield Violation(
                api.resource.id,
                "Properties/MinimumCompressionSize",
                f"{size} is not from 0 to {MINIMUM_COMPRESSION_SIZE:,} bytes",
                "set the size from which responses are compressed, such as 1024",
            )


def _no_vary(view: View) -> Iterator[Violation]:
    for method in view.reads:
        response = method.response_by_status[200]
        if response is None or response.code != 200 or _size(view, method.api) is None:
            continue
        source = response.source("Vary") or ""
        if "accept-encoding" not in source.lower():
            has = f"is {source}" if source else "is not mapped"
            yield Violation(
                method.id,
                f"{response.path}/ResponseParameters",
                f"responses are compressed, and Vary {has} for {response.status}",
                f"map method.response.header.Vary to {_VARY}, and declare it; for 304 too",
            )


def _size(view: View, api: PartialText) -> str | None:
    """The size as text; None if it is not set or unknown."""
    size = view.text(view.apis[api].compression)
    return size if size and isinstance(size, str) else None


def _fits(size: str) -> bool:
    return (
        size.isascii()
        and size.isdigit()
        and len(size) < 9
        and int(size) <= MINIMUM_COMPRESSION_SIZE
    )


RULES = (
    Rule(
        "R30",
        "compression-size",
        "high",
        "MinimumCompressionSize is from 0 to 10,485,760",
        "The deployment fails.",
        _out_of_range,
    ),
    Rule(
        "R31",
        "no-vary",
        "medium",
        "Compressed responses have Vary: Accept-Encoding",
        "A cache may give compressed bytes to a client that cannot decompress them.",
        _no_vary,
    ),
)
