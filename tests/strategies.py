"""Hypothesis strategies for read models and their parts."""

import string
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from readmodel_cfn import (
    Access,
    Alarms,
    Api,
    Cdn,
    DataStore,
    Deployment,
    Domain,
    GatewayRole,
    Logs,
    ReadModel,
    ReadModelError,
    Releases,
    Route,
    Waf,
    Writer,
)
from readmodel_cfn.template.model import OPTIONAL_SECTIONS
from readmodel_cfn.template.options import OptionError
from readmodel_cfn.template.sections.logs import RETENTION_DAYS

ACCOUNT = "123456789012"
KMS_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/0a1b2c3d-0000-1111-2222-333344445555"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bounds/read-model"
PRINCIPALS = (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/ci/publisher")
LAMBDA = "lambda.amazonaws.com"
SUBJECTS = (
    "repo:acme/shop:ref:refs/heads/main",
    "repo:acme/shop:environment:production",
    "repo:acme@123456/shop@456789:pull_request",
    "project_path:acme/web/shop:ref_type:branch:ref:main",
)

literals = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=12).filter(
    lambda text: text.strip(".") != ""
)
names = st.text(string.ascii_lowercase + string.digits, min_size=3, max_size=20)


def examples(factor: float) -> settings:
    """The number of examples, as a multiple of the profile's."""
    return settings(max_examples=max(1, round(settings().max_examples * factor)))


limits = st.none() | st.integers(0, 5000)


@st.composite
def routes(draw: st.DrawFn) -> Route:
    """A static, parameterised or greedy route; each level has one parameter name."""
    parts = draw(st.lists(st.one_of(literals, st.just(None)), min_size=1, max_size=4))
    path = [part if part is not None else f"{{p{level}}}" for level, part in enumerate(parts)]
    key = [*path[:-1], path[-1] + ".json"]
    if draw(st.booleans()) and parts[-1] is not None:
        path, key = [*path, "{rest+}"], [*path, "v", "{rest}"]
    return Route("/".join(path), "/".join(key), draw(limits), draw(limits))


def _fits(candidates: list[Route]) -> bool:
    try:
        ReadModel(routes=tuple(candidates))
    except ReadModelError:
        return False
    return True


route_lists = (
    st.lists(routes(), min_size=1, max_size=5, unique_by=lambda route: route.path)
    .filter(_fits)
    .map(tuple)
)

data_stores = st.one_of(
    st.builds(
        DataStore,
        name=st.none() | names,
        kms_key=st.none() | st.just(KMS_KEY),
        old_versions_days=st.integers(1, 36500),
        retain=st.booleans(),
        stored_encoding=st.sampled_from(["none", "gzip"]),
        max_age=st.integers(0, 86400),
        stale_while_revalidate=st.integers(0, 86400),
        access_logs=st.none() | names.map("logs-{}".format),
    ),
    st.builds(DataStore, name=names, account_regional=st.just(True)),
)

allowances = st.lists(
    st.sampled_from(["put", "compare", "list", "delete", "invalidate"]), min_size=1, unique=True
).map(tuple)

writers = st.one_of(
    st.builds(
        Writer,
        allow=allowances,
        key_in=st.sampled_from(["secret", "outputs"]),
        serial=st.integers(1, 9),
        name=st.none() | names,
        permissions_boundary=st.none() | st.just(BOUNDARY),
    ),
    st.builds(Writer, serial=st.integers(2, 9), keep_previous_key=st.booleans()),
    st.builds(
        Writer,
        kind=st.just("role"),
        principals=st.lists(
            st.sampled_from((*PRINCIPALS, *SUBJECTS, LAMBDA)), min_size=1, unique=True
        ).map(tuple),
        allow=allowances,
        permissions_boundary=st.none() | st.just(BOUNDARY),
    ),
    st.just(Writer(kind="none")),
)

gateway_roles = st.builds(
    GatewayRole, name=st.none() | names, permissions_boundary=st.none() | st.just(BOUNDARY)
)

origins = st.builds(
    "{}://{}.example{}".format,
    st.sampled_from(["http", "https"]),
    names,
    st.sampled_from(["", ":8000"]),
)
cors_origins = st.one_of(
    st.sampled_from([None, "*", "https://www.example.com", "http://127.0.0.1:8000"]),
    st.lists(origins, min_size=1, max_size=5).map(tuple),
)
header_names = st.one_of(
    st.sampled_from(["Authorization", "if-none-match", "traceparent", "TraceParent"]),
    st.text(string.ascii_letters + string.digits + "_.-", max_size=20).map("X{}".format),
)

apis = st.builds(
    Api,
    description=st.text(string.printable.strip(), min_size=1, max_size=40).filter(
        lambda text: "AWS::" not in text and "${" not in text
    ),
    security_policy=st.sampled_from(["TLS_1_2", "SecurityPolicy_TLS13_1_3_2025_09"]),
    cors_origin=cors_origins,
    cors_headers=st.lists(header_names, max_size=4).map(tuple),
    missing=st.sampled_from(["not-found", "mask"]),
    compress_from=st.just("never") | st.integers(0, 10_485_760),
)

