"""Faults of how S3 is used: any bucket, without a signature, lists, and every HTTP method."""

import json

from audit_faults import ASKED, GET, RESPONSES, Case, case, dropping, mapping, putting
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


def bucket_elsewhere(template: Template) -> None:
    """The bucket is named, and not a resource of the template."""
    for name in ("Store", "StorePolicy"):
        del template["Resources"][name]
    text = json.dumps(template)
    arn = "arn:${AWS::Partition}:s3:::shop-payloads"
    text = text.replace('{"Ref": "Store"}', '"shop-payloads"').replace("${Store.Arn}", arn)
    text = text.replace('{"Fn::GetAtt": ["Store", "Arn"]}', json.dumps({"Fn::Sub": arn}))
    template.clear()
    template.update(json.loads(text))


def through_cloudfront(template: Template, action: str, **more: object) -> None:
    """A distribution in front of the bucket, whose policy allows CloudFront the action."""
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": action,
        "Resource": [{"Fn::Sub": "${Store.Arn}"}, {"Fn::Sub": "${Store.Arn}/*"}],
        **more,
    }
    find(template, "StorePolicy/Properties/PolicyDocument/Statement").append(allowed)
    origin = {"Id": "store", "DomainName": {"Fn::GetAtt": ["Store", "RegionalDomainName"]}}
    config = {"Origins": [origin], "DefaultCacheBehavior": {"TargetOriginId": "store"}}
    template["Resources"]["Distribution"] = {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {"DistributionConfig": config},
    }


def any_distribution(template: Template) -> None:
    through_cloudfront(template, "s3:GetObject")


def distribution_lists(template: Template) -> None:
    account = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}"
    arn = {"Fn::Sub": f"{account}:distribution/${{Distribution}}"}
    own = {"StringEquals": {"AWS:SourceArn": arn}}
    through_cloudfront(template, "s3:ListBucket", Condition=own)


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
        "R59",
        f"{GET}/RequestParameters/method.request.querystring.If-None-Match",
        "unique querystring header path",
    ),
    case(
        "S3 is to compare an origin that it does not get",
        dropping(f"{ASKED}/integration.request.header.Origin"),
        "R57",
        ASKED,
        "Origin",
        by_s3=True,
    ),
    case(
        "a cache gives a page the response for another origin",
        mapping("404", "Vary", "'Accept-Encoding'"),
        "R57",
        f"{RESPONSES}/4/ResponseParameters",
        "Vary Origin 404",
        by_s3=True,
    ),
    case(
        "the bucket has no rules to compare origins with",
        dropping("Store/Properties/CorsConfiguration"),
        "R57",
        "Store/Properties",
        "SampleGet CORS",
        by_s3=True,
    ),
    Case(
        "the bucket that compares origins is not in the template",
        bucket_elsewhere,
        tuple(("R58", f"{name}/Properties/Integration/Uri") for name in NAMES),
        "CORS",
        {"by_s3": True},
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
    Case(
        "every distribution may read the bucket",
        any_distribution,
        (("R60", "StorePolicy/Properties/PolicyDocument/Statement/1"),),
        "CloudFront Store",
    ),
    Case(
        "the distribution lists the bucket",
        distribution_lists,
        (("R61", "Distribution/Properties/DistributionConfig/DefaultCacheBehavior"),),
        "Store keys",
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
