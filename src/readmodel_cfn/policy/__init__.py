"""The least IAM policy for working with one stack: who deploys, publishes, reads or deletes it.

from readmodel_cfn.policy import policy

print(policy("template.yaml", "shop", "deploy").to_json())
"""

from readmodel_cfn.policy.calls import Purpose
from readmodel_cfn.policy.document import policy

__all__ = ["Purpose", "policy"]
