"""Stacks: any template's text to a CloudFormation stack, and back to nothing.

`plan` decides, purely; `client` is the only place that calls CloudFormation; `deploy` and `delete`
carry out; `events` follows. This package knows no troposphere and no read model.
"""
