"""The URIs that the gateway can call: `arn:PARTITION:apigateway:REGION:s3:path/BUCKET/KEY`."""

from collections.abc import Mapping

from readmodel_cfn.cloudformation.s3_uri import S3Uri, parse_path

from .failures import GatewayResponseError


def parse(uri: str) -> S3Uri | None:
    """The S3 integration's URI, or None for any other one (an action, a query, stage variables)."""
    found = parse_path(uri)
    if found is None or "${" in uri or found.in_host or found.query is not None:
        return None
    return found if found.partition and found.region and found.bucket else None


def locate(uri: S3Uri, parameters: Mapping[str, str]) -> tuple[str, str]:
    """Bucket and key, with the mapped path parameters filled in.

    A parameter without a value is a configuration error: API Gateway leaves its braces in and
    then refuses the address, "Illegal character in path" (re:Post knowledge center,
    api-gateway-proxy-path-character-error). Values are filled in decoded; how blanks, `+` and
    `%` travel to S3 is contradictory in the sources (assumed).
    """
    if not parameters.keys() >= set(uri.parameters):
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    bucket, key = map(str, uri.filled(parameters))
    if not bucket:
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return bucket, key
