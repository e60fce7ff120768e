"""Pairs of settings that exclude each other, which `ReadModel` refuses with one line.

Each row names the two tables, the setting that is refused, and what to use instead. docs/pairs.md
has the same rows, and a test compares them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from readmodel_cfn.template.options import OptionError
from readmodel_cfn.template.sections.access import Access

if TYPE_CHECKING:
    from readmodel_cfn.template.model import ReadModel


@dataclass(frozen=True)
class Pair:
    """Two tables, of which `key` is refused if `is_refused`; `reason` is for the documentation."""

    tables: tuple[str, str]
    key: str
    is_refused: Callable[["ReadModel"], bool]
    allowed: str
    reason: str


def _has(model: "ReadModel", *tables: str) -> bool:
    return all(getattr(model, table) is not None for table in tables)


def _reads(model: "ReadModel", origin: str) -> bool:
    return model.cdn is not None and model.cdn.origin == origin


def _access(model: "ReadModel") -> Access:
    return model.access or Access()


def _is_global(arn: str | None) -> bool:
    return arn is not None and ":global/" in arn


PAIRS: tuple[Pair, ...] = (
    Pair(
        ("cdn", "releases"),
        "cdn.origin",
        lambda model: _has(model, "releases") and _reads(model, "data-store"),
        "origin = 'api' with [releases]",
        "The release is a variable of the stage, which CloudFront does not read.",
    ),
    Pair(
        ("cdn", "releases"),
        "data_store.max_age",
        lambda model: (
            _has(model, "releases")
            and _reads(model, "api")
            and model.data_store.cache_control != "no-cache"
        ),
        "max_age = 0 and stale_while_revalidate = 0 with [releases] and [cdn]",
        "CloudFront would serve documents of two releases, until they expire.",
    ),
    Pair(
        ("cdn", "api"),
        "api.missing",
        lambda model: _reads(model, "data-store") and model.api.missing == "mask",
        "missing = 'not-found', or origin = 'api' under [cdn]",
        "CloudFront would answer 403 for a missing document.",
    ),
    Pair(
        ("cdn", "waf"),
        "waf.web_acl",
        lambda model: (
            model.waf is not None
            and model.waf.web_acl is not None
            and _is_global(model.waf.web_acl) != _has(model, "cdn")
        ),
        "the ARN of a global web ACL with [cdn], and that of a regional one without it",
        "A distribution has web ACLs of the scope CLOUDFRONT only, a stage of REGIONAL only.",
    ),
    Pair(
        ("access", "cdn"),
        "access.auth",
        lambda model: _has(model, "cdn") and _access(model).auth != "public",
        "auth = 'public' with [cdn]",
        "CloudFront serves cached documents to readers without a key, and signatures are for "
        "another host; from the bucket everybody reads everything.",
    ),
    Pair(
        ("access", "cdn"),
        "access.source_ips",
        lambda model: _has(model, "cdn") and bool(_access(model).source_ips),
        "no addresses with [cdn]",
        "The API sees the addresses of CloudFront, and the bucket none.",
    ),
    Pair(
        ("access", "cdn"),
        "access.private",
        lambda model: _has(model, "cdn") and _access(model).private,
        "private = false with [cdn]",
        "CloudFront is public, and does not reach a private API.",
    ),
    Pair(
        ("access", "domain"),
        "access.private",
        lambda model: _has(model, "domain") and _access(model).private,
        "private = false with [domain]",
        "The domain name is public, and a private API has none.",
    ),
    Pair(
        ("cdn", "domain"),
        "domain.name",
        lambda model: _has(model, "cdn", "domain"),
        "aliases under [cdn] instead of [domain]",
        "With a CDN the name belongs to the distribution, and the API's own endpoint stays on.",
    ),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html
    Pair(
        ("domain", "releases"),
        "domain.default_endpoint",
        lambda model: (
            model.domain is not None
            and not model.domain.default_endpoint
            and model.releases is not None
            and model.releases.preview
        ),
        "true, because the preview stage is read there, or no releases.preview",
        "API Gateway's own URL is disabled for all stages, and the preview stage has no other.",
    ),
    Pair(
        ("cdn", "writer"),
        "writer.allow",
        lambda model: "invalidate" in model.writer.allow and not _has(model, "cdn"),
        "invalidate with [cdn] only",
        "There is no distribution to invalidate.",
    ),
)


def check_pairs(model: "ReadModel") -> None:
    """Refuse settings that exclude each other.

    Raises:
        OptionError: it names the setting and what to use.
    """
    for pair in PAIRS:
        if pair.is_refused(model):
            raise OptionError(pair.key, _value(model, pair.key), pair.allowed)


def _value(model: "ReadModel", key: str) -> Any:
    table, _, name = key.partition(".")
    value = getattr(getattr(model, table), name)
    return list(value) if isinstance(value, tuple) else value
