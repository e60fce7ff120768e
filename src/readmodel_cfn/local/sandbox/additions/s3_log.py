"""A log of the requests of API Gateway to S3, a line each: s3.log beside sandbox.log.

It shows what no client sees: that a condition reached S3, and that the 304 is S3's own.
"""

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

from readmodel_cfn.local.gateway import S3Request, S3Response

_MOST_BYTES = 5_000_000  # of a file; the previous file is kept
_CONDITIONS = ("if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "range")
_LOG = logging.getLogger("readmodel_cfn.s3")


def register() -> None:
    """Open the log in the server's home."""
    handler = RotatingFileHandler(Path(os.environ["HOME"]) / "s3.log", "w", _MOST_BYTES, 1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False


def write(request: S3Request, response: S3Response) -> None:
    """Log one request and its response."""
    conditions = [
        f"{name}: {request.headers[name]}" for name in _CONDITIONS if name in request.headers
    ]
    what = f"{request.method} {request.bucket}/{request.key}"
    _LOG.info(
        "%s", " | ".join([what, *conditions, f"{response.status} {len(response.body)} bytes"])
    )
