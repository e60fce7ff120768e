"""The rules as a page of documentation."""

from readmodel_cfn.analysis.audit.rules import RULES

_HEAD = """# The audit's rules

Generated from `readmodel_cfn.analysis.audit.RULES`. Each is an invariant of an S3 proxy behind an
API Gateway REST API, checked on any CloudFormation template by `readmodel-cfn audit`.

| rule | name | what holds | what a breach means for a reader |
|---|---|---|---|
"""


def page() -> str:
    """The page, in Markdown."""
    rows = (f"| {one.id} | {one.name} | {one.title} | {one.meaning} |\n" for one in RULES)
    return _HEAD + "".join(rows)
