"""The URI of an S3 integration: `arn:PARTITION:apigateway:REGION:s3:path/BUCKET/KEY`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .failures import GatewayResponseError

_S3_PATH = re.compile(r"arn:[^:/]+:apigateway:(?P<region>[^:/]+):s3:path/(?P<path>[^?]+)")
_PARAMETER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class S3Uri:
    """A parsed URI: `parts` of bucket and key are literal texts and parameter names in turn."""

    region: str
    parts: tuple[str, ...]

    def locate(self, parameters: Mapping[str, str]) -> tuple[str, str]:
        """Bucket and key, with the mapped path parameters filled in.

        A parameter without a value is a configuration error: API Gateway leaves its braces in and
        then refuses the address, "Illegal character in path" (re:Post knowledge center,
        api-gateway-proxy-path-character-error). Values are filled in decoded; how blanks, `+` and
        `%` travel to S3 is contradictory in the sources (assumed).
        """
        pieces = list(self.parts)
        names = self.parts[1::2]
        if not parameters.keys() >= set(names):
            raise GatewayResponseError("API_CONFIGURATION_ERROR")
        pieces[1::2] = [parameters[name] for name in names]
        bucket, _, key = "".join(pieces).partition("/")
        if not bucket:
            raise GatewayResponseError("API_CONFIGURATION_ERROR")
        return bucket, key


def parse(uri: str) -> S3Uri | None:
    """The S3 integration's URI, or None for any other one (an action, a query, stage variables)."""
    match = _S3_PATH.fullmatch(uri)
    if match is None or match["path"].startswith("/") or "${" in uri:
        return None
    return S3Uri(match["region"], tuple(_PARAMETER.split(match["path"])))
