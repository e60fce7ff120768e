"""The role that API Gateway takes: there is one, for API Gateway alone, without conditions."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.method import INTEGRATION
from readmodel_cfn.analysis.audit.reader import Reader
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.cloudformation.policies import Statement
from readmodel_cfn.cloudformation.values import PartialText

_TRUSTED = "apigateway.amazonaws.com"
_NOT_SENT = ("aws:sourcearn", "aws:sourceaccount")
_DOCUMENT = "Properties/AssumeRolePolicyDocument"


def _no_role(view: View) -> Iterator[Fault]:
    for method in view.reads:
        if not method.credentials:
            yield Fault(
                method.id,
                f"{INTEGRATION}/Credentials",
                "no role reads S3 for it",
                "name the ARN of a role that may get its objects",
            )


def _others(view: View) -> Iterator[Fault]:
    for reader, one in _all_trusting(view):
        where = f"{one.path}/Principal"
        for _, name in one.principals:
            if isinstance(name, str) and not _is_api_gateway(name):
                todo = f"trust the service {_TRUSTED} alone"
                yield Fault(reader.id, where, f"{name} may take the role", todo)
        if "NotPrincipal" in one.all_but:
            todo = f"name the one Principal, the service {_TRUSTED}"
            yield Fault(reader.id, where, "all but some may take the role", todo)


def _not_trusted(view: View) -> Iterator[Fault]:
    for reader in view.readers:
        names = [name for one in _trusting(reader) for _, name in one.principals]
        known = reader.role.trust.complete and all(isinstance(name, str) for name in names)
        if known and not any(map(_is_api_gateway, names)):
            what = f"{_TRUSTED} may not take the role"
            yield Fault(reader.id, _DOCUMENT, what, f"allow {_TRUSTED} sts:AssumeRole")


def _conditions(view: View) -> Iterator[Fault]:
    for reader, one in _all_trusting(view):
        for _, key, _ in one.conditions:
            if key.lower() in _NOT_SENT:
                yield Fault(
                    reader.id,
                    f"{one.path}/Condition",
                    f"it asks for {key}, which API Gateway does not send",
                    "leave the condition out: what the role may do is confined by its policy",
                )


def _all_trusting(view: View) -> Iterator[tuple[Reader, Statement]]:
    for reader in view.readers:
        yield from ((reader, one) for one in _trusting(reader))


def _trusting(reader: Reader) -> Iterator[Statement]:
    """The statements by which somebody may take the role."""
    for one in reader.role.trust.statements:
        if one.allows and one.may("sts:AssumeRole"):
            yield one


def _is_api_gateway(principal: PartialText) -> bool:
    return principal in (_TRUSTED, f"{_TRUSTED}.cn")


RULES = (
    Rule(
        "R36",
        "no-role",
        "Every integration has a role to read S3 with",
        "S3 is asked by nobody: every read is refused, or the bucket is open to all.",
        _no_role,
    ),
    Rule(
        "R37",
        "trusts-others",
        "Nobody but API Gateway may take the role",
        "Others can read the payloads past the API.",
        _others,
    ),
    Rule(
        "R38",
        "not-trusted",
        "API Gateway may take the role",
        "Every read fails with 500.",
        _not_trusted,
    ),
    Rule(
        "R39",
        "trust-condition",
        "The role's trust asks for nothing that API Gateway does not send",
        "Every read fails with 500.",
        _conditions,
    ),
)
