"""What [alarms] adds to the template: alarms on documented metrics, a topic, and a dashboard."""

import json
import re
from dataclasses import replace
from typing import Any, Literal

import pytest
from troposphere import Template
from troposphere import apigateway as ag

from readmodel_cfn import (
    Alarms,
    Cdn,
    Deployment,
    ReadModel,
    Route,
    Writer,
    add_read_model,
    build_template,
    render,
)
from readmodel_cfn.analysis.audit import audit_report
from readmodel_cfn.config.origins import origins
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.lint import lint
from readmodel_cfn.template.metrics import NAMESPACE, TRIGGERS
from readmodel_cfn.template.options import OptionError

PLAIN = ReadModel(routes=(Route("products/{id}", "products/{id}.json"),))
EVERY = replace(PLAIN, alarms=Alarms(published_within_hours=24))
TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
API_METRICS = {
    "4XXError": {"Sum", "Average"},
    "5XXError": {"Sum", "Average"},
    "Count": {"SampleCount"},
    "IntegrationLatency": {"p50", "p90", "p99", "SampleCount"},
    "Latency": {"p50", "p90", "p99", "SampleCount"},
}
API_DIMENSIONS = ["ApiName", "Stage"]
# The metric that `publish` writes; tests/functional/test_publish_metric.py has the call.
OWN_METRICS = {"PublishTime": {"SampleCount", "Maximum"}}
METRICS = {"AWS/ApiGateway": API_METRICS, NAMESPACE: OWN_METRICS}
DIMENSIONS = {"AWS/ApiGateway": [API_DIMENSIONS], NAMESPACE: [["StackName"]]}
# By logical ID: the metrics, what missing data means, periods, seconds of one, and the threshold.
ALARMS = {
    "ErrorsAlarm": ({"Count", "5XXError"}, "notBreaching", 1, 300, 1),
    "LatencyAlarm": ({"Latency"}, "notBreaching", 2, 300, 1000),
    "S3LatencyAlarm": ({"IntegrationLatency"}, "notBreaching", 2, 300, 1000),
    "ThrottlesAlarm": ({"Count", "4XXError", "IntegrationLatency"}, "notBreaching", 1, 300, 5),
    "NoReadsAlarm": ({"Count"}, "breaching", 1, 3600, 1),
    "DocumentsAlarm": ({"PublishTime"}, "breaching", 24, 3600, 1),
}
DAY, WEEK = 86_400, 604_800


def content(model: ReadModel, prefix: str = "") -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render(build_template(model, prefix), "compact"))
    return made


def of_type(model: ReadModel, kind: str) -> dict[str, Any]:
    """The properties of the resources of a type, by logical ID."""
    resources = content(model)["Resources"].items()
    return {name: found.get("Properties", {}) for name, found in resources if found["Type"] == kind}


def alarms(model: ReadModel) -> dict[str, Any]:
    return of_type(model, "AWS::CloudWatch::Alarm")


