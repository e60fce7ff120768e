"""Changes to ministack, each where it differs from AWS. They run in the sandbox's process.

`launch.py` registers each of them. They import the standard library, what requirements.txt
installs, and `readmodel_cfn.local.gateway` with `readmodel_cfn.cloudformation`: the sandbox's
environment does not have what the rest of this package needs.
"""
