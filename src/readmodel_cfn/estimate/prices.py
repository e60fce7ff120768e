"""Prices of AWS, each with its date and source, from one file: prices.toml, or the user's own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any, Literal, get_args

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.files import read_text
from readmodel_cfn.limits import CONFIG_BYTES
from readmodel_cfn.printable import one_line
from readmodel_cfn.toml import parse_toml

RecordedBy = Literal["AWS", "third party"]
"""Who recorded a price: it was read on AWS's own page, or somebody else wrote it down."""

NAMES = {
    "api-requests": "requests",
    "s3-get": "requests",
    "s3-put": "requests",
    "s3-storage": "GB-months",
    "transfer": "GB",
    "cdn-requests": "requests",
    "cdn-functions": "invocations",
    "cdn-transfer": "GB",
    "alarms": "alarm metrics",
    "custom-metrics": "metrics",
    "dashboards": "dashboards",
    "log-ingestion": "GB",
    "log-storage": "GB-months",
    "secret": "secrets",
    "kms": "requests",
    "waf-acls": "web ACLs",
    "waf-rules": "rules",
    "waf-requests": "requests",
}
"""What is paid, and its unit."""

_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?")
_REQUIRED = {"name", "region", "per", "tiers", "date", "source"}
_KEYS = _REQUIRED | {"free", "recorded_by"}
_SHAPE = "each [[price]] needs name, region, per, tiers, date and source; prices.toml describes it"


@dataclass(frozen=True)
class Tier:
    """`usd` for the next `units` of a month; None for all others.

    If the last tier of a price has units, the price of more is unknown.
    """

    units: Decimal | None
    usd: Decimal


@dataclass(frozen=True)
class Price:
    """What AWS charges in a region for `per` units of something; the first `free` are free."""

    name: str
    region: str
    per: Decimal
    tiers: tuple[Tier, ...]
    free: Decimal
    date: str
    source: str
    recorded_by: RecordedBy

    @property
    def unit(self) -> str:
        """The unit of what is paid."""
        return NAMES[self.name]

    def cost(self, quantity: Decimal) -> Decimal | None:
        """USD for a quantity in a month, not rounded; None if it is more than the tiers have.

        The tiers begin after what is free.
        """
        left, total = max(quantity - self.free, Decimal(0)), Decimal(0)
        for tier in self.tiers:
            part = left if tier.units is None else min(left, tier.units)
            total += part / self.per * tier.usd
            left -= part
        return None if left else total

    @property
    def known_units(self) -> Decimal | None:
        """The units of a month above which the price is unknown; None if there is no such limit."""
        if self.tiers[-1].units is None:
            return None
        return self.free + sum((tier.units or 0 for tier in self.tiers), Decimal(0))

    def as_dict(self) -> dict[str, Any]:
        """The fields; numbers that may have decimals are text."""
        return {
            "name": self.name,
            "region": self.region,
            "per": str(self.per),
            "unit": self.unit,
            "free": str(self.free),
            "tiers": [
                {"units": None if tier.units is None else str(tier.units), "usd": str(tier.usd)}
                for tier in self.tiers
            ],
            "date": self.date,
            "source": self.source,
            "recorded_by": self.recorded_by,
        }

    def __str__(self) -> str:
        usd = ", ".join(str(tier.usd) for tier in self.tiers)
        return one_line(f"{usd} USD for {self.per:,} {self.unit} ({self.date}, {self.source})")


Prices = Mapping[tuple[str, str], Price]
"""The prices by region and name."""


@cache
def known_prices() -> Prices:
    """The prices that the package has."""
    text = files(__package__).joinpath("prices.toml").read_text(encoding="utf-8")
    return _prices(text, "prices.toml")


def load_prices(file: str | PathLike[str]) -> Prices:
    """The prices of a file, which has the form of prices.toml.

    Raises:
        ConfigError: it cannot be read, or a price in it has no date, no source or a wrong value.
    """
    return _prices(read_text(Path(file), CONFIG_BYTES), str(file))


def regions(prices: Prices) -> list[str]:
    """The regions that have a price."""
    return sorted({region for region, _ in prices})


def _prices(text: str, where: str) -> Prices:
    table = parse_toml(text, where, parse_float=Decimal)
    rows = table.get("price")
    if not isinstance(rows, list) or set(table) != {"price"}:
        raise ConfigError("no list of [[price]]", where=where, hint=_SHAPE)
    found: dict[tuple[str, str], Price] = {}
    for number, row in enumerate(rows, 1):
        price = _price(row, f"{where}: price {number}")
        if (price.region, price.name) in found:
            what = f"{price.name} in {price.region} has two prices"
            raise ConfigError(what, where=where, hint="remove one of them")
        found[price.region, price.name] = price
    return found


def _price(row: Any, where: str) -> Price:
    """One price.

    Raises:
        ConfigError: a key or a value is wrong.
    """
    if not isinstance(row, dict) or not _REQUIRED <= set(row) <= _KEYS:
        raise ConfigError("keys are missing or unknown", where=where, hint=_SHAPE)
    name, date = _text(row, "name", where), _text(row, "date", where)
    if name not in NAMES:
        hint = f"use one of: {', '.join(NAMES)}"
        raise ConfigError(f"{name!r} is unknown", where=f"{where}: name", hint=hint)
    if not _DATE.fullmatch(date):
        hint = "write a day such as 2026-11-29, or a month"
        raise ConfigError(f"{date!r} is not a date", where=f"{where}: date", hint=hint)
    recorded_by = row.get("recorded_by", "AWS")
    if recorded_by not in get_args(RecordedBy):
        hint = f"use one of: {', '.join(get_args(RecordedBy))}"
        raise ConfigError(f"{recorded_by!r} is unknown", where=f"{where}: recorded_by", hint=hint)
    per = _number(row["per"], f"{where}: per")
    if not per:
        raise ConfigError("is 0", where=f"{where}: per", hint="use a number above 0")
    return Price(
        name,
        _text(row, "region", where),
        per,
        _tiers(row["tiers"], f"{where}: tiers"),
        _number(row.get("free", 0), f"{where}: free"),
        date,
        _text(row, "source", where),
        recorded_by,
    )


def _tiers(rows: Any, where: str) -> tuple[Tier, ...]:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("not a list of tiers", where=where, hint=_SHAPE)
    *_, last = rows
    tiers = []
    for row in rows:
        if not {"usd"} <= set(row) <= {"units", "usd"} or ("units" not in row and row is not last):
            hint = "each tier has units and usd; the last may have usd alone"
            raise ConfigError("keys are missing or unknown", where=where, hint=hint)
        units = _number(row["units"], where) if "units" in row else None
        tiers.append(Tier(units, _number(row["usd"], where)))
    return tuple(tiers)


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row[key]
    if not isinstance(value, str) or not value.strip():
        raise ConfigError("not a string", where=f"{where}: {key}", hint="use a string in quotes")
    return value


def _number(value: Any, where: str) -> Decimal:
    """A number of 0 or more; text is exact as well."""
    try:
        number = Decimal(value) if isinstance(value, str | int | Decimal) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise ConfigError(f"{value!r} is not a number", where=where, hint="use 0 or more")
    return number
