"""Reads and evaluates CloudFormation templates.

- `reader`: a template, JSON or YAML, as a value, with the line of each part.
- `evaluate`: intrinsic functions. A value that only CloudFormation knows is `values.Unknown`.
- `resources`: the resources that a template declares, and the references in an expression.
- `s3_uri`, `policies`, `patterns`: S3 integration URIs and IAM policy documents.

Nothing here calls AWS or knows what a read model is.
"""
