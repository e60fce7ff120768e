"""API. The article: "build out the API Gateway for the public interface".

A resource and a GET method for each route, which pass the request on to S3 in the gateway role's
name. The article serves from one region, written into its template; here the partition and the
region are those of the stack.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from troposphere import AWSHelperFn, GetAtt, Join, Partition, Ref, Region, StackName, iam, s3
from troposphere import apigateway as ag

from readmodel_cfn.naming import Names, stack_named
from readmodel_cfn.options import OptionError, check_options, given, option
from readmodel_cfn.routes import Route

_MOST_RESOURCES = 300  # of one API, API Gateway's quota


@dataclass(frozen=True)
class Api:
    """The public interface."""

    description: str = option(
        "JSON published ahead of time, read fast",
        "What API Gateway shows of the API.",
        pattern=r"[^\x00-\x1f]{1,1024}",
        allowed="1 to 1024 characters on one line",
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
    as_printed: bool = option(False, "The API as the article prints it.", config=False)

    def __post_init__(self) -> None:
        check_options(self, "api")


def rest_api(options: Api, names: Names) -> ag.RestApi:
    """The API."""
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
        Description=options.description,
        EndpointConfiguration=ag.EndpointConfiguration(Types=["REGIONAL"]),
        FailOnWarnings=True,
        SecurityPolicy=options.security_policy,
        **given(EndpointAccessMode="BASIC" if enhanced else None),
    )


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


def get_method(
    options: Api,
    route: Route,
    resource: ag.Resource,
    store: s3.Bucket,
    reader: iam.Role,
    names: Names,
) -> ag.Method:
    """The method that answers GET with the payload."""
    if options.as_printed:
        integration = _article_integration(route, reader)
        return _method(names, route, resource, integration, [_status("200")])
    integration = ag.Integration(
        Type="AWS",
        IntegrationHttpMethod="GET",
        IntegrationResponses=[_answer("200", "200", **_CONTENT_TYPE_PASSED), _answer("502", None)],
        Uri=_object_uri(Ref(store), route.key),
        Credentials=GetAtt(reader, "Arn"),
        PassthroughBehavior="WHEN_NO_MATCH",
        **_parameters(route, "integration.request.path.{}", "method.request.path.{}"),
    )
    answers = [_status("200", **_CONTENT_TYPE_DECLARED), _status("502")]
    declared = _parameters(route, "method.request.path.{}", True)
    return _method(names, route, resource, integration, answers, **declared)


def _method(
    names: Names,
    route: Route,
    resource: ag.Resource,
    integration: ag.Integration,
    answers: list[ag.MethodResponse],
    **properties: Any,
) -> ag.Method:
    return ag.Method(
        names.method(route.path, "GET"),
        AuthorizationType="NONE",
        HttpMethod="GET",
        **properties,
        Integration=integration,
        ResourceId=Ref(resource),
        RestApiId=resource.RestApiId,
        MethodResponses=answers,
    )


_CONTENT_TYPE_PASSED = {
    "ResponseParameters": {
        "method.response.header.Content-Type": "integration.response.header.Content-Type"
    }
}
_CONTENT_TYPE_DECLARED = {"ResponseParameters": {"method.response.header.Content-Type": False}}


def _answer(status: str, pattern: str | None, **properties: Any) -> ag.IntegrationResponse:
    """What the client gets where S3's status matches; without a pattern, where no other does."""
    return ag.IntegrationResponse(
        StatusCode=status, **given(SelectionPattern=pattern), **properties
    )


def _status(status: str, **properties: Any) -> ag.MethodResponse:
    return ag.MethodResponse(StatusCode=status, **properties)


def _parameters(route: Route, key: str, value: str | bool) -> dict[str, Any]:
    """RequestParameters with an entry for each path parameter, or nothing where there is none."""
    filled = {
        key.format(name): value.format(name) if isinstance(value, str) else value
        for name in route.parameters
    }
    return {"RequestParameters": filled} if filled else {}


def _object_uri(bucket: AWSHelperFn, key: str) -> Join:
    """Where the integration finds an object: API Gateway's path to S3, by bucket and key."""
    service = ["arn:", Partition, ":apigateway:", Region, ":s3:path/"]
    return Join("", [*service, bucket, f"/{key}"])


def _article_integration(route: Route, reader: iam.Role) -> ag.Integration:
    """The article's: one region, one status, and no header passed on."""
    service = "arn:aws:apigateway:eu-west-1:s3:path"
    return ag.Integration(
        Type="AWS",
        IntegrationHttpMethod="GET",
        IntegrationResponses=[_answer("200", "200")],
        Uri=Join("/", [service, stack_named("-data-store"), route.key]),
        Credentials=GetAtt(reader, "Arn"),
        PassthroughBehavior="WHEN_NO_MATCH",
    )
