"""A CloudFront distribution in front of the bucket: whose it is, and what it lists."""

from collections.abc import Iterator, Mapping
from typing import Any

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.policies import Statement
from readmodel_cfn.cloudformation.resources import Resource, references

_DISTRIBUTION = "AWS::CloudFront::Distribution"
_CONFIG = "Properties/DistributionConfig"
_SERVICE = "cloudfront.amazonaws.com"
_FUNCTIONS = ("FunctionAssociations", "LambdaFunctionAssociations")
_ONE = ("aws:sourcearn",)


def _any_distribution(view: View) -> Iterator[Violation]:
    for bucket in view.buckets:
        for document in view.bucket_policies(bucket):
            for statement in document.statements:
                keys = {key.lower() for _, key, _ in statement.conditions}
                if _is_for_cloudfront(statement) and not keys.intersection(_ONE):
                    yield Violation(
                        statement.resource,
                        statement.path,
                        f"CloudFront may use {bucket.id} for every distribution of every account",
                        "add the condition StringEquals AWS:SourceArn with the distribution's ARN",
                    )


def _lists(view: View) -> Iterator[Violation]:
    for distribution in view.of(_DISTRIBUTION):
        config = _mapping(distribution.properties.get("DistributionConfig"))
        behavior = _mapping(config.get("DefaultCacheBehavior"))
        if any(name in behavior for name in _FUNCTIONS):
            continue
        for bucket in _listed(view, config):
            yield Violation(
                distribution.id,
                f"{_CONFIG}/DefaultCacheBehavior",
                f"/ answers with the keys of {bucket.id}: the distribution may list it",
                "answer every path that has no document in a CloudFront Function of the viewer "
                "request, or do not allow s3:ListBucket",
            )


def _listed(view: View, config: Mapping[str, Any]) -> Iterator[Resource]:
    """The buckets of the origins that CloudFront may list."""
    origins = {name.partition(".")[0] for name in references(config.get("Origins"))}
    for bucket in view.buckets:
        statements = (
            statement
            for document in view.bucket_policies(bucket)
            for statement in document.statements
        )
        may_list = any(
            _is_for_cloudfront(each) and each.may("s3:ListBucket") for each in statements
        )
        if bucket.id in origins and may_list:
            yield bucket


def _is_for_cloudfront(statement: Statement) -> bool:
    services = (name for kind, name in statement.principals if kind == "Service")
    return statement.allows and _SERVICE in services


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


RULES = (
    Rule(
        "R60",
        "any-distribution",
        "high",
        "The bucket's policy names the distribution that may read",
        "Whoever has an AWS account can serve the documents through a distribution of their own.",
        _any_distribution,
    ),
    Rule(
        "R61",
        "distribution-lists",
        "high",
        "No distribution lists the bucket",
        "Clients get the keys of all documents.",
        _lists,
    ),
)
