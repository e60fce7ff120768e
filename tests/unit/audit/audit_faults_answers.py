"""Faults of statuses, patterns, and what is declared."""

from audit_faults import (
    ASKED,
    GET,
    RESPONSES,
    Case,
    all_of,
    answered_as,
    appending,
    case,
    dropping,
    putting,
    with_answer,
    without_response,
)
from audit_templates import answer, put

CASES = [
    case(
        "no answer to 503",
        all_of(without_response("502"), without_response("503")),
        "R01",
        RESPONSES,
        "301 307 503 SelectionPattern",
    ),
    case(
        "no answer to 304",
        without_response("304"),
        "R02",
        f"{RESPONSES}/6",
        "304 502",
    ),
    case(
        "a missing object is a broken server",
        without_response("404"),
        "R02",
        f"{RESPONSES}/6",
        "404 502",
    ),
    case(
        "unforeseen errors of the server are the client's",
        answered_as("502", "418"),
        "R02",
        f"{RESPONSES}/7",
        "301 307",
    ),
    case(
        "errors of the server are the client's",
        answered_as("500", "499"),
        "R02",
        f"{RESPONSES}/5",
        "500",
    ),
    case(
        "the range is asked for, and 206 is foreseen by nobody",
        all_of(
            putting(f"{GET}/RequestParameters/method.request.header.Range", False),
            putting(f"{ASKED}/integration.request.header.Range", "method.request.header.Range"),
        ),
        "R02",
        f"{RESPONSES}/7",
        "206 502",
    ),
    case(
        "a swallowing default",
        answered_as("502", "203"),
        "R03",
        f"{RESPONSES}/7",
        "301 307",
    ),
    case(
        "a missing object is a success",
        answered_as("404", "204"),
        "R03",
        f"{RESPONSES}/4",
        "404 204",
    ),
    Case(
        "the classic: a default and nothing else",
        lambda template: put(
            template, RESPONSES, [{**answer(template, "SampleGet", "200"), "SelectionPattern": ""}]
        ),
        (("R02", f"{RESPONSES}/0"), ("R03", f"{RESPONSES}/0")),
        "304 200 301 307 400",
    ),
    Case(
        "one pattern for everything",
        lambda template: put(
            template,
            RESPONSES,
            [{**answer(template, "SampleGet", "200"), "SelectionPattern": ".*"}],
        ),
        (("R02", f"{RESPONSES}/0"), ("R03", f"{RESPONSES}/0")),
        "304 200 .* 301 307 400",
    ),
    case(
        "two patterns for one status",
        with_answer("503", SelectionPattern="50[23]"),
        "R04",
        f"{RESPONSES}/6/SelectionPattern",
        "502 50[0-2]|50[4-9]|5[1-9][0-9] 50[23]",
    ),
    case(
        "two defaults",
        all_of(
            appending(RESPONSES, {"StatusCode": "504", "ResponseTemplates": {"text/plain": "-"}}),
            appending(f"{GET}/MethodResponses", {"StatusCode": "504"}),
        ),
        "R04",
        f"{RESPONSES}/8/SelectionPattern",
        "",
    ),
    case(
        "a lookahead",
        with_answer("500", SelectionPattern="5(?!03)[0-9][0-9]"),
        "R05",
        f"{RESPONSES}/5/SelectionPattern",
        "",
    ),
    case(
        "a pattern that leans on its anchors",
        with_answer("404", SelectionPattern="404|9"),
        "R05",
        f"{RESPONSES}/4/SelectionPattern",
        "404|9 109 119",
    ),
    case(
        "an invalid pattern",
        with_answer("404", SelectionPattern="40[4"),
        "R05",
        f"{RESPONSES}/4/SelectionPattern",
        "40[4",
    ),
    case(
        "a pattern for error messages",
        all_of(
            appending(
                RESPONSES,
                {
                    "StatusCode": "410",
                    "SelectionPattern": "NoSuchKey",
                    "ResponseTemplates": {"text/plain": "-"},
                },
            ),
            appending(f"{GET}/MethodResponses", {"StatusCode": "410"}),
        ),
        "R05",
        f"{RESPONSES}/8/SelectionPattern",
        "NoSuchKey",
    ),
    case(
        "one status twice",
        with_answer("503", StatusCode="500"),
        "R06",
        RESPONSES,
        "500",
    ),
    case(
        "one status declared twice",
        appending(f"{GET}/MethodResponses", {"StatusCode": "404"}),
        "R06",
        f"{GET}/MethodResponses",
        "404",
    ),
    case(
        "a status without a method response",
        dropping(f"{GET}/MethodResponses/4"),
        "R07",
        f"{RESPONSES}/4/StatusCode",
        "404",
    ),
    case(
        "a preflight without a method response",
        putting("SampleOptions/Properties/MethodResponses", []),
        "R07",
        "SampleOptions/Properties/Integration/IntegrationResponses/0/StatusCode",
        "204",
        cors=True,
    ),
    case(
        "a header that is not declared",
        dropping(f"{GET}/MethodResponses/1/ResponseParameters/method.response.header.ETag"),
        "R08",
        f"{RESPONSES}/1/ResponseParameters/method.response.header.ETag",
        "ETag 304",
    ),
]
