"""API. The article: "build out the API Gateway for the public interface".

A resource and a GET method for each route, which pass the request on to S3 in the gateway role's
name. The article serves from one region, written into its template; here the partition and the
region are those of the stack. The article passes no condition on and no header back; here a reader
that has a payload already gets a 304, HEAD answers too, and other origins may read where they are
allowed to. What S3's answers become is in `answers.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from troposphere import AWSHelperFn, GetAtt, Join, Partition, Ref, Region, StackName
from troposphere import apigateway as ag

from readmodel_cfn.answers import Style, answers, declaration, rule, without_bodies
from readmodel_cfn.naming import Names, stack_named
from readmodel_cfn.options import OptionError, check_options, given, option
from readmodel_cfn.references import Reference
from readmodel_cfn.routes import Route

_MOST_RESOURCES = 300  # of one API, API Gateway's quota
_CONDITIONS = ("If-None-Match", "If-Modified-Since")


@dataclass(frozen=True)
class Api:
    """The public interface: who may read, how errors and small answers are told."""

    description: str = option(
        "JSON published ahead of time, read fast",
        "What API Gateway shows of the API.",
        pattern=r"(?!.*(AWS::|\$\{))[^\x00-\x1f]{1,1024}",
        allowed="1 to 1024 characters on one line, without AWS:: and ${, CloudFormation's own",
    )
    # Enhanced policies (SecurityPolicy_*) must come with an endpoint access mode:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html
    security_policy: Literal[
        "TLS_1_2",
        "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
        "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09",
        "SecurityPolicy_TLS13_1_3_2025_09",
        "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
    ] = option(
        "TLS_1_2", "The oldest TLS and the ciphers that readers may use, by API Gateway's name."
    )
    cors_origin: str | None = option(
        None,
        "The one origin whose pages may read with fetch, or * for all; without one, none but the "
        "API's own.",
        pattern=r"\*|https?://[A-Za-z0-9.-]+(:\d{1,5})?",
        allowed="* or an origin, such as https://www.example.com",
        example="https://www.example.com",
    )
    missing: Literal["not-found", "mask"] = option(
        "not-found",
        "How a missing payload becomes a 404: the gateway role may list the routes' keys, so that "
        "S3 says so; or mask: it may not, and S3's 403 is answered as 404.",
    )
    compress_from: int | Literal["never"] = option(
        1024,
        "Bytes from which an answer is compressed for clients that can read it, or never.",
        minimum=0,
        maximum=10_485_760,
    )
    as_printed: bool = option(False, "The API as the article prints it.", config=False)

    def __post_init__(self) -> None:
        check_options(self, "api")


def rest_api(options: Api, gzip_stored: bool, names: Names) -> ag.RestApi:
    """The API; `gzip_stored` says that payloads are kept compressed."""
    if options.as_printed:
        return ag.RestApi(
            names("ApiGateway"),
            Name=stack_named(" Api"),
            Description="A simple Read Model example using S3",
            FailOnWarnings=True,
        )
    enhanced = options.security_policy.startswith("SecurityPolicy_")
    return ag.RestApi(
        names("ApiGateway"),
        Name=Join(" ", [StackName, *([names.prefix] if names.prefix else []), "Api"]),
        **given(BinaryMediaTypes=["*/*"] if gzip_stored else None),
        Description=options.description,
        EndpointConfiguration=ag.EndpointConfiguration(Types=["REGIONAL"]),
        FailOnWarnings=True,
        **given(MinimumCompressionSize=_compress_from(options, gzip_stored)),
        SecurityPolicy=options.security_policy,
        **given(EndpointAccessMode="BASIC" if enhanced else None),
    )


def _compress_from(options: Api, gzip_stored: bool) -> int | None:
    return None if gzip_stored or options.compress_from == "never" else options.compress_from


def resources(routes: Sequence[Route], api: ag.RestApi, names: Names) -> dict[str, ag.Resource]:
    """The API's resources by path, parents first; routes share what their paths share.

    Raises:
        OptionError: more resources than one API may have.
    """
    made: dict[str, ag.Resource] = {}
    for path in dict.fromkeys(path for route in routes for path in route.paths):
        parent, _, part = path.rpartition("/")
        made[path] = ag.Resource(
            names.resource(path),
            RestApiId=Ref(api),
            ParentId=Ref(made[parent]) if parent else GetAtt(api, "RootResourceId"),
            PathPart=part,
        )
    if len(made) >= _MOST_RESOURCES:  # the root is one too
        most = f"paths of at most {_MOST_RESOURCES - 1} segments in all: use a {{parameter}}"
        raise OptionError("routes", f"{len(made)} path segments", most)
    return made


def read_methods(
    options: Api,
    gzip_stored: bool,
    routes: Sequence[Route],
    tree: dict[str, ag.Resource],
    store: Reference,
    reader: Reference,
    names: Names,
) -> list[ag.Method]:
    """The methods that answer with payloads: GET and HEAD for each route; the article has GET."""
    if options.as_printed:
        return [_article_method(route, tree[route.path], reader, names) for route in routes]
    style = _style(options, gzip_stored)
    to_get = answers(options.missing, style)
    made = []
    for verb, given_to in (("GET", to_get), ("HEAD", without_bodies(to_get))):
        rules = [rule(one, style) for one in given_to]
        declared = [declaration(one, style) for one in given_to]
        for route in routes:
            integration = _integration(verb, route, rules, store, reader)
            made.append(_read_method(verb, route, tree[route.path], integration, declared, names))
    return made


def _style(options: Api, gzip_stored: bool) -> Style:
    compressed = _compress_from(options, gzip_stored) is not None
    origin = options.cors_origin
    # A page of another origin may read only the headers that are exposed to it.
    exposed = {"Access-Control-Expose-Headers": "ETag"} if origin else {}
    varying = {"Vary": "Accept-Encoding"} if compressed else {}
    return Style(
        fixed={"Access-Control-Allow-Origin": origin} if origin else {},
        cached={**exposed, **varying},
        binary=gzip_stored,
    )


def _integration(
    verb: str,
    route: Route,
    rules: list[ag.IntegrationResponse],
    store: Reference,
    reader: Reference,
) -> ag.Integration:
    """S3 is asked with the client's condition: without it, it could never say 304."""
    passed = [*(f"header.{name}" for name in _CONDITIONS), *(f"path.{n}" for n in route.parameters)]
    return ag.Integration(
        Type="AWS",
        IntegrationHttpMethod=verb,
        IntegrationResponses=rules,
        Uri=_object_uri(store.name, route.key),
        Credentials=reader.arn,
        PassthroughBehavior="WHEN_NO_MATCH",
        RequestParameters={f"integration.request.{one}": f"method.request.{one}" for one in passed},
    )


