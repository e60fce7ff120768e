"""The web ACL of the distribution, or without a CDN of the stage. The article has none.

Its rules are two AWS managed rule groups, and a rate limit for each address. With `mode = "count"`
CloudWatch counts the requests that match, and none is refused.

https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
"""

from collections.abc import Sequence
from typing import Literal

from troposphere import AWSHelperFn, GetAtt, Partition, Ref, Region, wafv2
from troposphere import apigateway as ag

from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.references import joined
from readmodel_cfn.template.sections.waf import Waf

WEB_ACL = "AWS::WAFv2::WebACL"
Scope = Literal["REGIONAL", "CLOUDFRONT"]

_MANAGED = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet")
_RATE = "RateLimit"
_RATE_SECONDS = 300


def build_web_acl(options: Waf, names: Names, scope: Scope) -> wafv2.WebACL | None:
    """The web ACL; None if an existing one is used."""
    if options.web_acl:
        return None
    counts = options.mode == "count"
    rules = [
        wafv2.WebACLRule(
            Name=group,
            Priority=priority,
            # A group has actions of its own, which Count overrides.
            OverrideAction=wafv2.OverrideAction(**{"Count" if counts else "None": {}}),
            Statement=wafv2.Statement(
                ManagedRuleGroupStatement=wafv2.ManagedRuleGroupStatement(
                    VendorName="AWS", Name=group
                )
            ),
            VisibilityConfig=_visibility(group),
        )
        for priority, group in enumerate(_MANAGED)
    ]
    action = {"Count": wafv2.CountAction()} if counts else {"Block": wafv2.BlockAction()}
    rate = wafv2.RateBasedStatement(
        AggregateKeyType="IP", EvaluationWindowSec=_RATE_SECONDS, Limit=options.rate_limit
    )
    rules.append(
        wafv2.WebACLRule(
            Name=_RATE,
            Priority=len(_MANAGED),
            Action=wafv2.RuleAction(**action),
            Statement=wafv2.Statement(RateBasedStatement=rate),
            VisibilityConfig=_visibility(_RATE),
        )
    )
    return wafv2.WebACL(
        names("WebAcl"),
        Scope=scope,
        DefaultAction=wafv2.DefaultAction(Allow=wafv2.AllowAction()),
        Rules=rules,
        VisibilityConfig=_visibility(names("WebAcl")),
    )


def web_acl_arn(options: Waf, made: wafv2.WebACL | None) -> str | AWSHelperFn:
    """The ARN of the web ACL that is used."""
    return GetAtt(made, "Arn") if made else str(options.web_acl)


def build_associations(
    arn: str | AWSHelperFn, stages: Sequence[ag.Stage]
) -> list[wafv2.WebACLAssociation]:
    """The web ACL of each stage.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html has a stage's ARN.
    """
    return [
        wafv2.WebACLAssociation(
            f"{stage.title}WebAclAssociation",
            ResourceArn=joined(
                *("arn:", Partition, ":apigateway:", Region, "::/restapis/"),
                *(stage.RestApiId, "/stages/", Ref(stage)),
            ),
            WebACLArn=arn,
        )
        for stage in stages
    ]


def _visibility(name: str) -> wafv2.VisibilityConfig:
    """Counts in CloudWatch under this name; sampled requests can be read in the console."""
    return wafv2.VisibilityConfig(
        CloudWatchMetricsEnabled=True, MetricName=name, SampledRequestsEnabled=True
    )
