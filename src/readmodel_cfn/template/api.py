"""The REST API, with a resource for each path segment, and GET and HEAD for each route.

The article: "build out the API Gateway for the public interface". Each method is an integration
with S3 that uses the gateway role. The article's template contains one region; here partition and
region are those of the stack. The article passes no conditional header to S3 and no header back;
here a client that already has the document gets a 304, and HEAD is supported. `responses.py` maps
S3's responses, and `cors.py` adds the methods for preflights.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from troposphere import AWSHelperFn, GetAtt, Join, Partition, Ref, Region, StackName
from troposphere import apigateway as ag

from readmodel_cfn.template.access import endpoint, method_access, resource_policy
from readmodel_cfn.template.cors_origin import fixed_origin
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.options import without_none
from readmodel_cfn.template.references import Reference, joined
from readmodel_cfn.template.releases import HEADER, HEADER_SOURCE, integration_key
from readmodel_cfn.template.responses import (
    ResponseSettings,
    integration_response,
    method_response,
    read_responses,
    without_bodies,
)
from readmodel_cfn.template.routes import CONDITIONAL_HEADERS, READ_METHODS, Route
from readmodel_cfn.template.sections.access import Access
from readmodel_cfn.template.sections.api import Api


@dataclass(frozen=True)
class ApiResources:
    """The REST API, created here or existing, its resources by path, and the methods to read."""

    api: ag.RestApi
    resources: dict[str, ag.Resource]
    methods: list[ag.Method]


def build_api(
    options: Api,
    names: Names,
    *,
    routes: Sequence[Route],
    existing: ag.RestApi | None,
    bucket: Reference,
    role: Reference,
    gzip_stored: bool,
    releases: bool = False,
    access: Access | None = None,
    default_endpoint: bool = True,
) -> ApiResources:
    """The API, unless an existing one is used, and the resources and methods of the routes.

    The methods read objects of `bucket` with the credentials of `role`; `gzip_stored` says that
    the documents are stored compressed, `releases` that they are those of the stage's release,
    `access` who may read. Without `default_endpoint` the API answers 403 at its own URL.
    """
    api = existing or _rest_api(options, gzip_stored, access, names, default_endpoint)
    resources = _resources(routes, api, names)
    settings = _response_settings(options, gzip_stored, releases)
    responses = read_responses(options.missing, settings)
    forwarded = [*CONDITIONAL_HEADERS, *(["Origin"] if settings.origin_by_s3 else [])]
    methods = []
    for verb in READ_METHODS:
        sent = without_bodies(responses) if verb == "HEAD" else responses
        mapped = [integration_response(response, settings) for response in sent]
        declared = [method_response(response, settings) for response in sent]
        for route in routes:
            key = integration_key(route.key) if releases else route.key
            uri = _object_uri(bucket.name, key)
            integration = _integration(verb, route, forwarded, mapped, uri, role)
            resource = resources[route.path]
            methods.append(
                _method(verb, route, forwarded, resource, integration, declared, access, names)
            )
    return ApiResources(api, resources, methods)


def _rest_api(
    options: Api, gzip_stored: bool, access: Access | None, names: Names, default_endpoint: bool
) -> ag.RestApi:
    preflights = fixed_origin(options.cors_origins) is not None
    return ag.RestApi(
        names("ApiGateway"),
        Name=Join(" ", [StackName, *([names.prefix] if names.prefix else []), "Api"]),
        **without_none(BinaryMediaTypes=["*/*"] if gzip_stored else None),
        Description=options.description,
        EndpointConfiguration=endpoint(access),
        FailOnWarnings=True,
        **without_none(MinimumCompressionSize=_compress_from(options, gzip_stored)),
        **without_none(Policy=resource_policy(access, preflights=preflights)),
        **tls(options),
        **without_none(DisableExecuteApiEndpoint=None if default_endpoint else True),
    )


def tls(options: Api) -> dict[str, str]:
    """The TLS policy of an endpoint; the enhanced ones require an endpoint access mode."""
    enhanced = options.security_policy.startswith("SecurityPolicy_")
    mode = {"EndpointAccessMode": "BASIC"} if enhanced else {}
    return {"SecurityPolicy": options.security_policy, **mode}


def _compress_from(options: Api, gzip_stored: bool) -> int | None:
    return None if gzip_stored or options.compress_from == "never" else options.compress_from


def _resources(routes: Sequence[Route], api: ag.RestApi, names: Names) -> dict[str, ag.Resource]:
    """The API's resources by path, parents first; routes share their common segments."""
    made: dict[str, ag.Resource] = {}
    for path in dict.fromkeys(path for route in routes for path in route.paths):
        parent, _, part = path.rpartition("/")
        made[path] = ag.Resource(
            names.resource(path),
            RestApiId=Ref(api),
            ParentId=Ref(made[parent]) if parent else GetAtt(api, "RootResourceId"),
            PathPart=part,
        )
    return made


def _response_settings(options: Api, gzip_stored: bool, releases: bool) -> ResponseSettings:
    compressed = _compress_from(options, gzip_stored) is not None
    origin, by_s3 = fixed_origin(options.cors_origins), len(options.cors_origins) > 1
    # A page of another origin can read only the headers that are exposed to it.
    names = ",".join(["ETag", *([HEADER] if releases else [])])
    exposed = {"Access-Control-Expose-Headers": names} if origin else {}
    vary = ",".join(["Accept-Encoding"] * compressed + ["Origin"] * by_s3)
    return ResponseSettings(
        headers={"Access-Control-Allow-Origin": origin} if origin else {},
        document_headers={**exposed, **({"Vary": vary} if vary else {})},
        mapped={HEADER: HEADER_SOURCE} if releases else {},
        origin_by_s3=by_s3,
        binary=gzip_stored,
    )


def _integration(
    verb: str,
    route: Route,
    forwarded: Sequence[str],
    responses: list[ag.IntegrationResponse],
    uri: AWSHelperFn,
    role: Reference,
) -> ag.Integration:
    """The request to S3, with the client's `forwarded` headers: S3 needs them to return 304.

    PassthroughBehavior, which is repeated in every method, is omitted: WHEN_NO_MATCH is the default
    (assumed), and every other value but NEVER does the same for a request without a body.
    """
    headers = [f"header.{name}" for name in forwarded]
    passed = [*headers, *(f"path.{name}" for name in route.parameters)]
    return ag.Integration(
        Type="AWS",
        IntegrationHttpMethod=verb,
        IntegrationResponses=responses,
        Uri=uri,
        Credentials=role.arn,
        RequestParameters={
            f"integration.request.{name}": f"method.request.{name}" for name in passed
        },
    )


def _object_uri(bucket: AWSHelperFn | str, key: str) -> AWSHelperFn:
    """The integration URI of an object."""
    return joined("arn:", Partition, ":apigateway:", Region, ":s3:path/", bucket, f"/{key}")


def _method(
    verb: str,
    route: Route,
    forwarded: Sequence[str],
    resource: ag.Resource,
    integration: ag.Integration,
    declared: list[ag.MethodResponse],
    access: Access | None,
    names: Names,
) -> ag.Method:
    """The method; `forwarded` headers are optional (False), path parameters are required."""
    headers = {f"method.request.header.{name}": False for name in forwarded}
    parameters = {f"method.request.path.{name}": True for name in route.parameters}
    return ag.Method(
        names.method(route.path, verb),
        **method_access(access),
        HttpMethod=verb,
        RequestParameters=headers | parameters,
        Integration=integration,
        ResourceId=Ref(resource),
        RestApiId=resource.RestApiId,
        MethodResponses=declared,
    )
