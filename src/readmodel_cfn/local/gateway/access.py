"""What a method requires of a request before it is served: a signature, an API key, parameters.

They are checked in this order (assumed; LocalStack's code has it too).
"""

import re
from dataclasses import dataclass
from typing import Protocol

from readmodel_cfn.cloudformation.rest_api.expressions import (
    UNSIGNED_IDENTITY,
    Place,
    Scope,
    client_header,
)
from readmodel_cfn.cloudformation.rest_api.features import (
    SIGNED_REQUEST,
    api_key_features,
    is_true,
)
from readmodel_cfn.local.gateway.definition import Json, section
from readmodel_cfn.local.gateway.failures import GatewayResponseError, ResponseType
from readmodel_cfn.local.gateway.types import Exchange, Request

API_KEY_HEADER = "x-api-key"
_CALLER = re.compile(rf"context\.(?:{'|'.join(map(re.escape, UNSIGNED_IDENTITY))})\b")
_REQUIRED_PLACES: tuple[Place, ...] = ("header", "querystring", "path")


class ApiKeys(Protocol):
    """The API keys of a stage, with the limits of their usage plans."""

    def refusal(self, key: str, resource_path: str, http_method: str) -> ResponseType | None:
        """Why a request with the key is not served, or None; a request that is served counts."""


class NoApiKeys:
    """A stage without usage plans: no API key is valid."""

    def refusal(self, key: str, resource_path: str, http_method: str) -> ResponseType | None:  # noqa: ARG002 - the protocol
        """Every key is invalid."""
        return "INVALID_API_KEY"


@dataclass(frozen=True, slots=True)
class Access:
    """The requirements of a method; `required` are its required parameters in AWS's order.

    `reads_caller` is whether the integration reads who signed the request. `unknown_key` names an
    API key whose value is not known; without one, every key can be compared.
    """

    signature: bool
    key: bool
    reads_caller: bool
    required: tuple[tuple[Place, str], ...]
    unknown_key: str | None = None

    def feature(self, request: Request, *, checks_signatures: bool) -> str | None:
        """The name of the feature that the request needs and the gateway does not evaluate."""
        if self.signature:
            if not is_signed(request):
                return None
            if not checks_signatures:
                return SIGNED_REQUEST
            if self.reads_caller:
                return "$context.identity of a signed request"
        return self.unknown_key if request.headers.get(API_KEY_HEADER) else None

    def check(
        self, exchange: Exchange, keys: ApiKeys, resource_path: str, http_method: str
    ) -> None:
        """Check a request; `http_method` is that of the resource's method, such as ANY.

        Raises:
            GatewayResponseError: 403 without a signature or a valid API key, 429 over a limit of
                the key's usage plan, 400 without a required parameter.
        """
        request = exchange.request
        if self.signature and not is_signed(request):
            sent = "authorization" in request.headers
            raise GatewayResponseError("DEFAULT_4XX" if sent else "MISSING_AUTHENTICATION_TOKEN")
        if self.key:
            key = request.headers.get(API_KEY_HEADER, "")
            if refusal := keys.refusal(key, resource_path, http_method):
                raise GatewayResponseError(refusal)
        if self.required:
            self._check_parameters(exchange)

    def _check_parameters(self, exchange: Exchange) -> None:
        missing = [name for place, name in self.required if not _value(exchange.scope, place, name)]
        if missing:
            # Recorded on AWS by LocalStack; a blank value counts as missing (developer guide, "Set
            # up basic request validation").
            message = f"Missing required request parameters: [{', '.join(missing)}]"
            raise GatewayResponseError("BAD_REQUEST_PARAMETERS", message)


def compile_access(method: Json, api: Json) -> Access | None:
    """The requirements of a method, or None; `api` is the definition that has its validators."""
    validators = section(api, "requestValidators")
    validator = validators.get(str(method.get("requestValidatorId"))) or {}
    validates = is_true(validator.get("validateRequestParameters"))
    required = _required(section(method, "requestParameters")) if validates else ()
    access = Access(
        signature=method.get("authorizationType") == "AWS_IAM",
        key=is_true(method.get("apiKeyRequired")),
        reads_caller=bool(_CALLER.search(str(section(method, "methodIntegration")))),
        required=required,
        unknown_key=next((feature for feature, _ in api_key_features(method, api)), None),
    )
    return access if access.signature or access.key or access.required else None


def _required(parameters: Json) -> tuple[tuple[Place, str], ...]:
    """The required parameters: headers before query parameters (recorded on AWS by LocalStack).

    Those of one place are in the order of the definition (assumed).
    """
    found = [
        (place, name.removeprefix(f"method.request.{place}."))
        for name, required in parameters.items()
        if is_true(required)
        for place in _REQUIRED_PLACES
        if name.startswith(f"method.request.{place}.")
    ]
    return tuple(sorted(found, key=lambda parameter: _REQUIRED_PLACES.index(parameter[0])))


def _value(scope: Scope, place: Place, name: str) -> str:
    return scope[place].get(client_header(name) if place == "header" else name, "").strip()


def is_signed(request: Request) -> bool:
    """Whether a request has a signature of version 4, in its header or its query string."""
    return request.headers.get("authorization", "").startswith("AWS4-") or (
        "X-Amz-Signature" in request.query
    )
