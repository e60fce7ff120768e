"""Users: no secret where all can read it, no wildcard where one action is meant."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.audit.words import spoken
from readmodel_cfn.cloudformation.policies import Statement
from readmodel_cfn.cloudformation.references import references


def _secrets(view: View) -> Iterator[Fault]:
    for name, value in view.outputs.items():
        for reference in dict.fromkeys(references(value)):
            key, _, attribute = reference.partition(".")
            resource = view.resources.get(key)
            if attribute == "SecretAccessKey" and resource:
                yield Fault(
                    "Outputs",
                    f"{name}/Value",
                    f"it is the secret access key of {key}",
                    "keep it in an AWS::SecretsManager::Secret, and output the secret's ARN",
                )


def _wildcards(view: View) -> Iterator[Fault]:
    for one in _granted(view).values():
        if one.allows and one.wildcards:
            yield Fault(
                one.resource,
                f"{one.path}/Action",
                f"a user may do {spoken(one.wildcards)}",
                "name the actions that it needs, such as s3:PutObject",
            )


def _granted(view: View) -> dict[tuple[str, str], Statement]:
    """What users and groups are granted, each statement once."""
    identities = [*view.of("AWS::IAM::User"), *view.of("AWS::IAM::Group")]
    return {
        (one.resource, one.path): one
        for resource in identities
        for document in view.identity(resource).policies
        for one in document.statements
    }


RULES = (
    Rule(
        "R48",
        "secret-in-outputs",
        "No secret key is in the outputs",
        "All who may describe the stack can read it, and change what readers get.",
        _secrets,
    ),
    Rule(
        "R49",
        "user-wildcard",
        "No user has a wildcard action in S3",
        "Whoever has its key can do more than publish: delete, list, open the bucket.",
        _wildcards,
    ),
)
