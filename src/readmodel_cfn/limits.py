"""AWS quotas and reserved headers, each with its source."""

FEWER_ROUTES = "serve several documents by one route with a {parameter} or a {greedy+} parameter"
"""The hint of errors about too many routes."""

# CloudFormation, one template:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE_RESOURCES = 500
TEMPLATE_PARAMETERS = 200
TEMPLATE_OUTPUTS = 200
TEMPLATE_BYTES = 1_000_000  # read from S3
TEMPLATE_BODY_BYTES = 51_200  # sent in the request itself
LOGICAL_ID_LENGTH = 255

# CloudFormation, the tags of one stack:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
STACK_TAGS = 50
TAG_KEY_LENGTH = 128
TAG_VALUE_LENGTH = 256

# API Gateway:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
API_RESOURCES = 300  # of one REST API, including the root
RESOURCE_POLICY_LENGTH = 8_192  # characters; can be raised
MAPPING_TEMPLATE_BYTES = 300 * 1024
API_PAYLOAD_BYTES = 10 * 1024 * 1024  # of a request or a response; cannot be raised
API_HEADER_BYTES = 10_240  # of all headers of a request
API_URL_LENGTH = 10_240
INTEGRATION_SECONDS = 29  # the timeout of an integration
THROTTLE_RATE = 10_000  # requests per second of one account in one region
THROTTLE_BURST = 5_000
# https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRestApi.html
MINIMUM_COMPRESSION_SIZE = 10_485_760  # bytes; the largest allowed value
# Headers that a method may not map to its integration; the request is a 500 if it does.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
# (the 500: recorded on AWS by LocalStack)
RESERVED_REQUEST_HEADERS = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "expect",
        "proxy-authenticate",
        "te",
        "transfer-encoding",
    }
)

# IAM; the lengths are characters of a policy without white space:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
USER_POLICY_LENGTH = 2_048  # all inline policies of one user
ROLE_POLICY_LENGTH = 10_240  # all inline policies of one role
MANAGED_POLICY_LENGTH = 6_144
MANAGED_POLICIES = 10  # attached to one user or role
ACCESS_KEYS = 2  # of one user; cannot be raised

# The files that are read whole; not limits of AWS. Indented JSON has several times the bytes that
# CloudFormation counts.
CONFIG_BYTES = 250_000  # also of a file of prices
CONFIG_KEY_PARTS = 16  # of a dotted key in TOML
CONFIG_LEVELS = 20  # of tables and lists
CONFIG_ENVIRONMENTS = 100
TEMPLATE_FILE_BYTES = 10 * TEMPLATE_BYTES
TEMPLATE_VALUES = 100_000  # the largest template of this tool has 27,000
TEMPLATE_LEVELS = 100  # of objects and lists
NUMBER_DIGITS = 100  # of a number in TOML, or in a template
SCHEMA_BYTES = 1_000_000
SCHEMA_LEVELS = 100
DOCUMENT_LEVELS = 500  # jsonschema-rs 0.61 ends the process at about 10,000

# S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
OBJECT_KEY_BYTES = 1_024
# The CORS rules of a bucket, as XML:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
BUCKET_CORS_BYTES = 64 * 1024

# Amazon CloudFront:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
CLOUDFRONT_FUNCTION_BYTES = 10_240  # the code of a function
CLOUDFRONT_WILDCARDS = 15  # invalidations of paths with * that may be in progress

# AWS Certificate Manager, the first name of a certificate that it makes:
# https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
CERTIFICATE_NAME_LENGTH = 64
