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
from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.consent import Consent
from readmodel_cfn.deploy.deploy import DeployResult, deploy
from readmodel_cfn.deploy.events import EventStream
from readmodel_cfn.deploy.follow import FollowResult
from readmodel_cfn.deploy.plan import Plan
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.stack_diff import StackDiff
from readmodel_cfn.deploy.values import StackEvent
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local import gateway, sandbox
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.publish import publish
from readmodel_cfn.publish.results import PublishResult

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


def show(value: object) -> None:
    """Print what a call on a stack reports."""
    if isinstance(value, Plan):
        print(value.where, value.action, value.why)
    elif isinstance(value, StackDiff):
        print([(resource.kind, resource.logical_id) for resource in value.resources])
    elif isinstance(value, StackEvent):
        print(value.time, value.logical_id, value.status)


def agree_to_adopt(consent: Consent) -> bool:
    """Agree to nothing but the adoption of one stack."""
    return consent.kind == "adopt" and consent.name == "shop" and not consent.lost


def stop_waiting(events: EventStream, interrupt: KeyboardInterrupt) -> bool:
    """On Ctrl-C cancel the update and wait until it is rolled back."""
    print(interrupt)
    events.cancel()
    return True


def deploy_read_model() -> str:
    """Deploy a read model to the embedded AWS, unless it is up to date."""
    shop = rm.ReadModelStack("shop", MODEL, sandbox=True, tags={"team": "shop"})
    diff: StackDiff = shop.diff(on_progress=show)
    if not diff.up_to_date:
        result: DeployResult = shop.deploy(
            confirm=agree_to_adopt, timeout=60.0, on_progress=show, on_interrupt=stop_waiting
        )
        print(result.as_dict(), result.changed, result.detached)
    end: FollowResult = shop.follow(on_progress=show)
    return end.status


def deploy_template(text: str) -> dict[str, str]:
    """Deploy any template to the embedded AWS; the outputs by name."""
    box = sandbox.start()
    key = Credentials(box.access_key_id, box.secret_access_key)
    at = Connection(box.region, endpoint_url=box.endpoint_url, credentials=key)
    spec = StackSpec("shop", text, tags={"team": "shop"})
    result = deploy(spec, at, confirm=agree_to_adopt, on_progress=show, timeout=60.0)
    return dict(result.outputs)


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
