"""A stack with three read models: one uses an existing bucket, two share an API."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from troposphere import Template, s3
from troposphere import apigateway as ag

from hosts import health, trusted_role
from readmodel_cfn import (
    Api,
    ReadModel,
    Route,
    Writer,
    add_read_model,
    deploy_api,
    imported,
    render,
)
from readmodel_cfn.cli import main
from readmodel_cfn.local.sandbox import Sandbox
from stacks import Answer, Stack

Send = Callable[..., Answer]
Clients = Callable[..., Any]
NOBODY = Writer(kind="none")


@pytest.fixture
def platform(clients: Clients, make_bucket: Callable[..., None]) -> Iterator[str]:
    """The name of a bucket that exists before and after the stack."""
    name = f"platform-{secrets.token_hex(4)}"
    store = clients("s3")
    make_bucket(store, name)
    yield name
    for entry in store.list_objects_v2(Bucket=name).get("Contents", []):
        store.delete_object(Bucket=name, Key=entry["Key"])
    store.delete_bucket(Bucket=name)


def site(platform: str, orders_key: str = "orders/{id}.json") -> dict[str, Any]:
    """A template with its own bucket and API, and three read models."""
    host = Template()
    own = host.add_resource(s3.Bucket("Own", DeletionPolicy="Delete"))
    add_read_model(host, ReadModel(writer=NOBODY), "Blog", data_store=platform)
    api = host.add_resource(ag.RestApi("Site", Name="site"))
    host.add_resource(health(api))
    allowed = Api(cors_origin="*")
    orders = ReadModel(routes=[Route("orders/{id}", orders_key)], api=allowed, writer=NOBODY)
    shop = ReadModel(routes=[Route("products/{id}", "products/{id}.json")], api=allowed)
    on_it = [
        add_read_model(host, orders, "Orders", data_store=own, api=api),
        add_read_model(host, shop, "Shop", api=api),
    ]
    deploy_api(host, api, on_it)
    found: dict[str, Any] = json.loads(render(host))
    found["Resources"]["ShopDataStore"] |= {"DeletionPolicy": "Delete"}  # removed with the stack
    return found


def api_of(url: str) -> str:
    return url.partition("//")[2].partition(".")[0]


def test_three_read_models_of_a_stack_are_read(
    stack: Stack, platform: str, put: Callable[..., str], send: Send, clients: Clients
) -> None:
    outputs = stack.deploy(site(platform))
    put(platform, "payload.json", b'"blog"')
    put(outputs["OrdersS3BucketName"], "orders/7.json", b'"order"')
    put(outputs["ShopS3BucketName"], "products/7.json", b'"product"')

    blog, shop = api_of(outputs["BlogApiUrl"]), api_of(outputs["ShopApiUrl"])
    assert outputs["OrdersApiUrl"] == outputs["ShopApiUrl"]
    assert send(blog, "/v1/samples").body == b'"blog"'
    assert send(shop, "/v1/orders/7").body == b'"order"'
    answer = send(shop, "/v1/products/7")
    assert answer.body == b'"product"'
    assert send(shop, "/v1/products/7", If_None_Match=answer.headers["etag"]).status == 304
    assert send(shop, "/v1/health").status == 200
    nowhere = send(shop, "/v1/nowhere")
    assert (nowhere.status, nowhere.headers["access-control-allow-origin"]) == (404, "*")

    for bucket, key in ((outputs["OrdersS3BucketName"], "orders/7.json"),):
        clients("s3").delete_object(Bucket=bucket, Key=key)
    # The same stage serves the changed read model and the unchanged one.
    put(outputs["OrdersS3BucketName"], "archive/7.json", b'"archived"')
    changed = stack.deploy(site(platform, "archive/{id}.json"))
    assert changed["ShopApiUrl"] == outputs["ShopApiUrl"]
    assert send(shop, "/v1/orders/7").body == b'"archived"'
    assert send(shop, "/v1/products/7").body == b'"product"'
    clients("s3").delete_object(Bucket=outputs["OrdersS3BucketName"], Key="archive/7.json")


def on_one_role(*prefixes: str) -> dict[str, Any]:
    """Read models with their own buckets, on a shared role of the template."""
    host = Template()
    role = host.add_resource(trusted_role())
    for prefix in prefixes:
        store = host.add_resource(s3.Bucket(f"Own{prefix}"))
        model = ReadModel(writer=NOBODY)
        add_read_model(host, model, prefix, data_store=store, gateway_role=role)
    found: dict[str, Any] = json.loads(render(host))
    return found


def test_read_models_on_a_shared_role_keep_their_permissions(
    stack: Stack, put: Callable[..., str], send: Send, clients: Clients
) -> None:
    outputs = stack.deploy(on_one_role("Blog", "Shop"))
    for prefix in ("Blog", "Shop"):
        put(outputs[f"{prefix}S3BucketName"], "payload.json", b"1")
        assert send(api_of(outputs[f"{prefix}ApiUrl"]), "/v1/samples").status == 200
    clients("s3").delete_object(Bucket=outputs["ShopS3BucketName"], Key="payload.json")
    stack.deploy(on_one_role("Blog"))
    assert send(api_of(outputs["BlogApiUrl"]), "/v1/samples").status == 200
    clients("s3").delete_object(Bucket=outputs["BlogS3BucketName"], Key="payload.json")


def test_commands_find_a_read_model_by_its_prefix(
    stack: Stack, platform: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    stack.deploy(site(platform))
    folder = tmp_path / "shop"
    (folder / "products").mkdir(parents=True)
    (folder / "products" / "7.json").write_text('"product"')
    config = tmp_path / "readmodel.toml"
    config.write_text(
        f'[stack]\nname = "{stack.name}"\nprefix = "Shop"\n[api]\ncors_origin = "*"\n'
        'compress_from = "never"\n[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'
    )

    def run(*arguments: str) -> Result:
        key = (sandbox.access_key_id, sandbox.secret_access_key)
        environment = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), key, strict=True))
        options = ["--config", str(config), "--endpoint-url", sandbox.endpoint_url]
        return CliRunner().invoke(
            main, [*arguments, *options, "--region", sandbox.region], env=environment
        )

    assert run("publish", str(folder), "--as-writer").exit_code == 0
    assert json.loads(run("read", "products/7").stdout) == "product"
    assert json.loads(run("history", "products/7.json", "--json").stdout)[0]["current"]
    done = run("verify", "--json", "--not-ours")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["promises"]
    assert not [promise for promise in found if promise["status"] == "broken"]


def test_exported_bucket_is_served_by_another_stack(
    clients: Clients, put: Callable[..., str], send: Send
) -> None:
    there, here = Template(), Template()
    name = f"platform-{secrets.token_hex(4)}"
    add_read_model(there, ReadModel(), "Data", export=True)
    bucket = imported(name, "S3BucketName", "Data")
    add_read_model(here, ReadModel(writer=NOBODY), data_store=bucket)

    cloudformation = clients("cloudformation")
    first, second = Stack(name, cloudformation), Stack(f"{name}-site", cloudformation)
    outputs = first.deploy(json.loads(render(there)))
    try:
        put(outputs["DataS3BucketName"], "payload.json", b'"shared"')
        url = second.deploy(json.loads(render(here)))["ApiUrl"]
        assert send(api_of(url), "/v1/samples").body == b'"shared"'
    finally:
        second.delete()
        first.delete()
