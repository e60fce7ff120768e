"""Changes to ministack where it differs from AWS; they run in the sandbox's process.

`launch.py` registers them. They import only the standard library, the distributions of
requirements.txt, `readmodel_cfn.local.gateway` and `readmodel_cfn.cloudformation`: the sandbox's
environment does not have the dependencies of the other packages.
"""
