"""Methods that write to S3 need authorization or an API key."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.public import has_policy, is_public, writes
from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.view import View


def _public_writes(view: View) -> Iterator[Violation]:
    for method in view.methods:
        if writes(method) and is_public(view, method) and not has_policy(view, method):
            bucket = method.uri.bucket if method.uri else ""
            yield Violation(
                method.id,
                "Properties/AuthorizationType",
                f"anybody may send {method.verb} to it, which writes to {bucket}",
                "set AWS_IAM, or an authorizer",
            )


RULES = (
    Rule(
        "R55",
        "public-write",
        "high",
        "Methods that write to S3 need authorization or an API key",
        "Anybody can replace or delete what the role may write, and fill the bucket.",
        _public_writes,
    ),
)