deployments = st.builds(
    Deployment,
    stage=st.sampled_from(["v1", "live", "blue-2"]),
    serial=st.integers(1, 99),
    throttle_rate=limits,
    throttle_burst=limits,
    metrics=st.booleans(),
)

CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/0a1b2c3d"
cdns = st.one_of(
    st.builds(Cdn, origin=st.sampled_from(["data-store", "api"])),
    st.builds(
        Cdn,
        origin=st.sampled_from(["data-store", "api"]),
        aliases=st.lists(names.map("{}.example.com".format), min_size=1, unique=True).map(tuple),
        certificate=st.just(CERTIFICATE) | st.none(),
        hosted_zone_id=st.just("Z0123456789"),
    ),
)
ACL = "arn:aws:wafv2:us-east-1:" + ACCOUNT + ":{}/webacl/shop/0a1b2c3d"
wafs = st.one_of(
    st.builds(
        Waf, mode=st.sampled_from(["count", "block"]), rate_limit=st.integers(10, 2_000_000_000)
    ),
    st.builds(Waf, web_acl=st.sampled_from([ACL.format("regional"), ACL.format("global")])),
)
releases = st.builds(Releases, keep=st.integers(1, 99), preview=st.booleans())

networks = st.lists(
    st.sampled_from(["192.0.2.0/24", "198.51.100.7", "2001:db8::/32"]), unique=True, max_size=2
).map(tuple)
vpces = st.lists(
    st.sampled_from(["vpce-0123abcd", "vpce-0123456789abcdef0"]), unique=True, min_size=1
).map(tuple)
places = st.one_of(
    st.fixed_dictionaries({"source_ips": networks}),
    st.fixed_dictionaries(
        {"source_ips": networks, "private": st.just(True), "source_vpces": vpces}
    ),
)
callers = st.one_of(
    st.fixed_dictionaries({"auth": st.just("public")}),
    st.fixed_dictionaries(
        {
            "auth": st.just("iam"),
            "principals": st.lists(st.sampled_from(PRINCIPALS), unique=True).map(tuple),
        }
    ),
    st.fixed_dictionaries(
        {
            "auth": st.just("api-key"),
            "keys": st.lists(st.sampled_from(["reader", "web", "partnerB"]), unique=True).map(
                tuple
            ),
            "quota": st.none() | st.integers(1, 1000),
        },
        optional={"throttle_rate": st.just(10)},
    ).map(lambda own: {**own, **({"throttle_burst": 20} if "throttle_rate" in own else {})}),
)
accesses = st.builds(lambda who, where: Access(**who, **where), callers, places)


zones = st.just("Z0123456789ABCDEFGHIJ")
certificates = st.just(f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/0a1b2c3d-0000-1111-2222")
domains = st.builds(
    Domain,
    name=names.map("{}.example.com".format),
    hosted_zone_id=zones,
    certificate=st.none() | certificates,
    base_path=st.sampled_from(["", "v1", "Read_model-2"]),
    default_endpoint=st.booleans(),
) | st.builds(
    Domain,
    name=st.just("data.example.com"),
    certificate=certificates,
    default_endpoint=st.booleans(),
)
logs = st.builds(
    Logs,
    retention_days=st.sampled_from(RETENTION_DAYS),
    name=st.none() | names.map("/read/{}".format),
    kms_key=st.none() | st.just(KMS_KEY),
    addresses=st.booleans(),
    set_account_role=st.booleans(),
)

alarms = st.builds(
    Alarms,
    topic=st.none() | st.just(f"arn:aws:sns:eu-west-1:{ACCOUNT}:on-call"),
    errors_percent=st.integers(1, 99),
    latency_ms=st.integers(1, 29_000),
    no_reads_minutes=st.integers(0, 1440),
    published_within_hours=st.none() | st.integers(1, 168),
    watch=st.integers(0, 180),
)


SECTIONS: Mapping[str, st.SearchStrategy[Any]] = {
    "data_store": data_stores,
    "writer": writers,
    "api": apis,
    "releases": releases,
    "access": accesses,
    "domain": domains,
    "logs": logs,
    "alarms": alarms,
    "cdn": cdns,
    "waf": wafs,
}
"""The tables that a pair refuses with another one, and the other optional ones."""


@st.composite
def _models(draw: st.DrawFn) -> ReadModel:
    """Each table is drawn, and left out if a pair refuses it with those before it, in any order."""
    model = ReadModel(
        draw(route_lists),
        gateway_role=draw(gateway_roles),
        deployment=draw(deployments),
    )
    tables = draw(st.permutations(sorted(SECTIONS)))
    for table in tables:
        if table in OPTIONAL_SECTIONS and draw(st.booleans()):
            continue
        try:
            model = replace(model, **{table: draw(SECTIONS[table])})
        except OptionError:
            continue
    return model


read_models = _models()
