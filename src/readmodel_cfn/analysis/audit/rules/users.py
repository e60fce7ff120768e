"""IAM users: no secret key in the outputs, no wildcard actions."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words
from readmodel_cfn.cloudformation.policies import Statement
from readmodel_cfn.cloudformation.resources import references


def _secrets(view: View) -> Iterator[Violation]:
    for name, value in view.outputs.items():
        for reference in dict.fromkeys(references(value)):
            key, _, attribute = reference.partition(".")
            resource = view.resources.get(key)
            if attribute == "SecretAccessKey" and resource:
                yield Violation(
                    "Outputs",
                    f"{name}/Value",
                    f"it is the secret access key of {key}",
                    "store it in an AWS::SecretsManager::Secret, and output the secret's ARN",
                )


def _wildcards(view: View) -> Iterator[Violation]:
    for statement in _statements(view).values():
        if statement.allows and statement.wildcards:
            yield Violation(
                statement.resource,
                f"{statement.path}/Action",
                f"a user is allowed {join_words(statement.wildcards)}",
                "allow only the actions that it needs, such as s3:PutObject",
            )


def _statements(view: View) -> dict[tuple[str, str], Statement]:
    """The statements about users and groups, by resource and path."""
    identities = [*view.of("AWS::IAM::User"), *view.of("AWS::IAM::Group")]
    return {
        (statement.resource, statement.path): statement
        for resource in identities
        for document in view.identity(resource).policies
        for statement in document.statements
    }


RULES = (
    Rule(
        "R48",
        "secret-in-outputs",
        "high",
        "No secret access key is in the outputs",
        "Everybody who can describe the stack can read the key, and change the documents.",
        _secrets,
    ),
    Rule(
        "R49",
        "user-wildcard",
        "medium",
        "No user is allowed S3 actions by wildcard",
        "Anyone with the user's key can do more than publish, such as delete or make public.",
        _wildcards,
    ),
)
