"""CloudFormation templates, read as values.

- `reader`: a template, JSON or YAML, as a value, with the line of each part.
- `evaluate`: intrinsic functions. What only CloudFormation knows is `values.Unknown`.
- `resources`, `references`: what a template declares, and what refers to what.
- `s3_uri`, `policies`, `patterns`: S3 integration URIs and IAM policy documents.

Nothing here calls AWS or knows what a read model is.
"""
