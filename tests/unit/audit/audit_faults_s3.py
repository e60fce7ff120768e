"""Faults of how S3 is used: any bucket, without a signature, lists, and every HTTP method."""

from audit_faults import GET, Case, case, putting
from audit_templates import Template, find, good, put

NAMES = ("SampleGet", "SampleHead", "ProductGet", "ProductHead")
STATEMENT = "ReaderPolicy/Properties/PolicyDocument/Statement/0"
SERVICE = "arn:${AWS::Partition}:apigateway:${AWS::Region}"
KEYS = dict(zip(NAMES, ["payload.json"] * 2 + ["products/{id}.json"] * 2, strict=True))


def client_names_the_bucket(template: Template, source: str = "header.X-Bucket") -> None:
    """The bucket of every request comes from the request; the role may read every bucket."""
    for name in NAMES:
        properties = find(template, f"{name}/Properties")
        uri = {"Fn::Sub": f"{SERVICE}:s3:path/{{bucket}}/{KEYS[name]}"}
        properties["Integration"]["Uri"] = uri
        mapped = properties["Integration"]["RequestParameters"]
        mapped["integration.request.path.bucket"] = f"method.request.{source}"
        properties["RequestParameters"][f"method.request.{source}"] = True
    put(template, f"{STATEMENT}/Resource", "*")


def lists(template: Template, bucket: str = "${Store}") -> None:
    properties = find(good(), GET)
    properties["Integration"]["Uri"] = {"Fn::Sub": f"{SERVICE}:s3:path/{bucket}"}
    properties["Integration"]["RequestParameters"] = {}
    properties["ResourceId"] = {"Ref": "Products"}
    template["Resources"]["List"] = {"Type": "AWS::ApiGateway::Method", "Properties": properties}
    find(template, "Deployment1a2b/DependsOn").append("List")


def writes(template: Template, verb: str) -> None:
    properties = find(good(), GET)
    properties["HttpMethod"] = properties["Integration"]["IntegrationHttpMethod"] = verb
    properties["ResourceId"] = {"Ref": "Products"}
    template["Resources"]["Write"] = {"Type": "AWS::ApiGateway::Method", "Properties": properties}
    find(template, "Deployment1a2b/DependsOn").append("Write")


CASES = [
    case(
        "a name that is a header and a query parameter",
        putting(f"{GET}/RequestParameters/method.request.querystring.If-None-Match", False),
        "R57",
        f"{GET}/RequestParameters/method.request.querystring.If-None-Match",
        "unique querystring header path",
    ),
    Case(
        "a bucket that the request names",
        client_names_the_bucket,
        (
            *(("R50", f"{name}/Properties/Integration/Uri") for name in NAMES),
            ("R50", f"{STATEMENT}/Resource"),
            ("R42", f"{STATEMENT}/Resource"),
        ),
        "bucket X-Bucket ReaderRole",
    ),
    case(
        "an object by its URL",
        putting(
            f"{GET}/Integration",
            {
                "Type": "HTTP_PROXY",
                "IntegrationHttpMethod": "GET",
                "Uri": {"Fn::Sub": "https://${Store.RegionalDomainName}/payload.json"},
            },
        ),
        "R51",
        f"{GET}/Integration/Type",
        "HTTP_PROXY Store",
    ),
    case("a list of the keys", lists, "R52", "List/Properties/Integration/Uri", "keys Store"),
    case(
        "a list of the buckets",
        lambda template: lists(template, "/"),
        "R52",
        "List/Properties/Integration/Uri",
        "buckets",
    ),
    case(
        "the client's own method",
        putting(f"{GET}/Integration/IntegrationHttpMethod", "ANY"),
        "R53",
        f"{GET}/Integration/IntegrationHttpMethod",
        "PUT DELETE",
    ),
    case(
        "a method that lets anybody write",
        lambda template: writes(template, "PUT"),
        "R55",
        "Write/Properties/AuthorizationType",
        "PUT Store",
    ),
    Case(
        "a method that lets anybody send every HTTP method",
        lambda template: writes(template, "ANY"),
        (
            ("R55", "Write/Properties/AuthorizationType"),
            ("R53", "Write/Properties/Integration/IntegrationHttpMethod"),
        ),
        "ANY Store",
    ),
]
