"""The temporary credentials with which API Gateway calls S3 for an integration's role.

ministack's AssumeRole allows the account's root to assume a role that trusts any service, so the
trust policy is evaluated here. ministack evaluates the role's other policies at each call. A role
that is deleted and created again has another RoleId, and so another session.
"""

import functools
import json
import os
import time
from dataclasses import dataclass

from ministack.core import iam_evaluator
from ministack.services import iam, sts

SERVICE = "apigateway.amazonaws.com"
SECONDS = 3600
RENEWAL = 300
"""Seconds before the expiration; from then on a session is replaced."""


class RoleRefusedError(Exception):
    """API Gateway cannot assume the role, or the role does not exist."""


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials and their expiration, in seconds since the epoch."""

    access_key_id: str
    secret_access_key: str
    token: str
    expires: float


_sessions: dict[str, Session] = {}


async def session_for(role_arn: str) -> Session:
    """A session of the role, reused until shortly before it expires."""
    account, _, name = role_arn.removeprefix("arn:aws:iam::").partition(":role/")
    role = iam._roles.get_scoped(account, None, name.rpartition("/")[2])
    if role is None or not trusts_api_gateway(role["AssumeRolePolicyDocument"], account):
        raise RoleRefusedError(role_arn)
    session = _sessions.get(role["RoleId"])
    if session is None or session.expires - RENEWAL < time.time():
        session = _sessions[role["RoleId"]] = await _assume(role_arn)
    return session


@functools.lru_cache(maxsize=256)
def trusts_api_gateway(trust_policy: str, account: str) -> bool:
    """Whether the trust policy allows API Gateway to assume the role.

    API Gateway sends neither aws:SourceArn nor aws:SourceAccount (confirmed by an AWS team): a
    condition on one of them makes every read fail.
    """
    context = iam_evaluator.EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn="",
        region="",
    )
    decision = iam_evaluator.evaluate_resource_policy(trust_policy, context, service=SERVICE)
    return bool(decision.decision == "Allow")


async def _assume(role_arn: str) -> Session:
    """AssumeRole by the account's root, whose key needs no signature within the process."""
    root = os.environ["AWS_ACCESS_KEY_ID"]
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential={root}/-/-/sts/aws4_request",
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AWSSecurityTokenServiceV20110615.AssumeRole",
    }
    name = "BackplaneAssumeRoleSession"  # the name of API Gateway's sessions
    call = {"RoleArn": role_arn, "RoleSessionName": name, "DurationSeconds": SECONDS}
    status, _, body = await sts.handle_request("POST", "/", headers, json.dumps(call), {})
    if status != 200:
        raise RoleRefusedError(role_arn)
    credentials = json.loads(body)["Credentials"]
    return Session(
        credentials["AccessKeyId"],
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
        float(credentials["Expiration"]),
    )
