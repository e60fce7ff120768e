"""The monthly cost: two cases recomputed by hand, what is unknown, prices and sizes."""

import gzip
import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn import (
    Alarms,
    Api,
    Cdn,
    DataStore,
    ReadModel,
    ReadModelStack,
    Route,
    Waf,
    Writer,
)
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.estimate.cost import Design, Estimate, Usage, estimate, percentage
from readmodel_cfn.estimate.prices import NAMES, Price, Tier, known_prices, load_prices
from readmodel_cfn.estimate.sizes import Sizes
from readmodel_cfn.estimate.usage import LENGTHS, log_event_bytes, usage_of
from readmodel_cfn.progress import Note
from readmodel_cfn.publish.results import InvalidDocuments
from readmodel_cfn.template.log_format import log_format
from readmodel_cfn.template.sections.waf import RULES
from readmodel_cfn.template.waf import build_web_acl

ROUTES = (Route("products/{id}", "products/{id}.json"),)
DESIGNS: tuple[Design, ...] = ("api", "cdn-api", "cdn-data-store")
GB = 1_073_741_824  # 2 ** 30


def costs(found: Estimate, design: Design) -> dict[str, str]:
    """The cost of each item, and the total."""
    (one,) = (each for each in found.designs if each.design == design)
    return {item.name: str(item.usd) for item in one.items} | {"total": str(one.usd)}


# --- recomputed by hand, with the prices of us-east-1 ---


def test_estimate_of_a_small_site_is_what_is_computed_by_hand() -> None:
    """30 million reads and 100,000 writes of 1,000 documents: 4,096 bytes stored, 1,024 sent."""
    sizes = Sizes(1_000, 4_096_000, 1_024_000, 1_024_000, 1_024_000)
    usage = Usage(30_000_000, 100_000, Decimal(0), sizes, old_versions_days=30, secrets=1)
    found = estimate(usage, "us-east-1", known_prices())

    # Data: 30,000,000 x 1,024 bytes = 30,720,000,000 bytes = 28.61 GB, and 100 GB are free; of a
    # CDN 1,024 GB.
    sent = 30_000_000 * 1_024 / GB
    assert sent == pytest.approx(28.61, abs=0.01)
    # Storage: 4,096,000 bytes of documents, and 100,000 x 4,096 bytes of versions that are kept
    # for 30 of 30 days, are 413,696,000 bytes = 0.385 GB; x 0.023 = 0.00886.
    storage = (4_096_000 + 100_000 * 4_096) / GB * 0.023
    assert storage == pytest.approx(0.00886, abs=0.00001)
    every = {
        "s3-put": "0.50",  # 100,000 / 1,000 x 0.005
        "s3-storage": "0.01",
        "secret": "0.40",
    }
    assert costs(found, "api") == every | {
        "api-requests": "105.00",  # 30 x 3.50
        "s3-get": "12.00",  # 30,000,000 / 1,000 x 0.0004
        "transfer": "0.00",
        "total": "117.91",  # 105.00 + 12.00 + 0.00 + 0.50 + 0.01 + 0.40
    }
    assert costs(found, "cdn-api") == every | {
        "api-requests": "105.00",
        "s3-get": "12.00",
        "cdn-requests": "20.00",  # (30,000,000 - 10,000,000) / 10,000 x 0.0100
        "cdn-transfer": "0.00",
        "total": "137.91",  # 105.00 + 12.00 + 20.00 + 0.00 + 0.50 + 0.01 + 0.40
    }
    assert costs(found, "cdn-data-store") == every | {
        "s3-get": "12.00",
        "cdn-requests": "20.00",
        "cdn-functions": "2.80",  # (30 - 2) x 0.10
        "cdn-transfer": "0.00",
        "total": "35.71",  # 12.00 + 20.00 + 2.80 + 0.00 + 0.50 + 0.01 + 0.40
    }


