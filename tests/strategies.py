"""Hypothesis strategies for read models and their parts."""

import string
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st

from readmodel_cfn import (
    Api,
    Cdn,
    DataStore,
    Deployment,
    GatewayRole,
    ReadModel,
    ReadModelError,
    Releases,
    Route,
    Waf,
    Writer,
)

ACCOUNT = "123456789012"
KMS_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/0a1b2c3d-0000-1111-2222-333344445555"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bounds/read-model"
PRINCIPALS = (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/ci/publisher")
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
    st.sampled_from(["put", "compare", "list", "delete"]), min_size=1, unique=True
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
        principals=st.lists(st.sampled_from(PRINCIPALS + SUBJECTS), min_size=1, unique=True).map(
            tuple
        ),
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
wafs = st.builds(
    Waf, mode=st.sampled_from(["count", "block"]), rate_limit=st.integers(10, 2_000_000_000)
)
releases = st.builds(Releases, keep=st.integers(1, 99), preview=st.booleans())


read_models = st.builds(
    ReadModel,
    routes=route_lists,
    data_store=data_stores,
    writer=writers,
    gateway_role=gateway_roles,
    api=apis,
    deployment=deployments,
    releases=st.none() | releases,
)

PLAIN = {"data_store": DataStore(), "api": Api()}
with_edge = st.builds(
    lambda model, cdn, waf: replace(model, **PLAIN, releases=None, cdn=cdn, waf=waf),
    read_models,
    st.none() | cdns,
    st.none() | wafs,
)
"""Read models with [cdn] and [waf], and the defaults of the tables that could contradict them."""
