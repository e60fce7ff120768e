"""Analysis of a CloudFormation template without AWS: audit, flowchart and OpenAPI document.

from readmodel_cfn.analysis.audit import audit
from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.analysis.openapi import openapi

findings, picture, document = audit(template), flowchart(template), openapi(template)

The template is a text in JSON or YAML, the Path of a file, a mapping, a troposphere Template or a
ReadModel.

- `view`: the S3 proxies of a template, for all three: APIs, methods, roles, buckets.
- `methods`: API Gateway methods with their integrations. `roles`: IAM identities.
- `parts`: the resources of a template, with those that an OpenAPI document or SAM defines.
- `unchecked`: what may read S3, and what none of the three looks at.
"""
