"""The CloudFront Function that maps the path of a request to the key of a document.

It answers every path that no route has, `/` above all: S3 would answer it with a list of the
bucket, since the distribution may list. It chooses a route as API Gateway does: at each segment
text has precedence over `{name}`, and that over `{name+}`; S3 decodes the values of parameters. A
segment may have only the characters of a document's key, so an encoded slash is never part of one.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import CLOUDFRONT_FUNCTION_BYTES, OBJECT_KEY_BYTES
from readmodel_cfn.template.routes import Route

RUNTIME = "cloudfront-js-2.0"

# A name in the tree begins with a slash: no object of JavaScript has such a property.
_CODE = """\
const routes = %(routes)s;
const cors = %(cors)s;
function find(node, parts, values) {
  if (!parts.length) return node['='] ? [node['='], values] : null;
  const rest = parts.slice(1);
  const text = node['/' + parts[0]];
  const found = text ? find(text, rest, values) : null;
  if (found) return found;
  const one = node['{'] ? find(node['{'], rest, values.concat([parts[0]])) : null;
  if (one) return one;
  return node['+'] ? [node['+'], values.concat([parts.join('/')])] : null;
}
function keyOf(path) {
  const parts = path.replace(/^\\/+|\\/+$/g, '').split('/');
  if (!parts.every(part => /^[A-Za-z0-9._-]+$/.test(decodeURIComponent(part)))) return null;
  const found = find(routes, parts, []);
  if (!found) return null;
  const values = found[1].map(value => decodeURIComponent(value));
  const key = found[0].replace(/\\{(\\d+)\\}/g, (all, number) => values[number]);
  return key.length > %(longest)d || /(^|\\/)\\.\\.?(\\/|$)/.test(key) ? null : key;
}
function answer(request, status, text) {
  const headers = {'cache-control': {value: 'no-store'}};
  if (text) headers['content-type'] = {value: 'application/json'};
  const origin = request.headers.origin ? request.headers.origin.value : '';
  if (cors && (cors.origins.includes('*') || cors.origins.includes(origin))) {
    headers['access-control-allow-origin'] = {value: cors.origins.includes('*') ? '*' : origin};
    headers['access-control-allow-methods'] = {value: 'GET,HEAD,OPTIONS'};
    headers['access-control-allow-headers'] = {value: cors.headers};
    headers['access-control-max-age'] = {value: '7200'};
    headers.vary = {value: 'Origin'};
  }
  const response = {statusCode: status, headers: headers};
  if (text) response.body = text;
  return response;
}
function handler(event) {
  const request = event.request;
  let key = null;
  try { key = keyOf(request.uri); } catch (error) { key = null; }
  if (key === null) return answer(request, 404, '{"message":"Not Found"}');
  if (request.method === 'OPTIONS') return answer(request, 204, '');
  request.uri = '/' + key;
  return request;
}
"""


def function_code(
    routes: Sequence[Route], origins: Sequence[str] = (), headers: Sequence[str] = ()
) -> str:
    """The JavaScript for the routes; it answers preflights of pages of the `origins`.

    Raises:
        ConfigError: it is longer than CloudFront allows.
    """
    cors = {"origins": list(origins), "headers": ",".join(headers)} if origins else None
    code = _CODE % {
        "routes": _compact(_tree(routes)),
        "cors": _compact(cors),
        "longest": OBJECT_KEY_BYTES,
    }
    if len(code) > CLOUDFRONT_FUNCTION_BYTES:
        what = f"the CloudFront Function has {len(code):,} bytes, and CloudFront allows "
        hint = "use {parameters} for similar routes, fewer origins, or origin = 'api' under [cdn]"
        raise ConfigError(f"{what}{CLOUDFRONT_FUNCTION_BYTES:,}", where="routes", hint=hint)
    return code


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _tree(routes: Sequence[Route]) -> Mapping[str, Any]:
    """The keys by the segments of their paths: `=` and `+` have a key, `{` and `/name` a tree."""
    root: dict[str, Any] = {}
    for route in routes:
        node = root
        *parents, last = route.path.split("/")
        if not last.endswith("+}"):
            parents.append(last)
        for part in parents:
            node = node.setdefault("{" if part.startswith("{") else f"/{part}", {})
        node["+" if last.endswith("+}") else "="] = _numbered(route)
    return root


def _numbered(route: Route) -> str:
    """The key with the number of each parameter in the path instead of its name."""
    numbers = {name: number for number, name in enumerate(route.parameters)}
    return re.sub(r"\{(\w+)\}", lambda found: f"{{{numbers[found[1]]}}}", route.key)
