"""The headers that S3 adds to a response by the CORS rules of a bucket of the template.

S3 uses the first rule that allows the origin and the method, and adds its headers to every response
to a request with Origin, errors and 304 included (assumed); without such a rule it adds none.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.local.gateway import S3Request
from readmodel_cfn.local.gateway.cloudformation import template_scope

_VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


@dataclass(frozen=True, slots=True)
class CorsRule:
    """A rule; an origin may have one `*` for any text."""

    methods: tuple[str, ...]
    origins: tuple[str, ...]
    exposed: tuple[str, ...] = ()

    def headers(self, origin: str, method: str) -> dict[str, str] | None:
        """The headers for a request; None if the rule does not allow it."""
        matching = [allowed for allowed in self.origins if _matches(allowed, origin)]
        if not matching or method not in self.methods:
            return None
        exact = {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}
        exposed = {"access-control-expose-headers": ", ".join(self.exposed)} if self.exposed else {}
        return {
            **({"access-control-allow-origin": "*"} if matching == ["*"] else exact),
            "access-control-allow-methods": ", ".join(self.methods),
            **exposed,
            "vary": _VARY,
        }


CorsRules = Mapping[str, Sequence[CorsRule]]
"""The rules of the template's buckets, by bucket name."""


def cors_rules(template: Mapping[str, Any], parameters: Mapping[str, str]) -> CorsRules:
    """The rules of a template's buckets.

    Raises:
        DefinitionError: the rules of a bucket depend on an unknown value.
    """
    scope = template_scope(template, parameters)
    found: dict[str, Sequence[CorsRule]] = {}
    for logical_id, resource in scope.resources.items():
        own = resource.get("Properties")
        if resource.get("Type") == "AWS::S3::Bucket" and isinstance(own, Mapping):
            name = str(scope.resolve({"Ref": logical_id}, logical_id))
            configuration = scope.resolve(own.get("CorsConfiguration") or {}, logical_id)
            found[name] = tuple(_rules(configuration))
    return found


def cors_headers(rules: CorsRules, request: S3Request) -> dict[str, str]:
    """The headers that S3 adds to its response."""
    origin = request.headers.get("origin")
    if origin is None:
        return {}
    made = (rule.headers(origin, request.method) for rule in rules.get(request.bucket, ()))
    return next((headers for headers in made if headers is not None), {})


def _rules(configuration: Any) -> Iterator[CorsRule]:
    rules = configuration.get("CorsRules") if isinstance(configuration, Mapping) else None
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, Mapping):
            names = ("AllowedMethods", "AllowedOrigins", "ExposedHeaders")
            yield CorsRule(*(tuple(map(str, rule.get(name) or ())) for name in names))


def _matches(allowed: str, origin: str) -> bool:
    return re.fullmatch(re.escape(allowed).replace(r"\*", ".*"), origin) is not None
