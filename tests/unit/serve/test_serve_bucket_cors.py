"""The headers that a folder adds by the CORS rules of the template's bucket, as S3 does."""

from pathlib import Path
from typing import Any

import pytest

from readmodel_cfn import Api as ApiOptions
from readmodel_cfn import ReadModel, ReadModelStack, Route
from readmodel_cfn.local.gateway import Response
from readmodel_cfn.local.gateway.definition import DefinitionError
from readmodel_cfn.local.serve.api import Api, api_of
from readmodel_cfn.local.serve.bucket_cors import cors_headers, cors_rules
from serve_templates import get, s3_get

A, B, OTHER = "https://a.example", "https://b.example", "https://c.example"
ALLOW = "access-control-allow-origin"


def template(*rules: Any, **bucket: Any) -> dict[str, Any]:
    properties = {"CorsConfiguration": {"CorsRules": list(rules)}, **bucket}
    return {"Resources": {"Store": {"Type": "AWS::S3::Bucket", "Properties": properties}}}


def rule(*origins: str, methods: tuple[str, ...] = ("GET", "HEAD")) -> dict[str, Any]:
    return {"AllowedMethods": list(methods), "AllowedOrigins": list(origins)}


def headers(found: dict[str, Any], origin: str | None, bucket: str = "Store") -> dict[str, str]:
    sent = {} if origin is None else {"origin": origin}
    return cors_headers(cors_rules(found, {}), s3_get("k", sent, bucket=bucket))


@pytest.mark.parametrize(
    ("found", "origin", "allowed"),
    [
        (template(rule(A, B)), A, A),
        (template(rule(A, B)), B, B),
        (template(rule(A, B)), OTHER, None),
        (template(rule(A, B)), A + ".evil.example", None),
        (template(rule(A, B)), A.upper(), None),
        (template(rule(A, B)), None, None),
        (template(rule("*")), A, "*"),
        (template(rule("https://*.example")), A, A),
        (template(rule(A, methods=("PUT",)), rule(B)), A, None),
        (template(rule(A, methods=("PUT",)), rule("*")), A, "*"),
        (template(), A, None),
        ({"Resources": {"Store": {"Type": "AWS::S3::Bucket"}}}, A, None),
        (template(rule(A), BucketName="things"), A, None),
    ],
)
def test_first_rule_that_allows_origin_and_method_decides(
    found: dict[str, Any], origin: str | None, allowed: str | None
) -> None:
    assert headers(found, origin).get(ALLOW) == allowed
    assert ("vary" in headers(found, origin)) == (allowed is not None)


def test_rules_belong_to_the_bucket_of_the_request() -> None:
    named = template(rule(A), BucketName="things")
    assert headers(named, A, "things")[ALLOW] == A


def test_exposed_headers_are_sent() -> None:
    found = headers(template(rule(A) | {"ExposedHeaders": ["ETag", "X-A"]}), A)
    assert found["access-control-expose-headers"] == "ETag, X-A"


def test_rules_that_depend_on_an_unknown_value_are_refused() -> None:
    with pytest.raises(DefinitionError):
        cors_rules(template(rule(A) | {"AllowedOrigins": [{"Fn::ImportValue": "origin"}]}), {})


def served(root: Path, **options: Any) -> Api:
    model = ReadModel(routes=(Route(), Route("p/{id}", "p/{id}.json")), api=ApiOptions(**options))
    (root / "payload.json").write_text("{}")
    return api_of(ReadModelStack("shop", model).serve_source(), root, lambda _: None)


def allowed_by(response: Response) -> str | None:
    return response.headers.get("Access-Control-Allow-Origin")


@pytest.mark.parametrize("missing", ["not-found", "mask"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_of_several_origins_each_may_read_documents_304_and_404(
    tmp_path: Path, method: str, missing: str
) -> None:
    api = served(tmp_path, cors_origin=(A, B), missing=missing)
    for origin, allowed in ((A, A), (B, B), (OTHER, None)):
        sent = {"origin": origin}
        full = api.answer(get("/samples", sent, method))
        condition = {"if-none-match": full.headers["ETag"]}
        found = [
            full,
            api.answer(get("/samples", sent | condition, method)),
            api.answer(get("/p/1", sent, method)),
        ]
        assert [response.status for response in found] == [200, 304, 404]
        assert [allowed_by(response) for response in found] == [allowed] * 3
        assert all("Origin" in response.headers["Vary"].split(",") for response in found)
        unknown = api.answer(get("/unknown", sent, method))
        assert (unknown.status, allowed_by(unknown)) == (404, "*")
    preflight = api.answer(get("/samples", {"origin": OTHER}, "OPTIONS"))
    assert (preflight.status, allowed_by(preflight)) == (204, "*")


def test_client_without_origin_gets_no_header_for_pages(tmp_path: Path) -> None:
    found = served(tmp_path, cors_origin=(A, B)).answer(get("/samples"))
    assert (found.status, allowed_by(found)) == (200, None)
