"""The role of an integration: only API Gateway can assume it."""

from collections.abc import Iterator, Sequence

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import INTEGRATION
from readmodel_cfn.analysis.roles import S3Role
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.policies import Statement
from readmodel_cfn.cloudformation.values import PartialText

_API_GATEWAY = "apigateway.amazonaws.com"
_ASSUME_ROLE = ("sts:AssumeRole",)  # of services and AWS principals
_ASSUME_IN_ANY_WAY = (
    *_ASSUME_ROLE,  # and of those whom an identity provider authenticates
    *("sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"),
)
_NOT_SENT = ("aws:sourcearn", "aws:sourceaccount")
_DOCUMENT = "Properties/AssumeRolePolicyDocument"


def _no_role(view: View) -> Iterator[Violation]:
    for method in view.requests:
        if not method.credentials:
            yield Violation(
                method.id,
                f"{INTEGRATION}/Credentials",
                "it has no role to read S3",
                "set the ARN of a role that may get its objects",
            )


def _other_principals(view: View) -> Iterator[Violation]:
    for role, statement in _all_trusting(view, _ASSUME_IN_ANY_WAY):
        path = f"{statement.path}/Principal"
        for kind, name in statement.principals:
            if (isinstance(name, str) or kind == "Federated") and not _is_api_gateway(name):
                todo = f"trust the service {_API_GATEWAY} only"
                yield Violation(role.id, path, f"{name} may assume the role", todo)
        if "NotPrincipal" in statement.all_but:
            todo = f"use Principal with the service {_API_GATEWAY} instead"
            what = "NotPrincipal allows all others to assume the role"
            yield Violation(role.id, path, what, todo)


def _not_trusted(view: View) -> Iterator[Violation]:
    for role in view.all_s3_roles:
        names = [name for statement in _trusting(role) for _, name in statement.principals]
        known = role.identity.trust.complete and all(isinstance(name, str) for name in names)
        if known and not any(map(_is_api_gateway, names)):
            what = f"{_API_GATEWAY} may not assume the role"
            yield Violation(role.id, _DOCUMENT, what, f"allow {_API_GATEWAY} sts:AssumeRole")


def _unmet_conditions(view: View) -> Iterator[Violation]:
    for role, statement in _all_trusting(view):
        for _, key, _ in statement.conditions:
            if key.lower() in _NOT_SENT:
                yield Violation(
                    role.id,
                    f"{statement.path}/Condition",
                    f"it requires {key}, which API Gateway does not send",
                    "remove the condition: the role's policy limits what it may do",
                )


def _all_trusting(
    view: View, actions: Sequence[str] = _ASSUME_ROLE
) -> Iterator[tuple[S3Role, Statement]]:
    for role in view.all_s3_roles:
        yield from ((role, statement) for statement in _trusting(role, actions))


def _trusting(role: S3Role, actions: Sequence[str] = _ASSUME_ROLE) -> Iterator[Statement]:
    """The statements that allow a principal to assume the role by one of the actions."""
    for statement in role.identity.trust.statements:
        if statement.allows and any(map(statement.may, actions)):
            yield statement


def _is_api_gateway(principal: PartialText) -> bool:
    return principal in (_API_GATEWAY, f"{_API_GATEWAY}.cn")


RULES = (
    Rule(
        "R36",
        "no-role",
        "high",
        "Every integration has a role that reads S3",
        "Requests to S3 are not signed: every read is denied, or the bucket is public.",
        _no_role,
    ),
    Rule(
        "R37",
        "trusts-others",
        "high",
        "Only API Gateway may assume the role",
        "Others can do what the role may do, without the API.",
        _other_principals,
    ),
    Rule(
        "R38",
        "not-trusted",
        "high",
        "API Gateway may assume the role",
        "Every request fails with 500.",
        _not_trusted,
    ),
    Rule(
        "R39",
        "trust-condition",
        "high",
        "The role's trust policy requires nothing that API Gateway does not send",
        "Every request fails with 500.",
        _unmet_conditions,
    ),
)