def test_estimate_of_a_large_site_is_what_is_computed_by_hand() -> None:
    """2 billion reads and 5 million writes of a million documents, 90 % of them from the edge.

    20,480 bytes stored, 5,120 sent; old versions for 7 days, and no secret.
    """
    sizes = Sizes(1_000_000, 20_480_000_000, 5_120_000_000, 5_120_000_000, 5_120_000_000)
    usage = Usage(2_000_000_000, 5_000_000, percentage(90), sizes, old_versions_days=7)
    found = estimate(usage, "us-east-1", known_prices())

    # Data: 2,000,000,000 x 5,120 bytes = 10,240,000,000,000 bytes = 9,536.743 GB.
    sent = 2_000_000_000 * 5_120 / GB
    assert sent == pytest.approx(9_536.743, abs=0.001)
    # Storage: 20,480,000,000 + 5,000,000 x 20,480 x 7 / 30 = 44,373,333,333 bytes = 41.326 GB.
    stored = (20_480_000_000 + 5_000_000 * 20_480 * 7 / 30) / GB
    assert stored == pytest.approx(41.326, abs=0.001)
    every = {
        "s3-put": "25.00",  # 5,000,000 / 1,000 x 0.005
        "s3-storage": "0.95",  # 41.326 x 0.023 = 0.9505
    }
    assert costs(found, "api") == every | {
        "api-requests": "5413.10",  # 333 x 3.50 + 667 x 2.80 + 1,000 x 2.38
        "s3-get": "800.00",  # 2,000,000,000 / 1,000 x 0.0004
        "transfer": "849.31",  # (9,536.743 - 100) x 0.09 = 849.3069
        "total": "7088.36",  # 5,413.10 + 800.00 + 849.31 + 25.00 + 0.95
    }
    of_a_cdn = {
        "cdn-requests": "1990.00",  # (2,000,000,000 - 10,000,000) / 10,000 x 0.0100
        "cdn-transfer": "723.58",  # (9,536.743 - 1,024) x 0.085 = 723.5832
        "s3-get": "80.00",  # 10 % of 800.00
    }
    assert costs(found, "cdn-api") == every | of_a_cdn | {
        "api-requests": "700.00",  # 10 % of 2,000 million are 200 million; 200 x 3.50
        "total": "3519.53",  # 1,990.00 + 723.58 + 80.00 + 700.00 + 25.00 + 0.95
    }
    assert costs(found, "cdn-data-store") == every | of_a_cdn | {
        "cdn-functions": "199.80",  # (2,000 - 2) x 0.10
        "total": "3019.33",  # 1,990.00 + 723.58 + 80.00 + 199.80 + 25.00 + 0.95
    }


def test_estimate_of_logs_alarms_and_a_firewall_is_what_is_computed_by_hand() -> None:
    """30 million reads with access logs of 427 bytes, which are kept for 60 days."""
    usage = Usage(
        30_000_000,
        0,
        percentage(50),
        Sizes(1, 100, 100, 100, 100),
        acls=1,
        rules=3,
        alarm_metrics=11,
        custom_metrics=1,
        log_event_bytes=427,
        log_days=60,
    )
    found = estimate(usage, "us-east-1", known_prices())
    every = {
        "waf-acls": "5.00",
        "waf-rules": "3.00",
        "waf-requests": "18.00",  # 30 x 0.60
        "alarms": "0.10",  # 11 metrics, of which 10 are free
        "custom-metrics": "0.00",  # 10 are free
        "dashboards": "0.00",  # 3 are free
    }

    def costs_of(design: Design) -> dict[str, str]:
        return {name: usd for name, usd in costs(found, design).items() if name in (*every, *logs)}

    # 30,000,000 x 427 bytes = 12,810,000,000 bytes = 11.930 GB; (11.930 - 5) x 0.50 = 3.465.
    # They are kept for 60 of 30 days: 23.860 GB-months; (23.860 - 5) x 0.03 = 0.566.
    logs = {"log-ingestion": "3.47", "log-storage": "0.57"}
    assert costs_of("api") == every | logs
    # Half of the reads reach the API: 5.965 GB; (5.965 - 5) x 0.50 = 0.483, and
    # (11.930 - 5) x 0.03 = 0.208.
    assert costs_of("cdn-api") == every | {"log-ingestion": "0.48", "log-storage": "0.21"}
    # None reaches it, if CloudFront reads the bucket.
    assert costs_of("cdn-data-store") == every | {"log-ingestion": "0.00", "log-storage": "0.00"}


# --- what is unknown ---

SMALL = Usage(1_000_000, 1_000, Decimal(0), Sizes(1, 100, 100, 100, 100))


@pytest.mark.parametrize(
    ("region", "unknown", "known"),
    [
        ("eu-west-1", {"api-requests", "transfer"}, ["cdn-data-store"]),
        ("no-such-region", {"api-requests", "transfer", "s3-get", "s3-put", "s3-storage"}, []),
    ],
)
def test_total_is_unknown_if_a_price_is(region: str, unknown: set[str], known: list[str]) -> None:
    found = estimate(SMALL, region, known_prices())
    assert unknown <= set(found.unknown)
    assert [design.design for design in found.designs if design.usd is not None] == known
    for design in found.designs:
        parts = [item.usd for item in design.items if item.usd is not None]
        assert design.known_usd == sum(parts)
    printed = found.as_dict()
    assert [each["usd"] is not None for each in printed["designs"]] == [
        each in known for each in DESIGNS
    ]
    assert all(price["region"] == region for price in printed["prices"])


