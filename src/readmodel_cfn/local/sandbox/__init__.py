"""The embedded AWS: a strict emulator on this machine, for tests and for trying things out.

It is ministack with IAM enforced, plus what this package adds to it (`additions/`). It lives in a
virtual environment of its own, because it pins botocore, and in a process of its own, which
listens on 127.0.0.1 only. Its state is in memory: it is lost when the process stops.

`start` installs it on first use, `status` finds the running one, `stop` ends it. All three take the
`home` that holds it: the argument, else READMODEL_CFN_HOME, else the user's cache directory.
"""

from readmodel_cfn.local.sandbox.lifecycle import start, status, stop
from readmodel_cfn.local.sandbox.state import Sandbox, SandboxError

__all__ = ["Sandbox", "SandboxError", "start", "status", "stop"]
