"""Who may read: the methods' authorization, the API's resource policy, API keys. No section of the
article: there everybody may read.

Preflights need neither a signature nor a key, since browsers send them without; a client whose
network is refused gets 403 to these, too.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from awacs.aws import (
    Action,
    Allow,
    AWSPrincipal,
    Condition,
    ConditionElement,
    Deny,
    NotIpAddress,
    Principal,
    Statement,
    StringNotEquals,
)
from troposphere import AccountId, AWSObject, Output, Partition, Ref, Region
from troposphere import apigateway as ag

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import RESOURCE_POLICY_LENGTH
from readmodel_cfn.template import policies
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.options import without_none
from readmodel_cfn.template.references import joined
from readmodel_cfn.template.routes import READ_METHODS
from readmodel_cfn.template.sections.access import Access, key_id_output

_INVOKE = Action("execute-api", "Invoke")
_EVERYTHING = "execute-api:/*"
"""All stages, methods and paths of the API: API Gateway completes the ARN, which has the ID of the
API and so cannot be in its own definition.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html
"""


@dataclass(frozen=True)
class ApiKeys:
    """The usage plan and its API keys by name."""

    plan: ag.UsagePlan
    keys: dict[str, ag.ApiKey]
    members: tuple[ag.UsagePlanKey, ...]

    def __iter__(self) -> Iterator[AWSObject]:
        """Each resource."""
        yield from (self.plan, *self.keys.values(), *self.members)


def method_access(access: Access | None) -> dict[str, Any]:
    """The properties of a method that reads; API Gateway refuses one without an authorization."""
    if access and access.auth == "iam":
        return {"AuthorizationType": "AWS_IAM"}
    key_required = True if access and access.auth == "api-key" else None
    return {"AuthorizationType": "NONE", **without_none(ApiKeyRequired=key_required)}


def endpoint(access: Access | None) -> ag.EndpointConfiguration:
    """The endpoint: regional, or private behind its VPC endpoints.

    The association gives the API a name in the public DNS for each VPC endpoint, so a VPC needs no
    private DNS, which would hide the regional APIs of all accounts from it:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html
    A private API has IPv4 and IPv6 addresses only; one that was regional may have IPv4 alone:
    https://docs.aws.amazon.com/apigateway/latest/api/API_EndpointConfiguration.html
    """
    if access and access.private:
        return ag.EndpointConfiguration(
            Types=["PRIVATE"], VpcEndpointIds=[*access.source_vpces], IpAddressType="dualstack"
        )
    return ag.EndpointConfiguration(Types=["REGIONAL"])


def resource_policy(access: Access | None, *, preflights: bool) -> dict[str, Any] | None:
    """The API's resource policy; None if it is not needed.

    Without authorization of the methods, a request needs an Allow of the policy, and no Deny. With
    AWS_IAM a caller of the API's account needs an Allow of its own policy or of this one, a caller
    of another account needs both. So there is no Allow for everybody with AWS_IAM: it would allow
    every identity of the account. Preflights have no authorization, and need an Allow here if there
    is a policy (tables A and B, and "Resource policy only"):
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html

    Raises:
        ConfigError: it is longer than API Gateway allows.
    """
    if access is None or not (access.principals or access.restricts_network):
        return None
    statements = [] if access.auth == "iam" else [_allow(Principal("*"), [_EVERYTHING])]
    if access.principals:
        reads = [f"execute-api:/*/{verb}/*" for verb in READ_METHODS]
        statements.append(_allow(AWSPrincipal([*access.principals]), reads))
    if access.auth == "iam" and preflights:
        statements.append(_allow(Principal("*"), ["execute-api:/*/OPTIONS/*"]))
    if access.source_ips:
        # A private API has the address in aws:VpcSourceIp; aws:SourceIp is for the others.
        key = "aws:VpcSourceIp" if access.private else "aws:SourceIp"
        statements.append(_deny(NotIpAddress(key, [*access.source_ips])))
    if access.source_vpces:
        statements.append(_deny(StringNotEquals("aws:SourceVpce", [*access.source_vpces])))
    text = policies.document(statements).to_json()
    if len("".join(text.split())) > RESOURCE_POLICY_LENGTH:
        what = f"the API's resource policy has more than {RESOURCE_POLICY_LENGTH:,} characters"
        hint = "use fewer principals, source_ips or source_vpces"
        raise ConfigError(what, where="access", hint=hint)
    found: dict[str, Any] = json.loads(text)  # troposphere requires a dict
    return found


def build_api_keys(
    access: Access | None, names: Names, *, api: ag.RestApi, stages: Sequence[ag.Stage]
) -> ApiKeys | None:
    """The API keys and the usage plan of the stages; None without `api-key`.

    API Gateway generates the values of the keys. They are in no output: `readmodel-cfn read` and
    `aws apigateway get-api-key --include-value` ask for them. The plan's limits are for each key:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
    """
    if access is None or not access.key_names:
        return None
    keys = {
        name: ag.ApiKey(
            names(f"{_stem(name)}ApiKey"), Description=f"{name}, reads documents", Enabled=True
        )
        for name in access.key_names
    }
    throttle = access.throttle_rate is not None and ag.ThrottleSettings(
        BurstLimit=access.throttle_burst, RateLimit=access.throttle_rate
    )
    quota = access.quota and ag.QuotaSettings(
        Limit=access.quota, Period=access.quota_period.upper()
    )
    plan = ag.UsagePlan(
        names("UsagePlan"),
        ApiStages=[ag.ApiStage(ApiId=Ref(api), Stage=Ref(stage)) for stage in stages],
        **without_none(Quota=quota or None, Throttle=throttle or None),
    )
    members = tuple(
        ag.UsagePlanKey(
            names(f"{_stem(name)}UsagePlanKey"),
            KeyId=Ref(key),
            KeyType="API_KEY",
            UsagePlanId=Ref(plan),
        )
        for name, key in keys.items()
    )
    return ApiKeys(plan, keys, members)


def access_outputs(
    access: Access | None, api_keys: ApiKeys | None, names: Names, *, api: ag.RestApi, stage: str
) -> list[Output]:
    """What readers need: the IDs of the API keys, not their values, or the ARN for a policy."""
    if api_keys:
        return [
            Output(
                names(key_id_output(name)),
                Description=f"ID of the API key {name}",
                Value=Ref(key),
            )
            for name, key in api_keys.keys.items()
        ]
    if access is None or access.auth != "iam":
        return []
    about = "Resource of execute-api:Invoke in the IAM policy of a reader"
    place = ("arn:", Partition, ":execute-api:", Region, ":", AccountId, ":")
    arn = joined(*place, Ref(api), f"/{stage}/*")
    return [Output(names("ReadArn"), Description=about, Value=arn)]


def _stem(name: str) -> str:
    return name[:1].upper() + name[1:]


def _allow(principal: Principal, resources: list[str]) -> Statement:
    return Statement(Effect=Allow, Principal=principal, Action=[_INVOKE], Resource=resources)


def _deny(test: ConditionElement) -> Statement:
    """Deny requests outside; a "Not" condition is also true if a request does not have the key."""
    return Statement(
        Effect=Deny,
        Principal=Principal("*"),
        Action=[_INVOKE],
        Resource=[_EVERYTHING],
        Condition=Condition(test),
    )
