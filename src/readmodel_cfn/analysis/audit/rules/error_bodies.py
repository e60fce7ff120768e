"""Errors have a JSON body, not S3's XML."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.view import View


def _without_template(view: View) -> Iterator[Violation]:
    for method in view.requests:
        if method.verb == "HEAD":
            continue  # a response to HEAD has no body
        for response in method.responses:
            if response.code >= 400 and not response.templates:
                yield Violation(
                    method.id,
                    f"{response.path}/ResponseTemplates",
                    f"{response.status} has no template, so its body is S3's XML",
                    'add ResponseTemplates with application/json, such as {"message":"Not Found"}',
                )


RULES = (
    Rule(
        "R19",
        "xml-error-body",
        "medium",
        "Errors have a body from a template",
        "The body is S3's XML error with the media type application/json: clients cannot parse it, "
        "and it shows the names of the bucket and the key.",
        _without_template,
    ),
)
