"""What an answer's body is once it is unpacked."""

import gzip
import zlib

from readmodel_cfn.verify.asking import Heard


def unpacked(heard: Heard) -> bytes | None:
    """The body without its content encoding; None where it is not what the header says."""
    encoding = (heard.header("Content-Encoding") or "identity").lower()
    if encoding == "identity":
        return heard.body
    if encoding != "gzip":
        return None
    try:
        return gzip.decompress(heard.body)
    except (OSError, EOFError, zlib.error):
        return None
