"""The JSON object that API Gateway writes to the access logs for each request."""

import json

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
# Every value is a string: a variable without a value is -, which is not JSON without quotes. Logs
# Insights compares strings of digits as numbers, as AWS's own samples for this format do:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-examples.html
FIELDS = {
    "requestId": "requestId",
    "requestTime": "requestTime",
    "httpMethod": "httpMethod",
    "domainName": "domainName",
    "path": "path",
    "resourcePath": "resourcePath",
    "status": "status",
    "responseType": "error.responseType",
    "responseLatency": "responseLatency",
    "integrationLatency": "integration.latency",
    "integrationStatus": "integration.status",
    "responseLength": "responseLength",
}
"""The fields of a log event, each with its variable of $context."""
ADDRESSES = {"ip": "identity.sourceIp", "userAgent": "identity.userAgent"}
"""The fields that are logged only if asked for."""


def log_format(addresses: bool) -> str:
    """The JSON object of a request, in one line."""
    fields = FIELDS | (ADDRESSES if addresses else {})
    return json.dumps({name: f"$context.{variable}" for name, variable in fields.items()})
