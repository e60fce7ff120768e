"""Errors have a body that is what its Content-Type says."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View


def _without_template(view: View) -> Iterator[Fault]:
    for method in view.reads:
        if method.verb == "HEAD":
            continue  # it has no body
        for response in method.responses:
            if response.code >= 400 and not response.templates:
                yield Fault(
                    method.id,
                    f"{response.path}/ResponseTemplates",
                    f"{response.status} has no template: its body is S3's XML",
                    'add ResponseTemplates with application/json, such as {"message":"Not Found"}',
                )


RULES = (
    Rule(
        "R19",
        "xml-error-body",
        "Errors have a body made by a template",
        "The body is S3's error document in XML, sent as application/json: a client that parses "
        "it fails, and it tells the bucket and the key.",
        _without_template,
    ),
)
