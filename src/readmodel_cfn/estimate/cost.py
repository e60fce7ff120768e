"""The monthly cost of the three read paths: the API alone, and a CDN on the API or on the bucket.

The arithmetic is decimal. Each item is rounded to the cent, so that the items of a design add up to
its total. An item without a price, or of an unknown quantity, has no cost, and
then the total is unknown.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any, Literal

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.estimate.prices import NAMES, Price, Prices
from readmodel_cfn.estimate.sizes import Sizes
from readmodel_cfn.printable import one_line

Design = Literal["api", "cdn-api", "cdn-data-store"]
"""A read path: the API alone, and a CDN with `origin` "api" or "data-store"."""

GB = 2**30
"""Bytes of what AWS bills as a GB."""

_DAYS = 30  # of a month
_CENT = Decimal("0.01")
_DIGITS = 50
_MOST = 10**15  # reads or writes of a month: 400 million a second
_TITLES: dict[Design, str] = {
    "api": "API alone",
    "cdn-api": "CDN on API",
    "cdn-data-store": "CDN on bucket",
}


@dataclass(frozen=True)
class Usage:
    """What is used in a month.

    `hit_rate` is the part of the reads, from 0 to 1, that a CDN answers without asking its origin.
    `sizes` is None if they are unknown. A replaced document is kept for `old_versions_days`.
    `secrets` are those of the writer, `has_kms_key` is whether a KMS key encrypts the documents,
    and `acls` and `rules` are those of the web ACL that inspects the reads; None without one.
    `alarm_metrics` are the metrics of all alarms, None without alarms, which have one dashboard.
    The API writes `log_event_bytes` for each request, which are kept for `log_days`; None without
    access logs.
    """

    reads: int
    writes: int
    hit_rate: Decimal
    sizes: Sizes | None
    old_versions_days: int = 30
    secrets: int = 0
    has_kms_key: bool = False
    acls: int | None = None
    rules: int = 0
    alarm_metrics: int | None = None
    custom_metrics: int = 0
    log_event_bytes: int | None = None
    log_days: int = 0

    def __post_init__(self) -> None:
        for name in ("reads", "writes"):
            value: Any = getattr(self, name)
            is_number = isinstance(value, int) and not isinstance(value, bool)
            if not is_number or not 0 <= value <= _MOST:
                hint = f"use a whole number from 0 to {_MOST:,}"
                raise ConfigError(f"{value!r} is not allowed", where=name, hint=hint)


@dataclass(frozen=True)
class Item:
    """One part of the cost: a quantity in a unit, and USD rounded to the cent; None is unknown."""

    name: str
    quantity: Decimal | None
    usd: Decimal | None

    @property
    def unit(self) -> str:
        """The unit of the quantity."""
        return NAMES[self.name]

    def as_dict(self) -> dict[str, Any]:
        """The fields; the numbers are text, or None if they are unknown."""
        return {
            "name": self.name,
            "quantity": _number(self.quantity),
            "unit": self.unit,
            "usd": _money(self.usd),
        }


@dataclass(frozen=True)
class DesignCost:
    """What one design costs a month."""

    design: Design
    items: tuple[Item, ...]

    @property
    def title(self) -> str:
        """The design in words."""
        return _TITLES[self.design]

    @property
    def usd(self) -> Decimal | None:
        """The total in USD; None if an item is unknown."""
        known = [item.usd for item in self.items if item.usd is not None]
        return sum(known, Decimal(0)) if len(known) == len(self.items) else None

    @property
    def known_usd(self) -> Decimal:
        """The sum of the items that are known."""
        return sum((item.usd for item in self.items if item.usd is not None), Decimal("0.00"))

    def as_dict(self) -> dict[str, Any]:
        """The fields; the sums are text."""
        return {
            "design": self.design,
            "usd": _money(self.usd),
            "known_usd": _money(self.known_usd),
            "items": [item.as_dict() for item in self.items],
        }

    def __str__(self) -> str:
        if self.usd is not None:
            return f"{self.title} {self.usd:,.2f}"
        return f"{self.title} unknown ({self.known_usd:,.2f} of it is known)"


@dataclass(frozen=True)
class Estimate:
    """The monthly cost of three designs in a region, and the prices that were used.

    `configured` is the design of the read model.
    """

    region: str
    configured: Design
    usage: Usage
    designs: tuple[DesignCost, ...]
    prices: tuple[Price, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of the items without a cost."""
        items = (item for design in self.designs for item in design.items)
        return tuple(dict.fromkeys(item.name for item in items if item.usd is None))

    def as_dict(self) -> dict[str, Any]:
        """The fields; money and quantities are text, and None if they are unknown."""
        usage = self.usage
        return {
            "region": self.region,
            "configured": self.configured,
            "reads": usage.reads,
            "writes": usage.writes,
            "hit_rate": f"{(usage.hit_rate * 100).normalize():f}",
            "sizes": None if usage.sizes is None else asdict(usage.sizes),
            "designs": [design.as_dict() for design in self.designs],
            "unknown": list(self.unknown),
            "prices": [price.as_dict() for price in self.prices],
        }

    def __str__(self) -> str:
        costs = ", ".join(map(str, self.designs))
        return one_line(f"USD a month in {self.region}: {costs}")


