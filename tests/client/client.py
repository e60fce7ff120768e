"""A program that uses the whole public API, for strict type checkers.

`make dist` checks its types with the installed wheel, and runs it.
"""

# pyright: strict, reportMissingTypeStubs=false

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from troposphere import GetAtt, Output, Ref, Template, iam, s3
from troposphere import apigateway as ag

import readmodel_cfn as rm
from readmodel_cfn.analysis.audit import (
    AuditReport,
    Edit,
    Finding,
    Group,
    PublicMethod,
    Severity,
    Unchecked,
    audit,
    audit_report,
    group,
    to_sarif,
)
from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.analysis.openapi import openapi
from readmodel_cfn.analysis.view import unchecked_parts
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.deploy.deploy import deploy as deploy_template
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.errors import ConfigError, NoSuchDocument
from readmodel_cfn.lint import lint
from readmodel_cfn.local import gateway, sandbox
from readmodel_cfn.progress import Count, Note, Step
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.partitions import CommitResult, PartitionResult
from readmodel_cfn.publish.publish import publish
from readmodel_cfn.results import (
    Activated,
    DeleteResult,
    DeployResult,
    DesignCost,
    Diagnosis,
    Estimate,
    EventStream,
    FollowResult,
    Plan,
    Pruned,
    Published,
    PublishPlan,
    PublishResult,
    RaceResult,
    Release,
    ReleaseResult,
    Response,
    Restored,
    SettingChange,
    StackDiff,
    StackEvent,
    StackStatus,
    SwitchResult,
    Target,
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


def template_text() -> str:
    """The template of a stack, which passes all checks."""
    text: str = rm.render(rm.build_template(MODEL), "yaml")
    findings: list[Finding] = audit(text)
    assert not findings, [finding.what for finding in findings]
    assert audit_log(text)["version"] == "2.1.0"
    picture: str = flowchart(MODEL)
    document: dict[str, Any] = openapi(MODEL)
    assert picture.startswith("flowchart")
    assert document["paths"]
    return text


def audit_log(template: str) -> dict[str, Any]:
    """The SARIF log of a template without findings of severity high."""
    report: AuditReport = audit_report(template)
    report.require_none("template.yaml", "high")
    unchecked: tuple[Unchecked, ...] = report.unchecked
    public: tuple[PublicMethod, ...] = report.public
    groups: list[Group] = group(report.findings)
    severities: set[Severity] = {found.first.severity for found in groups}
    edits: list[Edit] = [edit for finding in report.findings for edit in finding.cure]
    assert unchecked == unchecked_parts(template)
    print(report.summary, [method.what for method in public], severities)
    print([(edit.path, edit.value) for edit in edits], report.as_dict()["reads"])
    return to_sarif(report.findings, Path("template.yaml"), unchecked)


def lint_messages(template: Path) -> list[str]:
    """Findings of cfn-lint in a file."""
    return [str(finding) for finding in lint(template, regions=["eu-west-1"])]


def in_a_stack() -> Template:
    """A read model in a template with other resources, which refer to it."""
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
    """Two read models on one API, with a bucket of the same stack and one of another stack."""
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


def path_error(path: str) -> str | None:
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


def agree(consent: Consent) -> bool:
    """Agree to adopt a stack if nothing is lost."""
    target: Target = consent.target
    here = target.account == "123456789012" and target.region == "eu-west-1" and not target.sandbox
    return consent.kind == "adopt" and consent.name == "shop" and here and not consent.lost


def whole_life(shop: rm.ReadModelStack) -> int:
    """Every method of a stack, and some of what it returns."""
    deployed: DeployResult = shop.deploy(confirm=agree, on_progress=print_progress, timeout=60.0)
    difference: StackDiff = shop.diff(on_progress=print_progress)
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
    account: str | None = deleted.target.account
    results = (deployed, difference, published, plan, document, restored, verified, raced)
    more = (status, diagnosis, followed, deleted)
    printed = [result.as_dict() for result in (*results, *more)]
    print(account, deleted.name, published.bucket, published.target.place)
    print(shop.url("products/1"), response.json(), outputs, printed, str(difference))
    return published.sent + published.unchanged


def with_cdn() -> rm.ReadModelStack:
    """A stack behind CloudFront, with a firewall."""
    cdn = rm.Cdn(origin="data-store", aliases=("data.example.com",), hosted_zone_id="Z1")
    model = rm.ReadModel(routes=MODEL.routes, cdn=cdn, waf=rm.Waf(mode="block", rate_limit=500))
    return rm.ReadModelStack("shop", model)


def monthly_cost(shop: rm.ReadModelStack) -> Decimal | None:
    """The cost of the cheapest design; None if one is unknown."""
    found: Estimate = shop.estimate("data", reads=1_000_000, writes=0, hit_rate=90)
    designs: tuple[DesignCost, ...] = found.designs
    costs: list[Decimal] = [each.usd for each in designs if each.usd is not None]
    print(found.region, found.configured, found.unknown, [each.source for each in found.prices])
    return None if found.unknown else min(costs)


def invalidated(shop: rm.ReadModelStack) -> tuple[str, ...]:
    """Publish, and invalidate what has changed."""
    one: Published = shop.publish_document("products/1.json", {}, invalidate=True)
    return one.invalidated + shop.publish("data", invalidate=True).invalidated


def with_releases() -> rm.ReadModelStack:
    """A stack whose documents go live as a whole set."""
    options = rm.Releases(keep=2, preview=True)
    alarms = rm.Alarms(published_within_hours=24, watch=15)
    model = rm.ReadModel(routes=MODEL.routes, releases=options, alarms=alarms)
    return rm.ReadModelStack("shop", model)


def with_domain() -> rm.ReadModelStack:
    """A stack with its own domain name and access logs."""
    domain = rm.Domain(name="data.example.com", hosted_zone_id="Z0123456789ABCDEFGHIJ")
    logs = rm.Logs(retention_days=30, addresses=True)
    return rm.ReadModelStack("shop", rm.ReadModel(routes=MODEL.routes, domain=domain, logs=logs))


def with_access() -> rm.ReadModelStack:
    """A stack whose readers need an API key, or a signature and an address."""
    keys = rm.Access(auth="api-key", keys=("web",), throttle_rate=5, throttle_burst=9, quota=100)
    signed = rm.Access(auth="iam", principals=("123456789012",), source_ips=("192.0.2.0/24",))
    model = rm.ReadModel(routes=MODEL.routes, access=keys if keys.quota else signed)
    return rm.ReadModelStack("shop", model)


def life_of_releases(shop: rm.ReadModelStack) -> str:
    """Every method for releases, and some of what it returns."""
    plan: PublishPlan = shop.plan_release("data")
    published: ReleaseResult = shop.publish_release("data", activate=False, confirm=agree)
    previewed: Activated = shop.activate(published.release, stage="preview")
    activated: Activated = shop.activate(published.release, watch=15)
    listed: list[Release] = shop.releases(on_progress=print_progress)
    switched: SwitchResult = shop.verify_releases(readers=2, confirm=agree)
    back: Activated = shop.rollback()
    pruned: Pruned = shop.prune(keep=1, confirm=agree)
    results = (previewed, activated, back)
    printed = [result.as_dict() for result in results], switched.as_dict(), pruned.as_dict()
    print(
        plan.has_changes,
        published.as_dict(),
        listed[0].as_dict(),
        printed,
        switched.passed,
        pruned.deleted,
    )
    return published.release


def publish_by_partitions(shop: rm.ReadModelStack, documents: dict[str, object]) -> list[str]:
    """A release of two partitions, as workers and their driver publish it."""
    options, parts = shop.partition_options(), 2
    results: list[PartitionResult] = []
    for part in range(parts):
        mine = {key: documents[key] for key in documents if rm.partition_of(key, parts) == part}
        results.append(rm.publish_partition(mine, part=part, parts=parts, **options))
    checked: CommitResult = rm.commit(results, options["destination"])
    committed: CommitResult = shop.commit(results)
    return [*checked.as_dict(), *committed.as_dict()]


def print_progress(value: object) -> None:
    """Print what a call reports."""
    if isinstance(value, Step | Note):
        print(value.text)
    elif isinstance(value, Count):
        print(value.name, value.done, value.unit, value.total)
    elif isinstance(value, Plan):
        print(value.where, value.action, value.why)
    elif isinstance(value, StackDiff):
        print([(resource.kind, resource.logical_id) for resource in value.resources])
        print(value.removed_routes, value.removes_all_routes, value.exposure)
        print_settings(value.settings)
    elif isinstance(value, StackEvent):
        print(value.time, value.logical_id, value.status)


def print_settings(settings: tuple[SettingChange, ...]) -> None:
    """Print the settings that a deploy would change."""
    for setting in settings:
        print(setting.table, setting.key, setting.before, setting.after, setting.resources)


def cancel(events: EventStream, interrupt: KeyboardInterrupt) -> bool:
    """On Ctrl-C cancel the update, and wait until it is rolled back."""
    print(interrupt)
    events.cancel()
    return True


def deploy_any_template(text: str) -> bool:
    """Deploy the text of a template; whether the stack was changed."""
    spec = StackSpec("shop", text, tags={"team": "shop"}, termination_protection=True)
    result = deploy_template(
        spec, Connection("eu-west-1"), on_progress=print_progress, on_interrupt=cancel
    )
    return result.changed


def stacks() -> Iterator[rm.ReadModelStack]:
    """A stack on the embedded AWS, one of a configuration file, and one that is only a name."""
    yield rm.ReadModelStack("shop", MODEL, sandbox=True, tags={"team": "shop"})
    yield rm.ReadModelStack("shop", MODEL, profile="shop", account="123456789012")
    yield rm.ReadModelStack.from_config("readmodel.toml", region="eu-west-1", profile="shop")
    yield rm.ReadModelStack("shop")


def deploy(stack: rm.ReadModelStack) -> dict[str, str]:
    """Show the difference, deploy, and return the outputs."""
    try:
        difference = stack.diff(on_progress=print_progress)
        result = stack.deploy(confirm=agree, timeout=60.0, on_progress=print_progress)
    except ConsentRequired as error:
        print(error.consent.text)
        return {}
    urls: dict[str, str] = stack.route_urls()
    exists: bool | None = stack.check_new_name(existing=True, on_progress=print_progress)
    print(
        urls, exists, difference.as_dict(), result.status, result.changed, stack.follow().as_dict()
    )
    return {**result.outputs, **stack.outputs()}


def publish_and_read(stack: rm.ReadModelStack, folder: Path) -> bool:
    """Publish a dict, pairs, a directory and one document; read and verify it."""
    plan: PublishPlan = stack.publish(folder, dry_run=True)
    stack.publish({"products/1.json": {"id": 1}}, default=str)
    result: PublishResult = stack.publish(products(range(9)), as_writer=True)
    stored = stack.publish_document("products/1.json", {"id": 1}, create_only=False)
    restored = stack.restore(stored.key, stack.history(stored.key)[-1].id)
    response = stack.read("products/1")
    try:
        response.raise_for_status()
    except NoSuchDocument as error:
        print(error.hint)
    print(plan.send, result.sent, restored.etag, response.status, response.json())
    print(stack.url("products/1"), stack.bucket(), stack.race(seconds=1).as_dict())
    return all(outcome.status != "broken" for outcome in stack.verify().promises)


def check_and_delete(stack: rm.ReadModelStack) -> dict[str, Any]:
    """Print the stack's state, and delete it with its documents."""
    state = stack.status(drift=True)
    state.raise_if_broken()
    print(state.as_dict(), stack.diagnose().as_dict())
    return stack.delete(with_data=True, confirm=lambda consent: consent.name == "shop").as_dict()


def products(ids: range) -> Iterator[tuple[str, dict[str, int] | bytes]]:
    """Documents as values, and as bytes of JSON."""
    yield from ((f"products/{number}.json", {"id": number}) for number in ids)
    yield "products/0.json", b'{"id":0}'


def publish_part(ids: range, at: sandbox.Sandbox | None = None) -> tuple[int, float]:
    """The part of one worker, to the embedded AWS or to AWS."""
    to = Destination("my-bucket", region="eu-west-1", endpoint_url=at.endpoint_url if at else None)
    result: PublishResult = publish(
        products(ids),
        to,
        Settings(cache_control="max-age=60", gzip=True),
        routes=MODEL.routes,
        exclude=["products/draft-*"],
        on_progress=print,
    )
    return result.sent + result.unchanged, result.seconds


def response_without_object(definition: dict[str, Any], path: str) -> gateway.Response:
    """The response of an API if S3 has no object."""
    served = gateway.Gateway(gateway.Snapshot.from_definition(definition))
    step = served.prepare(gateway.Request("GET", path))
    if isinstance(step, gateway.Call):
        return served.finish(step, gateway.S3Response(404, {}, b""))
    return step


def main() -> None:
    """Run what needs no network."""
    article = json.loads(rm.render(rm.build_article()))
    assert in_a_stack().outputs
    assert path_error("a//b")
    assert not path_error("a/b")
    print(rm.__version__, len(template_text()), len(article["Resources"]), on_one_api().stage.title)
    print(response_without_object({"resources": {}}, "/nowhere").status)


if __name__ == "__main__":
    main()
