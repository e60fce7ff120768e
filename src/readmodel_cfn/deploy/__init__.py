"""Any template as a CloudFormation stack: deploy, diff, follow, diagnose, delete.

`plan` decides without AWS; `client` makes the calls to CloudFormation; `events` waits for an
operation. This package knows neither troposphere nor read models.
"""
