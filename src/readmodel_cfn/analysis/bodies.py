"""The methods of an API that is defined by an OpenAPI document, such as the Body of a RestApi.

Each operation with an x-amazon-apigateway-integration becomes the AWS::ApiGateway::Method that
would describe it, so that everything else knows only one form.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from readmodel_cfn.analysis.body_operations import INTEGRATION_EXTENSION, Place, method_properties
from readmodel_cfn.analysis.unchecked import Unchecked
from readmodel_cfn.cloudformation.branches import outer_branches
from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable, function_of
from readmodel_cfn.cloudformation.json_pointer import escaped, resolved
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import Unknown

_API = "AWS::ApiGateway::"
_EXTENSION = "x-amazon-apigateway-"
_VERBS = ("get", "put", "post", "delete", "options", "head", "patch")
_ANY = f"{_EXTENSION}any-method"
# The document's extensions that describe what a RestApi has as a property.
_API_PROPERTIES = {
    f"{_EXTENSION}binary-media-types": "BinaryMediaTypes",
    f"{_EXTENSION}minimum-compression-size": "MinimumCompressionSize",
    f"{_EXTENSION}policy": "Policy",
}


@dataclass
class ApiBody:
    """What an OpenAPI document defines; `properties` are those of its RestApi.

    `places` are the paths in the API's own resource of what `parts` have been made from, by the
    logical IDs of the parts, which are not logical IDs of the template.
    """

    properties: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Resource] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    unchecked: list[Unchecked] = field(default_factory=list)


def read_body(
    api: str, path: str, value: Any, evaluator: Evaluator, authorization: Mapping[str, Any]
) -> ApiBody:
    """The API that the OpenAPI document at `path` of the resource `api` defines.

    `authorization` are the properties of the methods that the document gives none.
    """
    reader = _Reader(api, authorization)
    for document, own in reader.fields(value, (*path.split("/"),), evaluator):
        reader.read(document, (*path.split("/"),), own)
    return reader.body


class _Reader:
    def __init__(self, api: str, authorization: Mapping[str, Any]) -> None:
        self.body = ApiBody()
        self._api = api
        self._authorization = authorization

    def fields(
        self, value: Any, path: tuple[str, ...], evaluator: Evaluator
    ) -> Iterator[tuple[dict[str, Any], Evaluator]]:
        """An object's fields in each branch of an Fn::If; what is unknown is noted."""
        for own in outer_branches(value, evaluator):
            try:
                found = own.chosen(value)
            except Unreadable:
                found = Unknown(function_of(value) or "")
            if isinstance(found, str):
                found = _parsed(found)
            if found is None:
                continue
            if not isinstance(found, Mapping):
                self._note(path, function_of(value))
                continue
            for name, below in own.expand(found).items():
                if str(name).startswith("Fn::") and below is not None:
                    self._note((*path, str(name)), str(name))
            yield (
                {
                    name: below
                    for name, below in own.expand(found).items()
                    if isinstance(name, str) and not name.startswith("Fn::")
                },
                own,
            )

    def read(
        self, document: Mapping[str, Any], path: tuple[str, ...], evaluator: Evaluator
    ) -> None:
        for extension, name in _API_PROPERTIES.items():
            if extension in document:
                self.body.properties.setdefault(name, document[extension])
        endpoint = document.get(f"{_EXTENSION}endpoint-configuration")
        if isinstance(endpoint, Mapping) and "disableExecuteApiEndpoint" in endpoint:
            disabled = endpoint["disableExecuteApiEndpoint"]
            self.body.properties.setdefault("DisableExecuteApiEndpoint", disabled)
        info = document.get("info")
        if isinstance(info, Mapping) and info.get("title"):
            self.body.properties.setdefault("Name", info["title"])
        self._gateway_responses(document, path, evaluator)
        place = (*path, "paths")
        for paths, own in self.fields(document.get("paths"), place, evaluator):
            for name, item in paths.items():
                if name.startswith("/"):
                    self._path(document, name, item, (*place, name), own)

    def _path(
        self,
        document: Mapping[str, Any],
        name: str,
        value: Any,
        path: tuple[str, ...],
        evaluator: Evaluator,
    ) -> None:
        value = self._resolved(document, value, path)
        for item, own in self.fields(value, path, evaluator):
            for verb in (*_VERBS, _ANY):
                if verb not in item:
                    continue
                place = (*path, verb)
                written = self._resolved(document, item[verb], place)
                for operation, inner in self.fields(written, place, own):
                    self._operation(document, name, item, verb, operation, place, inner)

    def _operation(
        self,
        document: Mapping[str, Any],
        name: str,
        item: Mapping[str, Any],
        verb: str,
        operation: Mapping[str, Any],
        path: tuple[str, ...],
        evaluator: Evaluator,
    ) -> None:
        value = self._resolved(
            document, operation.get(INTEGRATION_EXTENSION), (*path, INTEGRATION_EXTENSION)
        )
        for integration, own in self.fields(value, (*path, INTEGRATION_EXTENSION), evaluator):
            try:
                properties, keys = method_properties(document, item, operation, integration, own)
            except Unreadable:
                self._note(path, "a function in it")
                continue
            shown = "ANY" if verb == _ANY else verb.upper()
            self._add(
                f"{shown} {name}",
                Resource(
                    "",
                    f"{_API}Method",
                    {
                        **properties,
                        **(self._authorization if _is_open(properties, shown) else {}),
                        "RestApiId": {"Ref": self._api},
                        "ResourceId": self._resource_id(name),
                        "HttpMethod": shown,
                    },
                    (),
                ),
                Place(self._api, path, keys),
            )

    def _resource_id(self, path: str) -> Any:
        """The reference to the API resource of a path; the resource is added."""
        root = {"Fn::GetAtt": [self._api, "RootResourceId"]}
        if path == "/":
            return root
        part = path.strip("/")
        properties = {"RestApiId": {"Ref": self._api}, "ParentId": root, "PathPart": part}
        name = f"{self._api} /{part}"
        self.body.parts[name] = Resource(name, f"{_API}Resource", properties, ())
        return {"Ref": name}

    def _gateway_responses(
        self, document: Mapping[str, Any], path: tuple[str, ...], evaluator: Evaluator
    ) -> None:
        key = f"{_EXTENSION}gateway-responses"
        for responses, own in self.fields(document.get(key), (*path, key), evaluator):
            for kind, value in responses.items():
                place = (*path, key, kind)
                for response, _ in self.fields(value, place, own):
                    properties = {name[:1].upper() + name[1:]: v for name, v in response.items()}
                    properties |= {"RestApiId": {"Ref": self._api}, "ResponseType": kind}
                    self._add(
                        kind,
                        Resource("", f"{_API}GatewayResponse", properties, ()),
                        Place(self._api, place, {}),
                    )

    def _add(self, name: str, part: Resource, place: Place) -> None:
        """Add a part under a name of its own; equal parts of two branches once."""
        for number in range(1, 100):
            logical_id = f"{self._api} {name}" + (f" ({number})" if number > 1 else "")
            existing = self.body.parts.get(logical_id)
            if existing is None:
                self.body.parts[logical_id] = Resource(logical_id, part.type, part.properties, ())
                self.body.places[logical_id] = place
                return
            if existing.properties == part.properties:
                return

    def _resolved(self, document: Mapping[str, Any], value: Any, path: tuple[str, ...]) -> Any:
        """The value, or what its $ref refers to; a reference to another document is noted."""
        found = resolved(document, value)
        left = isinstance(found, Mapping) and "$ref" in found
        if left or (found is None and value is not None):
            self._add_unchecked(path, "what its $ref refers to is not in the document")
            return None
        return found

    def _note(self, path: tuple[str, ...], function: str | None) -> None:
        what = f"what {function} returns is unknown" if function else "it is not an object"
        self._add_unchecked(path, what)

    def _add_unchecked(self, path: tuple[str, ...], what: str) -> None:
        unchecked = Unchecked(self._api, "/".join(map(escaped, path)), what)
        if unchecked not in self.body.unchecked:
            self.body.unchecked.append(unchecked)


def _is_open(properties: Mapping[str, Any], verb: str) -> bool:
    """Whether the document requires no authorization of a method that is no preflight."""
    return properties.get("AuthorizationType") == "NONE" and verb != "OPTIONS"


def _parsed(text: str) -> Any:
    """A document that is given as a text in JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