def test_price_above_the_last_known_tier_is_unknown() -> None:
    price = known_prices()["eu-west-1", "s3-storage"]
    assert price.known_units == 51_200
    assert price.cost(Decimal(51_200)) == Decimal("1177.6")  # 51,200 x 0.023
    assert price.cost(Decimal(51_201)) is None
    many = replace(SMALL, sizes=Sizes(1, 51_201 * GB, 1, 1, 1), writes=0)
    assert "s3-storage" in estimate(many, "eu-west-1", known_prices()).unknown


def test_no_cost_has_a_price_that_is_not_printed() -> None:
    for region in ("us-east-1", "eu-west-1", "no-such-region"):
        found = estimate(SMALL, region, known_prices())
        paid = {item.name for design in found.designs for item in design.items if item.usd}
        assert paid <= {price.name for price in found.prices}


def test_without_sizes_storage_and_data_are_unknown() -> None:
    found = estimate(replace(SMALL, sizes=None), "us-east-1", known_prices())
    assert set(found.unknown) == {"cdn-transfer", "transfer", "s3-storage"}
    assert costs(found, "api")["api-requests"] == "3.50"


def test_nothing_costs_nothing_even_if_its_price_is_unknown() -> None:
    found = estimate(replace(SMALL, reads=0, writes=0), "no-such-region", {})
    assert set(found.unknown) == {"s3-storage"}


# --- every estimate ---


