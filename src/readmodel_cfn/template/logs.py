"""Access logs: a log group, and the JSON object that API Gateway writes for each request.

The article has none. API Gateway writes them with a role that is a setting of the account and
region, also for a log group of one's own: a stage with access logs is refused without it
("CloudWatch Logs role ARN must be set in account settings to enable logging").
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html#set-up-access-logging-permissions
"""

from collections.abc import Iterator
from dataclasses import dataclass

from troposphere import AWSObject, GetAtt, Join, Partition, iam
from troposphere import apigateway as ag
from troposphere import logs as cloudwatch_logs

from readmodel_cfn.template import policies
from readmodel_cfn.template.log_format import log_format
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.options import without_none
from readmodel_cfn.template.sections.logs import Logs

_PUSH = ":iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


@dataclass(frozen=True)
class LogsResources:
    """The log group; the account's role and setting only with `set_account_role`."""

    group: cloudwatch_logs.LogGroup
    role: iam.Role | None
    account: ag.Account | None
    setting: ag.AccessLogSetting

    def __iter__(self) -> Iterator[AWSObject]:
        """Each resource; the setting is a property of the stage."""
        resources = (self.group, self.role, self.account)
        yield from (resource for resource in resources if resource is not None)


def build_logs(options: Logs, names: Names) -> LogsResources:
    """The log group and what a stage needs to write to it."""
    group = cloudwatch_logs.LogGroup(
        names("AccessLogs"),
        # They say why a deleted stack failed. As with the bucket, a failed create leaves nothing.
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        **without_none(LogGroupName=options.name, KmsKeyId=options.kms_key),
        RetentionInDays=options.retention_days,
    )
    role = _role(names) if options.set_account_role else None
    account = _account(names, role) if role else None
    setting = ag.AccessLogSetting(
        DestinationArn=GetAtt(group, "Arn"), Format=log_format(options.addresses)
    )
    return LogsResources(group, role, account, setting)


def _role(names: Names) -> iam.Role:
    """The role with which API Gateway writes the logs of all APIs of the account and region.

    It is kept with the account's setting, which other APIs may use by then.
    """
    return iam.Role(
        names("AccessLogsRole"),
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        AssumeRolePolicyDocument=policies.document([policies.assumed_by_api_gateway()]),
        ManagedPolicyArns=[Join("", ["arn:", Partition, _PUSH])],
    )


def _account(names: Names, role: iam.Role) -> ag.Account:
    return ag.Account(
        names("AccessLogsAccount"),
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        CloudWatchRoleArn=GetAtt(role, "Arn"),
    )