def stats(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Each metric of an alarm: Namespace, MetricName, Dimensions, Period and the statistic."""
    if "Metrics" not in alarm:
        statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        return [{**alarm, "Stat": statistic}]
    found = [each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each]
    return [{**each["Metric"], **each} for each in found]


@pytest.mark.parametrize("name", ALARMS)
def test_alarm_is_on_documented_metrics_and_dimensions(name: str) -> None:
    metrics, missing, periods, seconds, threshold = ALARMS[name]
    alarm = alarms(EVERY)[name]
    found = stats(alarm)
    assert {each["MetricName"] for each in found} == metrics
    for each in found:
        assert each["Stat"] in METRICS[each["Namespace"]][each["MetricName"]]
        dimensions = [dimension["Name"] for dimension in each["Dimensions"]]
        assert dimensions in DIMENSIONS[each["Namespace"]]
        assert each["Period"] == seconds
    assert alarm["TreatMissingData"] == missing
    assert alarm["EvaluationPeriods"] == periods
    assert alarm["Threshold"] == threshold


def test_table_has_every_alarm() -> None:
    assert set(alarms(EVERY)) == set(ALARMS)
    assert set(alarms(replace(PLAIN, alarms=Alarms()))) == set(ALARMS) - {"DocumentsAlarm"}
    assert "NoReadsAlarm" not in alarms(replace(PLAIN, alarms=Alarms(no_reads_minutes=0)))


@pytest.mark.parametrize("origin", ["api", "data-store"])
def test_api_that_nobody_reads_is_no_alarm_behind_a_cdn(
    origin: Literal["api", "data-store"],
) -> None:
    """It would always fire: readers of the distribution may never reach the API."""
    found = alarms(replace(EVERY, cdn=Cdn(origin=origin)))
    assert set(found) == set(ALARMS) - {"NoReadsAlarm"}
    assert {*TRIGGERS} <= set(found)


@pytest.mark.parametrize("hours", [1, 24, 168])
@pytest.mark.parametrize("minutes", [1, 59, 60, 1440])
def test_periods_are_within_the_quotas_of_cloudwatch(hours: int, minutes: int) -> None:
    """At most seven days, and one day with periods of less than an hour (PutMetricAlarm)."""
    model = replace(PLAIN, alarms=Alarms(published_within_hours=hours, no_reads_minutes=minutes))
    for alarm in alarms(model).values():
        for each in stats(alarm):
            assert each["Period"] % 60 == 0
            whole = each["Period"] * alarm["EvaluationPeriods"]
            assert whole <= (DAY if each["Period"] < 3600 else WEEK)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("published_within_hours", 169),
        ("published_within_hours", 0),
        ("watch", 181),
        ("watch", -1),
        ("errors_percent", 0),
        ("no_reads_minutes", 1441),
        ("topic", "on-call"),
        ("topic", "arn:aws:sqs:eu-west-1:123456789012:on-call"),
    ],
)
def test_value_out_of_range_is_refused(name: str, value: object) -> None:
    with pytest.raises(OptionError) as error:
        Alarms(**{name: value})  # type: ignore[arg-type]
    assert error.value.key == f"alarms.{name}"


def test_dimension_is_the_name_of_the_api_and_the_stage() -> None:
    model = replace(EVERY, deployment=Deployment(stage="live"))
    (api,) = of_type(model, "AWS::ApiGateway::RestApi").values()
    for name, alarm in alarms(model).items():
        for each in stats(alarm) if name != "DocumentsAlarm" else ():
            values = {found["Name"]: found["Value"] for found in each["Dimensions"]}
            assert values == {"ApiName": api["Name"], "Stage": "live"}


@pytest.mark.parametrize("prefix", ["", "Shop"])
def test_name_of_the_api_is_ascii(prefix: str) -> None:
    """Only the stack's name, which CloudFormation limits to ASCII, is not known here."""
    (api,) = (
        found["Properties"]
        for found in content(EVERY, prefix)["Resources"].values()
        if found["Type"] == "AWS::ApiGateway::RestApi"
    )
    separator, parts = api["Name"]["Fn::Join"]
    texts = [separator, *(part for part in parts if part != {"Ref": "AWS::StackName"})]
    assert all(text.isascii() for text in texts)


def test_alarms_notify_the_given_topic_or_that_of_the_stack() -> None:
    given = replace(PLAIN, alarms=Alarms(topic=TOPIC))
    assert all(alarm["AlarmActions"] == [TOPIC] for alarm in alarms(given).values())
    assert not of_type(given, "AWS::SNS::Topic")
    assert "AlarmTopicArn" not in content(given)["Outputs"]
    own = alarms(EVERY).values()
    assert all(alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}] for alarm in own)
    assert content(EVERY)["Outputs"]["AlarmTopicArn"]["Value"] == {"Ref": "AlarmTopic"}


def test_triggers_are_errors_latency_and_throttles_only() -> None:
    assert {*TRIGGERS} == {"ErrorsAlarm", "LatencyAlarm", "ThrottlesAlarm"}
    assert {*TRIGGERS} <= set(alarms(EVERY))
    quiet = [alarms(EVERY)[name]["TreatMissingData"] for name in TRIGGERS]
    assert quiet == ["notBreaching"] * len(TRIGGERS)


@pytest.mark.parametrize(
    ("reads", "errors", "fires"),
    [(19, 19, False), (20, 0, False), (100, 1, False), (100, 2, True), (20, 1, True)],
)
def test_errors_fire_above_the_rate_and_from_enough_reads(
    reads: int, errors: int, fires: bool
) -> None:
    assert evaluated("ErrorsAlarm", PLAIN, reads=reads, errors=errors) == fires


@pytest.mark.parametrize("name", ["LatencyAlarm", "S3LatencyAlarm"])
@pytest.mark.parametrize(
    ("reads", "latency", "fires"),
    [(99, 5000, False), (100, 1000, False), (100, 1001, True), (300, 1001, True)],
)
def test_latency_fires_also_with_the_reads_of_a_watched_deploy(
    name: str, reads: int, latency: int, fires: bool
) -> None:
    """A deploy reads once a second: 300 reads in a period."""
    assert evaluated(name, PLAIN, reads=reads, latency=latency) == fires


@pytest.mark.parametrize(
    ("reads", "refused", "integrated", "fires"),
    [
        (14_999, 14_999, 0, False),  # less than half of the limit: nothing is throttled
        (15_000, 15_000, 0, True),
        (15_000, 700, 14_300, False),  # less than 5 %
        (15_000, 9_000, 15_000, False),  # 404 of documents: S3 was asked
        (15_000, 0, 0, False),  # preflights
    ],
)
def test_throttles_are_4xx_without_s3_near_the_limit(
    reads: int, refused: int, integrated: int, fires: bool
) -> None:
    model = replace(PLAIN, deployment=Deployment(throttle_rate=100))
    values = {"reads": reads, "refused": refused, "integrated": integrated}
    assert evaluated("ThrottlesAlarm", model, **values) == fires


def test_smallest_limit_of_a_method_is_that_of_the_throttles() -> None:
    route = Route("products/{id}", "products/{id}.json", throttle_rate=50)
    for model, limit in (
        (PLAIN, 10_000),
        (replace(PLAIN, deployment=Deployment(throttle_rate=70)), 70),
        (ReadModel(routes=(route,), deployment=Deployment(throttle_rate=70)), 50),
    ):
        expression = alarms(replace(model, alarms=Alarms()))["ThrottlesAlarm"]["Metrics"][-1]
        assert f"reads >= {limit * 150}," in expression["Expression"]


