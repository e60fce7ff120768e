"""Deploy, compare, follow, diagnose and delete CloudFormation stacks of any template.

`plan` decides without AWS; `client` makes the calls to CloudFormation; `events` waits for an
operation. This package knows neither troposphere nor read models.
"""