def _object_uri(bucket: AWSHelperFn | str, key: str) -> Join:
    """Where the integration finds an object: API Gateway's path to S3, by bucket and key."""
    service = ["arn:", Partition, ":apigateway:", Region, ":s3:path/"]
    return Join("", [*service, bucket, f"/{key}"])


def _read_method(
    verb: str,
    route: Route,
    resource: ag.Resource,
    integration: ag.Integration,
    declared: list[ag.MethodResponse],
    names: Names,
) -> ag.Method:
    """The method; conditions are optional (False), path parameters are not."""
    conditions = {f"method.request.header.{name}": False for name in _CONDITIONS}
    parameters = {f"method.request.path.{name}": True for name in route.parameters}
    return _method(
        names.method(route.path, verb),
        verb,
        resource,
        integration,
        declared,
        RequestParameters=conditions | parameters,
    )


def _method(
    title: str,
    verb: str,
    resource: ag.Resource,
    integration: ag.Integration,
    declared: list[ag.MethodResponse],
    **properties: Any,
) -> ag.Method:
    return ag.Method(
        title,
        AuthorizationType="NONE",
        HttpMethod=verb,
        **properties,
        Integration=integration,
        ResourceId=Ref(resource),
        RestApiId=resource.RestApiId,
        MethodResponses=declared,
    )


def _article_method(
    route: Route, resource: ag.Resource, reader: Reference, names: Names
) -> ag.Method:
    """The article's: one region, one status, and no header passed on."""
    service = "arn:aws:apigateway:eu-west-1:s3:path"
    integration = ag.Integration(
        Type="AWS",
        IntegrationHttpMethod="GET",
        IntegrationResponses=[ag.IntegrationResponse(StatusCode="200", SelectionPattern="200")],
        Uri=Join("/", [service, stack_named("-data-store"), route.key]),
        Credentials=reader.arn,
        PassthroughBehavior="WHEN_NO_MATCH",
    )
    declared = [ag.MethodResponse(StatusCode="200")]
    return _method(names.method(route.path, "GET"), "GET", resource, integration, declared)
