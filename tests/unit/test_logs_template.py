"""What [logs] changes in the template."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from readmodel_cfn import Logs, ReadModel, Releases, Route, build_template, render
from readmodel_cfn.analysis.audit import audit_report
from readmodel_cfn.config.file import parse
from readmodel_cfn.config.starter import starter
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.log_format import ADDRESSES, FIELDS, log_format

PLAIN = ReadModel(routes=(Route(), Route("products/{id}", "products/{id}.json")))
MODEL = replace(PLAIN, logs=Logs())
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555"
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
DOCUMENTED = {
    *("requestId", "requestTime", "httpMethod", "domainName", "path", "resourcePath", "status"),
    *("error.responseType", "responseLatency", "integration.latency", "integration.status"),
    *("responseLength", "identity.sourceIp", "identity.userAgent"),
}


def resources(model: ReadModel) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render(build_template(model), "compact"))["Resources"]
    return made


def of_type(model: ReadModel, kind: str) -> list[Any]:
    return [each for each in resources(model).values() if each["Type"] == kind]


def test_every_stage_writes_to_the_log_group() -> None:
    model = replace(MODEL, releases=Releases(preview=True))
    stages = of_type(model, "AWS::ApiGateway::Stage")
    assert len(stages) == 2
    for stage in stages:
        setting = stage["Properties"]["AccessLogSetting"]
        assert setting["DestinationArn"] == {"Fn::GetAtt": ["AccessLogs", "Arn"]}


def test_log_event_is_one_line_of_json_whatever_a_variable_has() -> None:
    """A variable without a value is a hyphen."""
    line = re.sub(r"\$context\.[\w.]+", "-", log_format(addresses=True))
    assert json.loads(line) == dict.fromkeys({**FIELDS, **ADDRESSES}, "-")
    assert "\n" not in line


def test_variables_are_documented_and_have_the_request_id() -> None:
    assert {*FIELDS.values(), *ADDRESSES.values()} == DOCUMENTED
    assert "$context.requestId" in log_format(addresses=False)


def test_addresses_are_logged_only_if_asked_for() -> None:
    assert "identity" not in log_format(addresses=False)
    found = json.loads(log_format(addresses=True))
    assert found["ip"] == "$context.identity.sourceIp"


def test_log_group_has_retention_and_key_and_is_kept() -> None:
    (group,) = of_type(replace(PLAIN, logs=Logs(90, "/shop/reads", KEY)), "AWS::Logs::LogGroup")
    assert group["Properties"] == {
        "LogGroupName": "/shop/reads",
        "KmsKeyId": KEY,
        "RetentionInDays": 90,
    }
    assert group["DeletionPolicy"] == "RetainExceptOnCreate"


def test_account_setting_is_set_only_if_asked_for() -> None:
    assert of_type(MODEL, "AWS::ApiGateway::Account") == []
    model = replace(PLAIN, logs=Logs(set_account_role=True))
    (account,) = of_type(model, "AWS::ApiGateway::Account")
    role = account["Properties"]["CloudWatchRoleArn"]["Fn::GetAtt"][0]
    kept = {account["DeletionPolicy"], resources(model)[role]["DeletionPolicy"]}
    assert kept == {"Retain"}  # other APIs may write their logs with it
    (stage,) = of_type(model, "AWS::ApiGateway::Stage")
    assert resources(model)[stage["DependsOn"]] == account


def test_logs_do_not_change_the_deployment() -> None:
    found = [
        [name for name in resources(model) if "Deployment" in name] for model in (PLAIN, MODEL)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "text",
    ["retention_days = 2", "retention_days = 0", 'name = "aws/x"', 'name = "a b"', "addresses = 1"],
)
def test_invalid_values_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="logs"):
        parse(f"[logs]\n{text}", "f")


def test_empty_table_turns_them_on_and_the_starter_file_keeps_it() -> None:
    assert parse("[logs]", "f").model.logs == Logs()
    config = replace(parse("", "f"), model=MODEL)
    assert parse(starter(config), "f").model == MODEL


@pytest.mark.parametrize("logs", [Logs(), Logs(set_account_role=True, addresses=True)])
def test_template_audits_clean(logs: Logs) -> None:
    report = audit_report(json.loads(render(build_template(replace(PLAIN, logs=logs)))))
    assert not report.findings
    assert not report.unchecked


def test_queries_for_a_person_on_call_use_fields_of_the_log_event() -> None:
    page = (Path(__file__).parents[2] / "docs" / "on-call.md").read_text()
    queries = re.findall(r"(?s)```\n((?:fields|filter|stats) .*?)```", page)
    assert len(queries) >= 8
    made = {"@timestamp", *FIELDS, *ADDRESSES}
    for query in queries:
        aliases = set(re.findall(r"\bas (\w+)", query))
        words = set(re.findall(r"[@\w]*[a-z]\w*", re.sub(r'"[^"]*"|/[^/]*/', "", query)))
        commands = {
            *("fields", "filter", "stats", "sort", "limit", "display", "count", "count_distinct"),
            *("as", "by", "and", "or", "desc", "asc", "bin", "avg", "max", "pct", "sum", "like"),
            *("1m", "5m", "1h", "m", "h", "not", "in"),
        }
        assert words - commands - aliases <= made, query
