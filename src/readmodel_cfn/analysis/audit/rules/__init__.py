"""The rules, a module for each subject, in the order of the report: the most severe first.

Their IDs never change, so that they are not in this order.
"""

from readmodel_cfn.analysis.audit.rule import Rule
from readmodel_cfn.analysis.audit.rules import (
    bucket,
    cache,
    client_buckets,
    compression,
    conditions,
    content_handling,
    cors,
    declared,
    deployment,
    error_bodies,
    forbidden_headers,
    head,
    headers,
    literals,
    parameters,
    patterns,
    public_writes,
    role_actions,
    role_keys,
    s3_access,
    statuses,
    trust,
    users,
)

RULES: tuple[Rule, ...] = (
    *client_buckets.RULES,
    *public_writes.RULES,
    *statuses.RULES,
    *patterns.RULES,
    *declared.RULES,
    *headers.RULES,
    *forbidden_headers.RULES,
    *conditions.RULES,
    *parameters.RULES,
    *error_bodies.RULES,
    *head.RULES,
    *cors.RULES,
    *content_handling.RULES,
    *compression.RULES,
    *cache.RULES,
    *deployment.RULES,
    *trust.RULES,
    *role_actions.RULES,
    *role_keys.RULES,
    *literals.RULES,
    *bucket.RULES,
    *users.RULES,
    *s3_access.RULES,
    *literals.PARTITION_RULES,
)
