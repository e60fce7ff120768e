"""A client program that uses the whole public API, for strict type checkers.

`make dist` checks it against the installed wheel, and runs it there.
"""

# pyright: strict, reportMissingTypeStubs=false

import json
from collections.abc import Iterator
from typing import Any

from troposphere import GetAtt, Output, Ref, Template, iam, s3
from troposphere import apigateway as ag

import readmodel_cfn as rm
from readmodel_cfn.analysis import audit
from readmodel_cfn.consent import Consent
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local import gateway, sandbox
from readmodel_cfn.progress import Note, Step
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.publish import publish
from readmodel_cfn.stack import (
    DeleteResult,
    DeployResult,
    Diagnosis,
    FollowResult,
    Plan,
    Published,
    PublishPlan,
    PublishResult,
    RaceResult,
    Response,
    Restored,
    StackDiff,
    StackEvent,
    StackStatus,
    VerifyResult,
    Version,
)

MODEL = rm.ReadModel(
    routes=[rm.Route("products/{id}", "products/{id}.json", throttle_rate=100)],
    data_store=rm.DataStore(old_versions_days=7),
    writer=rm.Writer(kind="role", principals=("123456789012",), allow=("put", "list")),
    gateway_role=rm.GatewayRole(),
    api=rm.Api(cors_origin="*", compress_from="never"),
    deployment=rm.Deployment(stage="v2"),
)


def alone() -> str:
    """A template of its own, without findings."""
    text: str = rm.render(rm.build_template(MODEL), "yaml")
    findings: list[audit.Finding] = audit.audit(text)
    assert not findings, [finding.what for finding in findings]
    return text


def in_a_stack() -> Template:
    """A read model among other resources, which refer to it."""
    template = Template()
    handle: rm.Handle = rm.add_read_model(template, MODEL, prefix="Shop", export=True)
    bucket: s3.Bucket | None = handle.bucket
    role: iam.Role | None = handle.role
    stage: ag.Stage | None = handle.stage
    writer: iam.User | iam.Role | None = handle.writer
    for resource in (bucket, role, stage, writer, handle.api):
        assert resource is not None
        template.add_output(Output(f"My{resource.title}", Value=Ref(resource)))
    if handle.url is not None:
        template.add_output(Output("MyUrl", Value=handle.url))
    assert {resource.title for resource in handle.resources} <= set(template.resources)
    return template


def on_one_api() -> rm.DeployedApi:
    """Two read models on an API of the stack's own, over its bucket and over another stack's."""
    template = Template()
    api = template.add_resource(ag.RestApi("Site", Name="site"))
    bucket = template.add_resource(s3.Bucket("Data"))
    template.add_output(Output("DataArn", Value=GetAtt(bucket, "Arn")))
    elsewhere = rm.imported("other", "S3BucketName")
    prices = rm.add_read_model(template, part("prices"), "Prices", api=api, data_store=bucket)
    stock = rm.add_read_model(template, part("stock"), "Stock", api=api, data_store=elsewhere)
    return rm.deploy_api(template, api, [prices, stock])


def part(name: str) -> rm.ReadModel:
    """A read model with one document."""
    return rm.ReadModel(routes=(rm.Route(name, f"{name}.json"),))


def fault(path: str) -> str | None:
    """What is wrong with a path, in one line."""
    try:
        rm.Route(path)
    except ConfigError as error:
        known: rm.ReadModelError = error
        where: str | None = known.where
        hint: str | None = known.hint
        code: int = known.exit_code
        return f"{where}: {known.what}; {hint} ({code})"
    return None


def agree_to_adopt(consent: Consent) -> bool:
    """Agree to nothing but the adoption of one stack."""
    return consent.kind == "adopt" and consent.name == "shop" and not consent.lost


def report(value: object) -> None:
    """Print some of what a long call reports."""
    if isinstance(value, Step | Note):
        print(value.text)
    elif isinstance(value, Plan):
        print(value.action, value.why)
    elif isinstance(value, StackEvent):
        print(value.time, value.logical_id, value.status)


def whole_life(shop: rm.ReadModelStack) -> int:
    """Every method of a stack, and some of what it returns."""
    deployed: DeployResult = shop.deploy(confirm=agree_to_adopt, on_progress=report, timeout=60.0)
    difference: StackDiff = shop.diff(on_progress=report)
    published: PublishResult = shop.publish({"products/1.json": {"id": 1}}, delete_missing=False)
    plan: PublishPlan = shop.publish("data", dry_run=True)
    document: Published = shop.publish_document("products/1.json", b"{}", if_match='"e"')
    versions: list[Version] = shop.history("products/1.json")
    restored: Restored = shop.restore("products/1.json", versions[-1].id)
    response: Response = shop.read("products/1")
    verified: VerifyResult = shop.verify(route="products/{id}", timeout=5.0)
    raced: RaceResult = shop.race(seconds=1.0, readers=2, size=1000)
    status: StackStatus = shop.status(drift=True)
    outputs: dict[str, str] = shop.outputs(show_secrets=False)
    diagnosis: Diagnosis = shop.diagnose()
    followed: FollowResult = shop.follow(timeout=1.0)
    deleted: DeleteResult = shop.delete(with_data=True, confirm=lambda _: True)
    results = (deployed, difference, published, plan, document, restored, verified, raced)
    more = (status, diagnosis, followed, deleted)
    printed = [result.as_dict() for result in (*results, *more)]
    print(shop.url("products/1"), response.json(), outputs, printed, str(difference))
    return published.sent + published.unchanged


def on_the_sandbox() -> rm.ReadModelStack:
    """A stack on the embedded AWS, and one of a file."""
    shop = rm.ReadModelStack("shop", MODEL, sandbox=True, tags={"team": "shop"})
    print(rm.ReadModelStack.from_config("readmodel.toml", name="shop", region="eu-west-1"))
    return shop


def products(ids: range) -> Iterator[tuple[str, dict[str, int] | bytes]]:
    """Documents as values, or as JSON already."""
    yield from ((f"products/{number}.json", {"id": number}) for number in ids)
    yield "products/0.json", b'{"id":0}'


def publish_part(ids: range, at: sandbox.Sandbox | None = None) -> tuple[int, float]:
    """A worker's part, to the embedded AWS or to AWS."""
    to = Destination("my-bucket", region="eu-west-1", endpoint_url=at.endpoint_url if at else None)
    kept = Settings(cache_control="max-age=60", gzip=True)
    result: PublishResult = publish(
        products(ids),
        to,
        kept,
        routes=MODEL.routes,
        exclude=["products/draft-*"],
        on_progress=lambda outcome: print(outcome),
    )
    return result.sent + result.unchanged, result.seconds


def ask(definition: dict[str, Any], path: str) -> gateway.Response:
    """What an API's definition answers when S3 has nothing."""
    served = gateway.Gateway(gateway.Snapshot.from_definition(definition))
    step = served.prepare(gateway.Request("GET", path))
    if isinstance(step, gateway.Call):
        return served.finish(step, gateway.S3Response(404, {}, b""))
    return step


def main() -> None:
    """All that needs no network."""
    article = json.loads(rm.render(rm.build_article()))
    in_a_stack()
    assert fault("a//b")
    assert not fault("a/b")
    print(rm.__version__, len(alone()), len(article["Resources"]), on_one_api().stage.title)
    print(ask({"resources": {}}, "/nowhere").status)


if __name__ == "__main__":
    main()
