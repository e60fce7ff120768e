"""The production stack with its defaults: GET and HEAD, conditions, errors in JSON, compression."""

from readmodel_cfn import ReadModel
from second_opinion.cases.compression import COMPRESSION
from second_opinion.cases.conditions import CONDITIONS
from second_opinion.cases.keys import EDGES, GREEDY, PARAMETERS, ROUTES
from second_opinion.cases.shared import NOT_FOUND, OTHER_TYPE, READS, unserved
from second_opinion.steps import Ask, Case

PRODUCTION = Case(
    "production",
    ReadModel(ROUTES),
    (
        Ask("not yet published", "/samples", 404, body=NOT_FOUND),
        Ask("not yet published, HEAD", "/samples", 404, "HEAD", body=b""),
        *READS,
        OTHER_TYPE,
        Ask("other Content-Type", "/samples", 200),
        *CONDITIONS,
        *COMPRESSION,
        *unserved(404, NOT_FOUND),
        *PARAMETERS,
        *GREEDY,
        *EDGES,
    ),
)
