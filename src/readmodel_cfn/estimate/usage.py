"""What a read model uses in a month, besides reads and writes."""

from collections.abc import Mapping
from decimal import Decimal

from readmodel_cfn.estimate.cost import Design, Usage
from readmodel_cfn.estimate.sizes import Sizes
from readmodel_cfn.template.log_format import ADDRESSES, FIELDS
from readmodel_cfn.template.model import ReadModel
from readmodel_cfn.template.sections.alarms import Alarms
from readmodel_cfn.template.sections.waf import RULES

# CloudWatch charges for each metric of an alarm. A test compares the template.
_ALARM_METRICS = {"ErrorsAlarm": 2, "LatencyAlarm": 2, "S3LatencyAlarm": 2, "ThrottlesAlarm": 3}
LENGTHS: Mapping[str, int] = {
    "requestId": 36,
    "requestTime": 26,
    "httpMethod": 3,
    "domainName": 48,
    "path": 40,
    "resourcePath": 25,
    "status": 3,
    "responseType": 1,
    "responseLatency": 2,
    "integrationLatency": 2,
    "integrationStatus": 3,
    "responseLength": 4,
    "ip": 14,
    "userAgent": 110,
}
"""The characters of each value of an access log, as they usually are."""


def usage_of(
    model: ReadModel, reads: int, writes: int, hit_rate: Decimal, sizes: Sizes | None
) -> Usage:
    """The usage of a read model with so many reads and writes."""
    waf, logs, alarms = model.waf, model.logs, model.alarms
    return Usage(
        reads,
        writes,
        hit_rate,
        sizes,
        model.data_store.old_versions_days,
        secrets=1 if model.writer.kind == "user" else 0,
        has_kms_key=bool(model.data_store.kms_key),
        acls=None if waf is None else 0 if waf.web_acl else 1,
        rules=RULES if waf and not waf.web_acl else 0,
        alarm_metrics=_alarm_metrics(alarms, has_cdn=model.cdn is not None) if alarms else None,
        custom_metrics=1 if model.writes_metric else 0,
        log_event_bytes=log_event_bytes(addresses=logs.addresses) if logs else None,
        log_days=logs.retention_days if logs else 0,
    )


def design_of(model: ReadModel) -> Design:
    """The design that a read model has."""
    if model.cdn is None:
        return "api"
    return "cdn-api" if model.cdn.origin == "api" else "cdn-data-store"


def log_event_bytes(*, addresses: bool) -> int:
    """The bytes of the access log of one request: `{"name": "value", "name": "value"}`."""
    names = [*FIELDS, *(ADDRESSES if addresses else ())]
    return sum(len(f'"{name}": "", ') + LENGTHS[name] for name in names)


def _alarm_metrics(alarms: Alarms, *, has_cdn: bool) -> int:
    quiet = int(bool(alarms.no_reads_minutes) and not has_cdn)
    return sum(_ALARM_METRICS.values()) + quiet + int(bool(alarms.published_within_hours))
