"""Settings of the tables, and a pairwise covering set of them.

Each two settings of two tables are together in at least one row, unless `ReadModel` refuses them.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from readmodel_cfn import (
    Access,
    Alarms,
    Api,
    Cdn,
    DataStore,
    Domain,
    Logs,
    ReadModel,
    Releases,
    Route,
    Waf,
    Writer,
)
from readmodel_cfn.template.options import OptionError
from strategies import ACCOUNT, ACL, CERTIFICATE, KMS_KEY, PRINCIPALS

Row = Mapping[str, str]
"""The name of a setting of each table."""
Pair = frozenset[tuple[str, str]]
"""Two tables, each with the name of a setting."""

ROUTES = (Route(), Route("products/{id}", "products/{id}.json"))
ZONE = "Z0123456789ABCDEFGHIJ"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:on-call"
VPCE = ("vpce-0123456789abcdef0",)
HERE = ("127.0.0.0/8",)
"""Addresses from which the tests read."""
ORIGINS = ("https://www.example.com", "https://shop.example.com")
NAME = "data.example.com"
INVALIDATE: Any = ("put", "compare", "list", "delete", "invalidate")

# [cdn] is the first: a writer that may invalidate is refused until it is chosen.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "cdn": {
        "off": None,
        "data-store": Cdn(),
        "api": Cdn("api"),
        "data-store-certificate": Cdn(aliases=(NAME,), certificate=CERTIFICATE),
        "api-zone": Cdn("api", aliases=(NAME, "*.example.org"), hosted_zone_id=ZONE),
    },
    "access": {
        "off": None,
        "iam": Access("iam", principals=PRINCIPALS),
        "api-key": Access("api-key", throttle_rate=10, throttle_burst=20, quota=1000),
        "addresses": Access(source_ips=HERE),
        "private": Access("api-key", private=True, source_vpces=VPCE, source_ips=HERE),
    },
    "domain": {
        "off": None,
        "certificate": Domain(NAME, certificate=CERTIFICATE),
        "requested": Domain(NAME, ZONE, base_path="v2"),
        "only": Domain(NAME, ZONE, default_endpoint=False),
    },
    "alarms": {
        "off": None,
        "own-topic": Alarms(published_within_hours=24, watch=0),
        "topic": Alarms(TOPIC, no_reads_minutes=0),
    },
    "logs": {
        "off": None,
        "account-role": Logs(set_account_role=True),
        "kms": Logs(name="/read/shop", kms_key=KMS_KEY, addresses=True, set_account_role=True),
    },
    "waf": {
        "off": None,
        "count": Waf(),
        "block": Waf("block", 100),
        "regional": Waf(web_acl=ACL.format("regional")),
        "global": Waf(web_acl=ACL.format("global")),
    },
    "releases": {"off": None, "live": Releases(), "preview": Releases(preview=True)},
    "api": {
        "plain": Api(),
        "any-origin": Api(cors_origin="*", compress_from="never"),
        "origins": Api(cors_origin=ORIGINS, cors_headers=("Authorization",)),
        "mask": Api(missing="mask", security_policy="SecurityPolicy_TLS13_1_3_2025_09"),
    },
    "writer": {
        "user": Writer(),
        "invalidates": Writer(allow=INVALIDATE, serial=2, keep_previous_key=True),
        "role": Writer("role", principals=(f"arn:aws:iam::{ACCOUNT}:root",), allow=INVALIDATE[:4]),
        "none": Writer("none"),
    },
    "data_store": {
        "plain": DataStore(),
        "cached": DataStore(max_age=60, stale_while_revalidate=600),
        "kms-gzip": DataStore(kms_key=KMS_KEY, stored_encoding="gzip"),
    },
}
FIRST = {table: next(iter(settings)) for table, settings in SETTINGS.items()}
"""The row in which every table is off, or has its defaults."""


def options_of(row: Row) -> dict[str, Any]:
    """The tables of a row; those that it leaves out are off or have their defaults."""
    return {table: SETTINGS[table][name] for table, name in {**FIRST, **row}.items()}


def model_of(row: Row) -> ReadModel:
    """The read model of a row.

    Raises:
        OptionError: two of the tables exclude each other.
    """
    return ReadModel(ROUTES, **options_of(row))


def pairs_of(row: Row) -> set[Pair]:
    """Each two settings of the row."""
    return {frozenset(pair) for pair in combinations(row.items(), 2)}


def all_pairs() -> Iterator[dict[str, str]]:
    """Every two settings of two tables; those of the tables with most settings come first."""
    tables = list(combinations(SETTINGS, 2))
    tables.sort(key=lambda two: -sum(len(SETTINGS[table]) for table in two))
    for first, second in tables:
        for name in SETTINGS[first]:
            yield from ({first: name, second: other} for other in SETTINGS[second])


def covering_set() -> tuple[list[Row], list[Row]]:
    """Few rows that have every accepted pair together, and the pairs that no row can have."""
    rows: list[Row] = []
    refused: list[Row] = []
    left = {frozenset(pair.items()) for pair in all_pairs()}
    for pair in all_pairs():
        if frozenset(pair.items()) not in left:
            continue
        row = _completed(pair, left)
        if row is None:
            refused.append(pair)
            left.remove(frozenset(pair.items()))
        else:
            rows.append(row)
            left -= pairs_of(row)
    return rows, refused


def _completed(pair: Row, left: set[Pair]) -> Row | None:
    """The pair with a setting of every other table: each time the one with most pairs of `left`."""
    row = dict(pair)
    for table in SETTINGS:
        if table not in row:
            candidates = [{**row, table: name} for name in SETTINGS[table]]
        elif table == "cdn":
            candidates = [row]
        else:
            continue
        accepted = [candidate for candidate in candidates if is_accepted(candidate)]
        if not accepted:
            return None
        row = max(accepted, key=lambda candidate: len(pairs_of(candidate) & left))
    return {table: row[table] for table in SETTINGS}


def is_accepted(row: Row) -> bool:
    """Whether `ReadModel` accepts the row."""
    try:
        model_of(row)
    except OptionError:
        return False
    return True


def row_name(row: Row) -> str:
    """The settings of a row that are not the first of their table."""
    return " ".join(
        f"{table}={name}" for table, name in row.items() if name != FIRST[table]
    ).replace("_", "-")