def percentage(value: float) -> Decimal:
    """A percentage as a part of 1; one that is not a number is refused.

    Raises:
        ConfigError: it is less than 0 or more than 100.
    """
    if not 0 <= value <= 100:  # false for nan, too
        hint = "use a percentage from 0 to 100"
        raise ConfigError(f"{value} is not allowed", where="hit_rate", hint=hint)
    return Decimal(str(value)) / 100


def estimate(usage: Usage, region: str, prices: Prices, configured: Design = "api") -> Estimate:
    """The cost of a month in a region."""
    with localcontext(Context(prec=_DIGITS)):
        designs = tuple(
            DesignCost(
                design,
                tuple(
                    _item(name, quantity, prices.get((region, name)))
                    for name, quantity in _quantities(usage, design).items()
                ),
            )
            for design in _TITLES
        )
    names = dict.fromkeys(item.name for design in designs for item in design.items)
    used = tuple(prices[region, name] for name in names if (region, name) in prices)
    return Estimate(region, configured, usage, designs, used)


def _item(name: str, quantity: Decimal | None, price: Price | None) -> Item:
    if quantity == 0:  # costs nothing, whatever the price is
        return Item(name, quantity, Decimal("0.00"))
    if quantity is None or price is None:
        return Item(name, quantity, None)
    usd = price.cost(quantity)
    return Item(name, quantity, None if usd is None else usd.quantize(_CENT, ROUND_HALF_UP))


def _quantities(usage: Usage, design: Design) -> Mapping[str, Decimal | None]:
    """What a design uses of everything that is paid."""
    reads = Decimal(usage.reads)
    with_cdn = design != "api"
    from_origin = reads * (1 - usage.hit_rate) if with_cdn else reads
    found: dict[str, Decimal | None] = {}
    if with_cdn:
        found["cdn-requests"] = reads
        if design == "cdn-data-store":
            found["cdn-functions"] = reads
        found["cdn-transfer"] = _gb(usage, design)
    if design != "cdn-data-store":
        found["api-requests"] = from_origin
    found["s3-get"] = from_origin
    if not with_cdn:
        found["transfer"] = _gb(usage, design)
    found["s3-put"] = Decimal(usage.writes)
    found["s3-storage"] = _stored(usage)
    logged = Decimal(0) if design == "cdn-data-store" else from_origin
    return found | _logs(usage, logged) | _others(usage)


def _logs(usage: Usage, requests: Decimal) -> dict[str, Decimal]:
    """GB of the access logs of the API. CloudWatch Logs compresses what it stores, by how much is
    not documented: the storage is at most this.
    """
    if usage.log_event_bytes is None:
        return {}
    gb = requests * usage.log_event_bytes / GB
    return {"log-ingestion": gb, "log-storage": gb * usage.log_days / _DAYS}


def _others(usage: Usage) -> dict[str, Decimal | None]:
    """What some read models use, whatever the design is."""
    found: dict[str, Decimal | None] = {}
    if usage.secrets:
        found["secret"] = Decimal(usage.secrets)
    if usage.has_kms_key:
        found["kms"] = None  # with an S3 bucket key, S3 alone decides how often it calls KMS
    if usage.acls is not None:
        found["waf-acls"] = Decimal(usage.acls)
        found["waf-rules"] = Decimal(usage.rules)
        found["waf-requests"] = Decimal(usage.reads)
    if usage.alarm_metrics is not None:
        found["alarms"] = Decimal(usage.alarm_metrics)
        found["dashboards"] = Decimal(1)
    if usage.custom_metrics:
        found["custom-metrics"] = Decimal(usage.custom_metrics)
    return found


def _gb(usage: Usage, design: Design) -> Decimal | None:
    """GB that readers receive, if every document is read equally often."""
    sizes = usage.sizes
    if not usage.reads:
        return Decimal(0)
    if sizes is None:
        return None
    sent = {"api": sizes.api, "cdn-api": sizes.cdn_api, "cdn-data-store": sizes.cdn_store}
    return Decimal(usage.reads) * sent[design] / sizes.documents / GB


def _stored(usage: Usage) -> Decimal | None:
    """GB-months of the documents, and of the versions that writes replace."""
    if usage.sizes is None:
        return None
    each = Decimal(usage.sizes.stored) / usage.sizes.documents
    replaced = each * usage.writes * usage.old_versions_days / _DAYS
    return (usage.sizes.stored + replaced) / GB


def _money(usd: Decimal | None) -> str | None:
    return None if usd is None else f"{usd:.2f}"


def _number(quantity: Decimal | None) -> str | None:
    """The number as text, without an exponent; a fraction has 6 digits."""
    if quantity is None:
        return None
    return f"{quantity:.0f}" if quantity == quantity.to_integral_value() else f"{quantity:.6f}"
