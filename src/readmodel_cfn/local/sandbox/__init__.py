"""The sandbox: a strict emulator of AWS on this machine, for tests and experiments.

    from readmodel_cfn.local import sandbox

    box = sandbox.start()
    print(box.endpoint_url)
    sandbox.stop()

It is ministack with IAM enforced, and with additions (`additions/`) for behavior of AWS that
ministack lacks. It has its own virtual environment, because it pins botocore, and its own process,
which listens on 127.0.0.1 only. It keeps its data in memory: stopping the process discards it.

`start` installs it on first use, `status` finds the running one, `stop` stops it. All three have
the argument `home`, its directory: by default READMODEL_CFN_HOME, else the user's cache directory.
"""

from readmodel_cfn.local.sandbox.lifecycle import start, status, stop
from readmodel_cfn.local.sandbox.state import Sandbox, SandboxError

__all__ = ["Sandbox", "SandboxError", "start", "status", "stop"]
