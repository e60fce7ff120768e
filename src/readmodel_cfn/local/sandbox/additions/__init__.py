"""What the sandbox adds to ministack; these modules run inside its process, not in ours.

Each closes one gap, is registered by `launch.py`, and may import the standard library, ministack
and `readmodel_cfn.local.gateway`: the sandbox's environment holds nothing else of this package.
"""
