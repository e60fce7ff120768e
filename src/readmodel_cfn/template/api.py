"""The REST API, with a resource for each path segment, and GET and HEAD for each route.

The article: "build out the API Gateway for the public interface". Each method is an integration
with S3 that uses the gateway role. The article's template contains one region; here partition and
region are those of the stack. The article passes no conditional header to S3 and no header back;
here a client that already has the document gets a 304, and HEAD is supported. `responses.py` maps
S3's responses, and `cors.py` adds the methods for preflights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from troposphere import AWSHelperFn, GetAtt, Join, Partition, Ref, Region, StackName
from troposphere import apigateway as ag

from readmodel_cfn.limits import BUCKET_CORS_BYTES, MINIMUM_COMPRESSION_SIZE
from readmodel_cfn.template.cors_origin import (
    HEADER_NAME,
    HEADER_NAME_IN_WORDS,
    ORIGIN,
    ORIGIN_IN_WORDS,
    browser_origin,
    fixed_origin,
    is_forbidden_header,
    unique_origins,
)
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.options import OptionError, check_options, option, without_none
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


@dataclass(frozen=True)
class Api:
    """The API Gateway REST API: description, TLS, CORS, missing documents, compression."""

    description: str = option(
        "JSON published ahead of time, read fast",
        "Description of the API in API Gateway.",
        pattern=r"(?!.*(AWS::|\$\{))[^\x00-\x1f]{1,1024}",
        allowed="1 to 1024 characters on one line, without AWS:: and ${, which CloudFormation "
        "would read as references",
        of_resource=True,
    )
    # Enhanced policies (SecurityPolicy_*) require an endpoint access mode:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html
    security_policy: Literal[
        "TLS_1_2",
        "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
        "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09",
        "SecurityPolicy_TLS13_1_3_2025_09",
        "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
    ] = option(
        "TLS_1_2",
        "API Gateway security policy: the minimum TLS version and the ciphers for clients "
        "(default TLS_1_2).",
        of_resource=True,
    )
    cors_origin: str | tuple[str, ...] | None = option(
        None,
        "CORS: the origin whose pages may read documents with fetch, a list of origins, or * for "
        "every origin. By default no other origin may.",
        pattern=ORIGIN,
        allowed=ORIGIN_IN_WORDS,
        example="https://www.example.com",
    )
    cors_headers: tuple[str, ...] = option(
        (),
        "CORS: request headers that these pages may send besides If-None-Match and "
        "If-Modified-Since, such as traceparent (default none). It has no effect without "
        "cors_origin.",
        pattern=HEADER_NAME,
        allowed=HEADER_NAME_IN_WORDS,
    )
    missing: Literal["not-found", "mask"] = option(
        "not-found",
        "How the API returns 404 for a missing document. not-found: the gateway role may list the "
        "keys of the routes, so S3 returns 404 (default). mask: it may not, and S3's 403 is mapped "
        "to 404.",
    )
    compress_from: int | Literal["never"] = option(
        1024,
        "Minimum size of a response, in bytes, to compress it for clients that accept gzip or "
        "deflate (default 1024); or never. It has no effect with stored_encoding gzip.",
        minimum=0,
        maximum=MINIMUM_COMPRESSION_SIZE,
        of_resource=True,
    )

    def __post_init__(self) -> None:
        for name in ("cors_origin", "cors_headers"):
            if isinstance(given := getattr(self, name), list):
                object.__setattr__(self, name, tuple(given))
        self._check_origins()
        check_options(self, "api")
        for name in self.cors_headers:
            if is_forbidden_header(name):
                raise OptionError("api.cors_headers", name, "a header that browsers let pages set")

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """The origins of `cors_origin`, each once; none if no other origin may read."""
        return unique_origins(self.cors_origin)

    def _check_origins(self) -> None:
        given: object = self.cors_origin
        origins = given if isinstance(given, tuple) else (given,)
        for origin in origins:
            sent = browser_origin(origin) if isinstance(origin, str) else None
            if origin not in (None, "*", sent):
                allowed = f"{sent}, as browsers send it" if sent else ORIGIN_IN_WORDS
                raise OptionError("api.cors_origin", origin, allowed)
        if origins == () or ("*" in origins and {*origins} != {"*"}):
            raise OptionError("api.cors_origin", list(origins), "* alone, or at least one origin")
        # S3's rules are XML: each origin is an AllowedOrigin, after at most 500 bytes of the rest.
        size = 500 + sum(len(f"<AllowedOrigin>{origin}</AllowedOrigin>") for origin in origins)
        if size > BUCKET_CORS_BYTES:
            most = f"fewer origins: the CORS rules of a bucket have at most {BUCKET_CORS_BYTES:,} "
            raise OptionError("api.cors_origin", list(origins), f"{most}bytes")


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
) -> ApiResources:
    """The API, unless an existing one is used, and the resources and methods of the routes.

    The methods read objects of `bucket` with the credentials of `role`; `gzip_stored` says that
    the documents are stored compressed, `releases` that they are those of the stage's release.
    """
    api = existing or _rest_api(options, gzip_stored, names)
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
            methods.append(_method(verb, route, forwarded, resource, integration, declared, names))
    return ApiResources(api, resources, methods)


def _rest_api(options: Api, gzip_stored: bool, names: Names) -> ag.RestApi:
    enhanced = options.security_policy.startswith("SecurityPolicy_")
    return ag.RestApi(
        names("ApiGateway"),
        Name=Join(" ", [StackName, *([names.prefix] if names.prefix else []), "Api"]),
        **without_none(BinaryMediaTypes=["*/*"] if gzip_stored else None),
        Description=options.description,
        EndpointConfiguration=ag.EndpointConfiguration(Types=["REGIONAL"]),
        FailOnWarnings=True,
        **without_none(MinimumCompressionSize=_compress_from(options, gzip_stored)),
        SecurityPolicy=options.security_policy,
        **without_none(EndpointAccessMode="BASIC" if enhanced else None),
    )


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
    names: Names,
) -> ag.Method:
    """The method; `forwarded` headers are optional (False), path parameters are required."""
    headers = {f"method.request.header.{name}": False for name in forwarded}
    parameters = {f"method.request.path.{name}": True for name in route.parameters}
    return ag.Method(
        names.method(route.path, verb),
        AuthorizationType="NONE",  # API Gateway refuses a method without it
        HttpMethod=verb,
        RequestParameters=headers | parameters,
        Integration=integration,
        ResourceId=Ref(resource),
        RestApiId=resource.RestApiId,
        MethodResponses=declared,
    )
