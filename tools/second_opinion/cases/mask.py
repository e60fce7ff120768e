"""Production where the role may not list: S3 says 403 for a missing object, the stack 404."""

from readmodel_cfn import Api, ReadModel, Route
from second_opinion.cases.shared import NOT_FOUND, SAMPLES
from second_opinion.steps import Ask, Case

_ANY = {"If-None-Match": "*"}
MASK = Case(
    "mask",
    ReadModel(
        (Route("samples", "payload.json"), Route("assets/{path+}", "assets/{path}")),
        api=Api(missing="mask"),
    ),
    (
        Ask("not yet published", "/samples", 404, body=NOT_FOUND),
        Ask("not yet published, HEAD", "/samples", 404, "HEAD", body=b""),
        Ask("missing object", "/assets/missing", 404, body=NOT_FOUND),
        Ask("missing object, If-None-Match", "/assets/missing", 404, "GET", _ANY, NOT_FOUND),
        SAMPLES,
        Ask("document", "/samples", 200, body=SAMPLES.body),
        Ask("If-None-Match, same", "/samples", 304, headers={"If-None-Match": SAMPLES.etag}),
        Ask("unknown path", "/unknown", 404, body=NOT_FOUND),
    ),
)