@given(
    reads=st.integers(0, 10**15),
    writes=st.integers(0, 10**15),
    hit_rate=st.floats(0, 100),
    documents=st.integers(1, 10**9),
    size=st.integers(0, 10**7),
)
def test_items_add_up_and_more_reads_never_cost_less(
    reads: int, writes: int, hit_rate: float, documents: int, size: int
) -> None:
    sizes = Sizes(documents, *[documents * size] * 4)
    usage = Usage(reads, writes, percentage(hit_rate), sizes)
    found = estimate(usage, "us-east-1", known_prices())
    fewer = estimate(replace(usage, reads=reads // 2), "us-east-1", known_prices())
    for design, less in zip(found.designs, fewer.designs, strict=True):
        total = sum(Decimal(str(item.as_dict()["usd"])) for item in design.items)
        assert design.usd == total
        assert less.usd is not None
        assert less.usd <= total
    json.dumps(found.as_dict(), allow_nan=False)


def test_numbers_are_text_without_an_exponent() -> None:
    def texts(hit_rate: float) -> list[str]:
        usage = replace(SMALL, reads=10**15, hit_rate=percentage(hit_rate))
        found = estimate(usage, "us-east-1", known_prices()).as_dict()
        return [str(item[key]) for item in found["designs"][1]["items"] for key in sorted(item)]

    assert texts(0) == texts(0.0)
    assert "1000000000000000" in texts(0)
    assert not any(re.fullmatch(r"[\d.]+E.*", text) for text in [*texts(0), *texts(33.3)])


@pytest.mark.parametrize("number", [-1, 1.5, True, "1", None, 10**16])
@pytest.mark.parametrize("name", ["reads", "writes"])
def test_a_number_that_is_no_count_is_refused(name: str, number: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        replace(SMALL, **{name: number})
    assert refused.value.where == name


@pytest.mark.parametrize("value", [-0.1, 100.1, float("nan"), float("inf")])
def test_a_percentage_is_from_0_to_100(value: float) -> None:
    with pytest.raises(ConfigError):
        percentage(value)


# --- prices ---


def test_every_price_has_a_page_of_aws_and_a_date() -> None:
    prices = known_prices()
    assert {name for _, name in prices} <= set(NAMES)
    for price in prices.values():
        host = price.source.removeprefix("https://").partition("/")[0]
        assert host.endswith((".aws.amazon.com", ".amazonaws.com")) or host == "aws.amazon.com"
        assert price.date[:2] == "20"


def test_each_tier_has_its_own_price() -> None:
    tiers = (Tier(Decimal(10), Decimal(3)), Tier(Decimal(5), Decimal(2)), Tier(None, Decimal(1)))
    price = Price("transfer", "here", Decimal(1), tiers, Decimal(4), "2026-01", "x", "AWS")
    found = [price.cost(Decimal(4 + number)) for number in (-4, 0, 1, 10, 12, 15, 20)]
    assert found == [0, 0, 3, 30, 34, 40, 45]


ROW = """
[[price]]
name = "s3-get"
region = "eu-north-1"
per = 1_000
tiers = [{ usd = "0.0004" }]
date = "2026-11-29"
source = "our contract"
"""


def test_prices_of_a_file_are_used(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(ROW)
    stack = ReadModelStack("shop", ReadModel(routes=ROUTES), region="eu-north-1")
    found = stack.estimate(reads=1_000_000, writes=0, prices=file)
    assert costs(found, "cdn-data-store")["s3-get"] == "0.40"
    assert [price.source for price in found.prices] == ["our contract"]
    assert stack.estimate(reads=1_000_000, writes=0, prices=load_prices(str(file))) == found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('source = "our contract"', ""),
        ('date = "2026-11-29"', ""),
        ('"2026-11-29"', '"yesterday"'),
        ('"our contract"', '" "'),
        ("s3-get", "s3-gets"),
        ("per = 1_000", "per = 0"),
        ("per = 1_000", "per = 1_000\nmore = 1"),
        ("0.0004", "-1"),
        ("0.0004", "NaN"),
        ('usd = "0.0004"', 'usd = "1", unit = 1'),
        ('[{ usd = "0.0004" }]', "[]"),
        ('[{ usd = "0.0004" }]', '[{ usd = "1" }, { usd = "1" }]'),
        ("[[price]]", "[[prices]]"),
        ("[[price]]", "[[price"),
        ("per = 1_000", 'per = 1_000\nrecorded_by = "me"'),
        (ROW, ROW + ROW),
    ],
)
def test_a_wrong_file_of_prices_is_refused(old: str, new: str, tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(ROW.replace(old, new))
    with pytest.raises(ConfigError) as refused:
        load_prices(file)
    assert str(file) in str(refused.value.where)


# --- the sizes of documents, and the read model ---

VALUE = {"id": 42, "text": "a text that can be compressed; " * 50}
KEY = "products/42.json"


def written(folder: Path) -> Path:
    file = folder / "data" / KEY
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(VALUE, separators=(",", ":")))
    return folder / "data"


def sizes(model: ReadModel, documents: Any) -> Sizes:
    found = ReadModelStack("shop", model).estimate(documents, reads=1, writes=1).usage.sizes
    assert found
    return found


def test_readers_receive_compressed_documents(tmp_path: Path) -> None:
    body = json.dumps(VALUE, separators=(",", ":")).encode()
    small = len(gzip.compress(body, 9))
    data = written(tmp_path)
    model = ReadModel(routes=ROUTES)
    assert sizes(model, data) == Sizes(1, len(body), small, small, small)
    assert sizes(model, {KEY: VALUE}) == sizes(model, data)
    assert sizes(model, [str(data)]) == sizes(model, data)

    never = replace(model, api=Api(compress_from="never"))
    assert sizes(never, data) == Sizes(1, len(body), len(body), small, small)
    later = replace(model, api=Api(compress_from=len(body) + 1))
    assert sizes(later, data) == sizes(never, data)
    stored = replace(model, data_store=DataStore(stored_encoding="gzip"))
    assert sizes(stored, data) == Sizes(1, small, small, small, small)


def test_a_cdn_does_not_compress_what_is_small() -> None:
    found = sizes(ReadModel(routes=ROUTES, api=Api(compress_from=0)), {KEY: "x" * 900})
    assert found.cdn_store == found.stored
    assert found.cdn_api == found.api < found.stored


def test_the_articles_api_compresses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_text(json.dumps("x" * 5_000))
    stack = ReadModelStack("shop", article=True)
    key = stack.model.routes[0].key
    found = stack.estimate({key: "x" * 5_000}, reads=1, writes=0).usage.sizes
    assert found
    assert found.api == found.stored


def test_invalid_documents_are_refused(tmp_path: Path) -> None:
    data = written(tmp_path)
    stack = ReadModelStack("shop", ReadModel(routes=ROUTES))
    (data / "products" / "43.json").write_text("{")
    (data / "products" / "44.json").write_text("{")
    with pytest.raises(InvalidDocuments) as refused:
        stack.estimate(data, reads=1, writes=1)
    assert refused.value.count == 2
    assert stack.estimate(data, reads=1, writes=1, exclude=["*/4[34].json"])
    with pytest.raises(ConfigError):
        stack.estimate(tmp_path / "elsewhere", reads=1, writes=1)
    with pytest.raises(ConfigError):
        stack.estimate({}, reads=1, writes=1)
    with pytest.raises(InvalidDocuments):
        stack.estimate({"users/1.json": 1}, reads=1, writes=1)


def names(model: ReadModel) -> set[str]:
    found = ReadModelStack("shop", model).estimate(reads=1, writes=1)
    return {item.name for item in found.designs[0].items}


def test_what_the_read_model_has_is_in_the_estimate() -> None:
    role = Writer(kind="role", principals=("123456789012",))
    model = ReadModel(routes=ROUTES, writer=role)
    assert not {"secret", "kms", "waf-acls"} & names(model)
    assert "secret" in names(replace(model, writer=Writer()))
    key = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555"
    assert "kms" in names(replace(model, data_store=DataStore(kms_key=key)))
    assert {"waf-acls", "waf-rules", "waf-requests"} <= names(replace(model, waf=Waf()))


WATCHED = Alarms(published_within_hours=24)


@pytest.mark.parametrize(
    "model",
    [
        ReadModel(routes=ROUTES, alarms=WATCHED),
        ReadModel(routes=ROUTES, alarms=Alarms(no_reads_minutes=0)),
        ReadModel(routes=ROUTES, alarms=WATCHED, cdn=Cdn()),
    ],
)
def test_metrics_of_the_alarms_are_those_of_the_template(model: ReadModel) -> None:
    resources = model.to_dict()["Resources"].values()
    alarms = [each for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"]
    counts = [
        sum("MetricStat" in query for query in alarm["Properties"].get("Metrics", ())) or 1
        for alarm in alarms
    ]
    usage = usage_of(model, 1, 1, Decimal(0), None)
    assert usage.alarm_metrics == sum(counts)
    assert usage.custom_metrics == (1 if model.alarms == WATCHED else 0)
    assert len([each for each in resources if each["Type"] == "AWS::CloudWatch::Dashboard"]) == 1


def test_without_alarms_and_logs_nothing_is_paid_for_them() -> None:
    assert not {"alarms", "dashboards", "custom-metrics", "log-ingestion"} & names(
        ReadModel(routes=ROUTES)
    )


@pytest.mark.parametrize("addresses", [False, True])
def test_bytes_of_an_access_log_are_those_of_its_format(addresses: bool) -> None:
    event = json.loads(log_format(addresses))
    filled = json.dumps({name: "x" * LENGTHS[name] for name in event})
    assert log_event_bytes(addresses=addresses) == len(filled)


def test_an_existing_web_acl_is_paid_elsewhere() -> None:
    arn = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/shop/0a1b2c3d"
    model = ReadModel(routes=ROUTES, waf=Waf(web_acl=arn))
    (first, *_) = ReadModelStack("shop", model).estimate(reads=5, writes=1).designs
    found = {item.name: item.quantity for item in first.items}
    paid = [found[name] for name in ("waf-acls", "waf-rules", "waf-requests")]
    assert paid == [Decimal(0), Decimal(0), Decimal(5)]


def test_number_of_rules_is_that_of_the_web_acl() -> None:
    made = build_web_acl(Waf(), lambda name: name, "REGIONAL")  # type: ignore[arg-type]
    assert made
    assert len(made.Rules) == RULES


@pytest.mark.parametrize(
    ("cdn", "design"),
    [(None, "api"), (Cdn(origin="api"), "cdn-api"), (Cdn(), "cdn-data-store")],
)
def test_design_of_the_read_model_is_named(cdn: Cdn | None, design: Design) -> None:
    stack = ReadModelStack("shop", ReadModel(routes=ROUTES, cdn=cdn))
    assert stack.estimate(reads=1, writes=1).configured == design


def test_region_is_that_of_the_call_or_the_stack() -> None:
    model, notes = ReadModel(routes=ROUTES), list[object]()
    stack = ReadModelStack("shop", model, region="eu-west-1")
    assert stack.estimate(reads=1, writes=1).region == "eu-west-1"
    assert stack.estimate(reads=1, writes=1, region="us-east-1").region == "us-east-1"
    assert ReadModelStack("shop", model).estimate(reads=1, writes=1).region == "us-east-1"
    stack.estimate(reads=1, writes=1, region="eu-wets-1", on_progress=notes.append)
    assert any("us-east-1" in str(note) for note in notes if isinstance(note, Note))
