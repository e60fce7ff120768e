"""What anybody can reach: methods of S3 proxies without authorization and without an API key."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from readmodel_cfn.analysis.methods import Method
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.evaluate import Unreadable
from readmodel_cfn.cloudformation.resources import Resource

Access = Literal["reads", "lists", "writes"]


@dataclass(frozen=True)
class PublicMethod:
    """A method that needs neither authorization nor an API key, and what it does in S3.

    `path` is the path below the stage. `bucket` and `key` are those of the integration's URI, with
    the {parameters} of the request; without a bucket it is about all buckets of the account.
    `has_policy` says that the API has a resource policy, which may limit who can reach it.
    """

    resource: str
    verb: str
    path: str
    access: Access
    bucket: str
    key: str
    has_policy: bool

    def __str__(self) -> str:
        return f"{self.verb} {self.path} {self.what}"

    @property
    def what(self) -> str:
        """What it does, such as reads Store/{id}.json."""
        what = f"{self.bucket}/{self.key}".rstrip("/") or "all buckets of the account"
        if "{" in self.bucket.replace("${", ""):
            what += ", in any bucket that the role allows: the request names it"
        policy = ", as far as the API's resource policy allows it" if self.has_policy else ""
        return f"{self.access} {what}{policy}"

    def as_dict(self) -> dict[str, Any]:
        """The method as `audit --json` prints it."""
        return asdict(self)


def public_methods(view: View) -> list[PublicMethod]:
    """The methods of S3 proxies that anybody can reach, in the order of the template."""
    found: dict[PublicMethod, None] = {}
    for method in view.methods:
        if method.uri is None or not is_public(view, method):
            continue
        place = view.places.get(method.id)
        for access in _accesses(method):
            public = PublicMethod(
                resource=place.resource if place else method.id,
                verb=method.verb,
                path=str(view.paths.get(method.resource, method.resource)),
                access=access,
                bucket=str(method.uri.bucket),
                key=str(method.uri.key),
                has_policy=has_policy(view, method),
            )
            found[public] = None
    return list(found)


def _accesses(method: Method) -> Iterator[Access]:
    """What a method does; ANY, which sends the client's verb to S3, does several."""
    if method.reads or method.reads_url:
        yield "reads"
    if method.lists:
        yield "lists"
    if writes(method):
        yield "writes"


def writes(method: Method) -> bool:
    """Whether a request can write to S3; with ANY, S3 gets the client's verb."""
    reading = method.s3_verb == "ANY" and method.verb in ("GET", "HEAD", "OPTIONS")
    return method.writes and not reading


def is_public(view: View, method: Method) -> bool:
    """Whether the method needs no authorization and no API key, and its API is not private."""
    api = view.api_of(method)
    closed = api is not None and (_is_private(view, api) or _has_default_authorization(api))
    return method.is_open and not closed


def has_policy(view: View, method: Method) -> bool:
    """Whether the method's API has a resource policy, which may refuse requests."""
    api = view.api_of(method)
    return api is not None and ("Policy" in api.properties or "ResourcePolicy" in _auth(api))


def _has_default_authorization(api: Resource) -> bool:
    """Whether SAM adds an authorizer or an API key to all methods of the API."""
    return not _auth(api).keys().isdisjoint(("DefaultAuthorizer", "ApiKeyRequired"))


def _auth(api: Resource) -> Mapping[str, Any]:
    """The Auth of an AWS::Serverless::Api.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiauth.html
    """
    found = api.properties.get("Auth")
    return found if isinstance(found, Mapping) else {}


def _is_private(view: View, api: Resource) -> bool:
    """Whether the API is reached from a VPC only."""
    try:
        endpoint = view.evaluator.fields(api.properties.get("EndpointConfiguration"))
        types = [view.text(kind) for _, kind in view.evaluator.items(endpoint.get("Types"))]
    except Unreadable:
        return False
    return types == ["PRIVATE"]
