"""The property values whose change widens access, by resource type: who may do more than before."""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from math import inf
from typing import Any

Test = Callable[[Any, Any], bool]

METHOD, API = "AWS::ApiGateway::Method", "AWS::ApiGateway::RestApi"
_ENCRYPTION = (None, "AES256", "aws:kms", "aws:kms:dsse")  # weakest first
_SECURITY_POLICIES = (
    "TLS_1_0",
    "TLS_1_2",
    "SecurityPolicy_TLS12",
    "SecurityPolicy_TLS13_1_2",
    "SecurityPolicy_TLS13_1_3",
)  # weakest first, as the beginning of the name
_PRIVATE_ACLS = (None, "Private")


def _added(before: Any, after: Any) -> bool:  # noqa: ARG001
    return after is not None


def _lost(before: Any, after: Any) -> bool:  # noqa: ARG001
    return before is not None


def _no_longer_true(before: Any, after: Any) -> bool:
    return is_true(before) and not is_true(after)


def _now_true(before: Any, after: Any) -> bool:  # noqa: ARG001
    return not isinstance(after, bool) and is_true(after)


def is_true(value: Any) -> bool:
    """Whether it is true, as a boolean, as text or as the value of a mapping."""
    return str(value).strip("'").lower() == "true"


def _removed_or_raised(before: Any, after: Any) -> bool:
    """A limit: none is the weakest, and -1 is none *(assumed)*."""
    try:
        old, new = (inf if limit is None else float(limit) for limit in (before, after))
    except (TypeError, ValueError):
        return True
    return (inf if new < 0 else new) > (inf if old < 0 else old)


def _now_open(before: Any, after: Any) -> bool:
    return after in (None, "NONE") or before not in (None, "NONE")


def _weaker_tls(before: Any, after: Any) -> bool:
    return _rank(after) < _rank(before)


def _rank(policy: Any) -> int:
    """The strength of a security policy; an unknown one counts as the weakest."""
    ranks = [rank for rank, name in enumerate(_SECURITY_POLICIES) if str(policy).startswith(name)]
    return max(ranks, default=-1)


def _weaker_encryption(before: Any, after: Any) -> bool:
    ranks = [_ENCRYPTION.index(value) if value in _ENCRYPTION else 0 for value in (before, after)]
    return ranks[1] < ranks[0]


def _more_origins(before: Any, after: Any) -> bool:
    declared = isinstance(after, bool)  # a method response only declares the header
    return after is not None and not declared and text_of(before) != "*"


def _more_names(before: Any, after: Any) -> bool:
    if isinstance(after, bool):
        return False
    names = [set(text_of(value).replace(" ", "").split(",")) - {""} for value in (before, after)]
    return bool(names[1] - names[0]) and "*" not in names[0]


def text_of(value: Any) -> str:
    """The text of a header's value, without the quotes of a mapping."""
    return "" if value is None else str(value).strip("'")


def _public_acl(before: Any, after: Any) -> bool:  # noqa: ARG001
    return after not in _PRIVATE_ACLS


def _acls_enabled(before: Any, after: Any) -> bool:  # noqa: ARG001
    return bool(before == "BucketOwnerEnforced")


# The type, the path below Properties (without the numbers of items), and whether a change of this
# value from `before` to `after` widens access.
_RULES: tuple[tuple[str, str, Test], ...] = (
    ("*", r".*access-control-allow-origin", _more_origins),
    ("*", r".*access-control-allow-(methods|headers)", _more_names),
    ("*", r".*access-control-allow-credentials", _now_true),
    ("*", r".*(rate|burst)limit", _removed_or_raised),
    ("*", r"(.*/)?cachedataencrypted", _no_longer_true),
    (METHOD, r"authorizationtype", _now_open),
    (METHOD, r"authorizerid", _lost),
    (METHOD, r"authorizationscopes(/.*)?", _added),
    (METHOD, r"apikeyrequired", _no_longer_true),
    (API, r"securitypolicy", _weaker_tls),
    (API, r"endpointaccessmode", lambda before, _: bool(before == "STRICT")),
    (API, r"disableexecuteapiendpoint", _no_longer_true),
    (API, r"endpointconfiguration/types", lambda before, _: bool(before == "PRIVATE")),
    ("AWS::ApiGateway::DomainName", r"securitypolicy", _weaker_tls),
    ("AWS::ApiGateway::DomainName", r"mutualtlsauthentication.*", _lost),
    ("AWS::ApiGateway::UsagePlan", r"quota/limit", _removed_or_raised),
    ("AWS::ApiGateway::UsagePlanKey", r".*", _added),
    ("AWS::WAF*::WebACLAssociation", r".*", _lost),  # of the API, or of its rules
    ("AWS::S3::Bucket", r"publicaccessblockconfiguration/.*", _no_longer_true),
    ("AWS::S3::Bucket", r"accesscontrol", _public_acl),
    ("AWS::S3::Bucket", r"ownershipcontrols/rules/objectownership", _acls_enabled),
    ("AWS::S3::Bucket", r"bucketencryption/.*/ssealgorithm", _weaker_encryption),
    ("AWS::S3::Bucket", r"corsconfiguration/.*/(allowedorigins|allowedmethods)", _added),
    ("AWS::S3::Bucket", r"websiteconfiguration/.*", _added),
    ("AWS::SecretsManager::Secret", r"kmskeyid", _lost),
    ("AWS::IAM::*", r"managedpolicyarns", _added),
    ("AWS::IAM::*", r"permissionsboundary", _lost),
    ("AWS::IAM::*", r"(users|groups|roles)", _added),
    ("AWS::IAM::User", r"loginprofile/.*", _added),
    ("AWS::IAM::AccessKey", r"status", lambda _, after: bool(after != "Inactive")),
    ("AWS::Lambda::Permission", r".*", _added),
)
_PATTERNS = [(type_, re.compile(path, re.IGNORECASE), test) for type_, path, test in _RULES]


def widens(type_: str, place: str, before: Any, after: Any) -> bool:
    """Whether the change of a value widens access; `place` is its path below Properties."""
    return any(
        fnmatchcase(type_, kind) and path.fullmatch(place) and test(before, after)
        for kind, path, test in _PATTERNS
    )
