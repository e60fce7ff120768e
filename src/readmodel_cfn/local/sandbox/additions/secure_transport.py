"""HTTP over the loopback counts as secure transport, because no request leaves the machine.

A data store's bucket policy denies requests with `aws:SecureTransport` false. AWS's endpoints
have TLS; the sandbox listens on 127.0.0.1 without it. With `loopback_is_secure=False` plain HTTP
does not count as secure, as on AWS, which shows that the policy denies it.
"""

import os

from ministack import app


def register() -> None:
    """Treat requests over the loopback as secure, unless that is turned off."""
    if os.environ["READMODEL_CFN_SANDBOX_LOOPBACK_IS_SECURE"] != "1":
        return
    pin = app.pin_request_origin

    def pin_as_secure(source_ip: str, secure_transport: bool) -> None:
        pin(source_ip, secure_transport or source_ip == "127.0.0.1")

    app.pin_request_origin = pin_as_secure
