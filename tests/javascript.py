"""Runs the code of a CloudFront Function in a JavaScript engine."""

import json
from typing import Any

import quickjs


class PathsFunction:
    """The function of a distribution, as CloudFront calls it."""

    def __init__(self, code: str) -> None:
        self._context = quickjs.Context()
        self._context.eval(code)

    def answer(self, uri: str, method: str = "GET", **headers: str) -> dict[str, Any]:
        """The request with its new URI, or a response."""
        request = {
            "method": method,
            "uri": uri,
            "querystring": {},
            "headers": {name: {"value": value} for name, value in headers.items()},
            "cookies": {},
        }
        event = {"version": "1.0", "context": {"eventType": "viewer-request"}, "request": request}
        call = f"JSON.stringify(handler(JSON.parse({json.dumps(json.dumps(event))})))"
        found: dict[str, Any] = json.loads(self._context.eval(call))
        return found

    def key(self, uri: str) -> str | None:
        """The key of the object that CloudFront reads; None if the function answers 404."""
        found = self.answer(uri)
        if "uri" in found:
            key: str = found["uri"]
            assert key.startswith("/")
            return key[1:]
        assert found["statusCode"] == 404
        return None
