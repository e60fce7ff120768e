"""CloudFormation templates, read as values.

- `reader`: a template's text, JSON or YAML, as a value, with the line of each part.
- `evaluate`: intrinsic functions. What the template alone does not tell is `values.Unknown`.
- `resources`, `references`: what a template declares, and what refers to what.
- `s3_uri`, `policies`, `patterns`: S3 integration URIs and IAM policy documents.

Nothing here reads files, calls AWS or knows what a read model is.
"""
