"""Why a read of the API failed, and what to do next."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from readmodel_cfn.aws.http import Response
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.template.releases import HEADER
from readmodel_cfn.template.routes import Route, find_route
from readmodel_cfn.template.sections.access import Access

_ERROR_TYPE = "x-amzn-ErrorType"  # only API Gateway sends it
_MOST_ROUTES = 5  # in a hint
# API Gateway sends it with every status that a gateway response sets *(assumed)*.
_UNKNOWN_PATH = "MissingAuthenticationTokenException"


def read_hint(
    response: Response,
    path: str,
    routes: Sequence[Route],
    location: StackLocation,
    *,
    masked: bool = False,
    article: bool = False,
    releases: bool = False,
    access: Access | None = None,
) -> str:
    """What to do about a response that is not `ok` to a read of `path`.

    `masked` is whether the API responds 404 instead of 403, `article` whether it is the article's,
    `releases` whether it serves releases, `access` who may read.
    """
    route, key = find_route(routes, path) or (None, "")
    if access and _is_refused(response):
        return _refused(access)
    if releases and route and (hint := _release_hint(response, route, key, location)):
        return hint
    publish = location.command("publish", "FILE", "--key", key)
    if response.status == 404 and route and not _is_unknown_path(response):
        forbidden = ", or API Gateway's role may not read it" if masked else ""
        return f"the route {route.path} serves the key {key}{forbidden}; to publish it: {publish}"
    if response.status == 404 or _is_unknown_path(response):
        return _unknown_path(response, path, route, routes, location)
    if response.status == 403:
        return _forbidden(route, key, location)
    if response.status == 429:
        return "too many requests: read it again later"
    if response.status >= 500:
        return _server_error(response, publish if article and route else None, location)
    return f"to see whether the API serves its template, run: {location.command('status')}"


def _server_error(response: Response, publish: str | None, location: StackLocation) -> str:
    """What to do about a status of 500 or more; `publish` if the article's API should have it."""
    if response.status == 500 and publish:
        return f"the article's API responds 500 to a missing document; to publish it: {publish}"
    return f"read it again; if it fails again, run: {location.command('verify')}"


def _is_refused(response: Response) -> bool:
    """Whether API Gateway, not S3, refused the reader."""
    by_gateway = response.header(_ERROR_TYPE) is not None
    return response.status == 403 and by_gateway and not _is_unknown_path(response)


def _refused(access: Access) -> str:
    if access.restricts_network:
        return "the API refuses this network, unless source_ips and source_vpces have it"
    if access.auth == "api-key":
        return "read it again after a minute: a new API key is not effective at once"
    return "add this caller to principals under [access], or allow it execute-api:Invoke on ReadArn"


def _release_hint(
    response: Response, route: Route, key: str, location: StackLocation
) -> str | None:
    """What to do if there is no release, or no such document in it; None for other errors."""
    publish = location.command("publish", "DIR", "--release")
    if _is_unknown_path(response):
        return None
    if not (release := response.header(HEADER)):
        return f"the stage may serve no release yet; to publish one: {publish}"
    if response.status == 404:
        return f"the route {route.path} serves {key} of release {release}; publish it: {publish}"
    return None


def _unknown_path(
    response: Response,
    path: str,
    route: Route | None,
    routes: Sequence[Route],
    location: StackLocation,
) -> str:
    if route:
        return f"the route {route.path} is not deployed; run: {location.command('deploy')}"
    if _is_unknown_path(response):
        return f"no route has this path; {_similar(path, routes)}"
    differs = f"the stack may have others, to compare: {location.command('diff')}"
    return f"no route of the model has this path; {_similar(path, routes)}; {differs}"


def _forbidden(route: Route | None, key: str, location: StackLocation) -> str:
    if route:
        verify = location.command("verify")
        return f"S3 denies API Gateway's role the key {key}; to check the stack, run: {verify}"
    deploy = location.command("deploy")
    return f"if the route was removed, raise serial under [deployment], then run: {deploy}"


def _similar(path: str, routes: Sequence[Route]) -> str:
    """The routes, or if there are many those whose paths are most like the path."""
    paths = [route.path for route in routes]
    if len(paths) <= _MOST_ROUTES:
        return f"the routes are {', '.join(paths)}"
    like = SequenceMatcher(b=path.strip("/"), autojunk=False)
    paths.sort(key=lambda name: _ratio(like, name), reverse=True)
    return f"the most similar of {len(paths)} routes are {', '.join(paths[:_MOST_ROUTES])}"


def _ratio(like: SequenceMatcher[str], name: str) -> float:
    like.set_seq1(name)
    return like.ratio()


def _is_unknown_path(response: Response) -> bool:
    """Whether API Gateway, not S3, refused the request: it has no such path or method."""
    return (response.header(_ERROR_TYPE) or "").startswith(_UNKNOWN_PATH)