def evaluated(name: str, model: ReadModel, **values: int) -> bool:
    """Whether an alarm on an expression fires: IF and FILL are functions, as in CloudWatch."""
    alarm = alarms(replace(model, alarms=Alarms()))[name]
    (expression,) = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]
    assert set(re.findall(r"[A-Z]+", expression)) <= {"IF", "FILL"}
    functions = {"IF": lambda test, yes, no: yes if test else no, "FILL": lambda value, _: value}
    rate = eval(expression, functions | values)  # noqa: S307
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    return bool(rate > alarm["Threshold"])


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
WIDGET = {"type", "x", "y", "width", "height", "properties"}
PROPERTIES = {
    "metric": {"title", "metrics", "stat", "period", "region", "view", "stacked"},
    "alarm": {"title", "alarms"},
}
RENDERING = {"label", "stat", "id", "visible", "expression"}


def widgets(model: ReadModel = EVERY) -> list[Any]:
    (dashboard,) = of_type(model, "AWS::CloudWatch::Dashboard").values()
    text, variables = dashboard["DashboardBody"]["Fn::Sub"]
    assert set(variables) == {"ApiName"}
    found: list[Any] = json.loads(text)["widgets"]
    return found


def test_dashboard_has_five_widgets_in_the_documented_structure() -> None:
    assert [widget["type"] for widget in widgets()] == ["metric"] * 4 + ["alarm"]
    for widget in widgets():
        assert set(widget) == WIDGET
        assert set(widget["properties"]) == PROPERTIES[widget["type"]]
        assert 0 <= widget["x"] <= widget["x"] + widget["width"] <= 24
        assert widget["y"] >= 0
    places = [(widget["x"], widget["y"]) for widget in widgets()]
    assert len(set(places)) == len(places)


def test_metrics_of_the_dashboard_are_documented() -> None:
    for widget in widgets()[:4]:
        shown, ids = widget["properties"], []
        for metric in shown["metrics"]:
            *place, options = metric
            assert set(options) <= RENDERING
            ids.append(options.get("id"))
            if place:
                namespace, name, *dimensions = place
                assert options.get("stat", shown["stat"]) in METRICS[namespace][name]
                assert dimensions[::2] in DIMENSIONS[namespace]
            else:
                assert options["expression"]
        given = [found for found in ids if found]
        assert len(set(given)) == len(given)


def test_dashboard_shows_every_alarm() -> None:
    shown = widgets()[4]["properties"]["alarms"]
    assert shown == [f"${{{name}.Arn}}" for name in alarms(EVERY)]


def test_writer_may_write_the_metric_in_the_namespace_only() -> None:
    def granted(model: ReadModel) -> list[Any]:
        (user,) = of_type(model, "AWS::IAM::User").values()
        (policy,) = user["Policies"]
        statements = policy["PolicyDocument"]["Statement"]
        return [found for found in statements if "cloudwatch:PutMetricData" in found["Action"]]

    assert granted(PLAIN) == granted(replace(PLAIN, alarms=Alarms())) == []
    (statement,) = granted(EVERY)
    assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}


def test_writer_with_many_keys_may_write_the_metric_once() -> None:
    routes = tuple(Route(f"a{number}/{{id}}", f"a{number}/{{id}}.json") for number in range(40))
    text = json.dumps(content(ReadModel(routes=routes, alarms=EVERY.alarms)))
    assert text.count("cloudwatch:PutMetricData") == 1


@pytest.mark.parametrize("prefix", ["", "Shop"])
@pytest.mark.parametrize(
    "options",
    [Alarms(), Alarms(topic=TOPIC), Alarms(published_within_hours=168, no_reads_minutes=0)],
)
def test_template_has_no_findings(prefix: str, options: Alarms) -> None:
    template = build_template(replace(PLAIN, alarms=options), prefix)
    assert not lint(render(template, "compact"))
    report = audit_report(render(template, "compact"))
    assert not report.findings
    assert not report.unchecked


def test_prefix_is_a_dimension_of_its_own() -> None:
    alarm = content(EVERY, "Shop")["Resources"]["ShopDocumentsAlarm"]["Properties"]
    names = {found["Name"]: found["Value"] for found in alarm["Dimensions"]}
    assert names == {"StackName": {"Ref": "AWS::StackName"}, "Prefix": "Shop"}


def test_alarms_need_a_stage_of_their_own() -> None:
    host = Template()
    api = host.add_resource(ag.RestApi("Shared", Name="shared"))
    with pytest.raises(ConfigError) as error:
        add_read_model(host, EVERY, api=api)
    assert error.value.where == "alarms"


def test_every_resource_is_that_of_the_table() -> None:
    found = origins(replace(EVERY, writer=Writer(kind="none")))
    own = {name for name, table in found.items() if table == "[alarms]"}
    assert own == {"AlarmTopic", "Dashboard", *ALARMS}
