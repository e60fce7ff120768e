"""Faults of CORS, content handling, compression, cache and deployment."""

from audit_faults import (
    BY_ID,
    GET,
    RESPONSES,
    all_of,
    case,
    dropping,
    no_method,
    putting,
    with_answer,
    without_in_answer,
)
from audit_templates import Template, drop, find, put

ORIGIN = "Access-Control-Allow-Origin"


def caching(template: Template) -> None:
    every = {"ResourcePath": "/*", "HttpMethod": "*", "CachingEnabled": True}
    put(template, "Stage/Properties/CacheClusterEnabled", True)
    put(template, "Stage/Properties/MethodSettings", [every])
    for name in ("SampleGet", "ProductGet", "SampleHead", "ProductHead"):
        asked = find(template, f"{name}/Properties/Integration/RequestParameters")
        keys = [source for source in asked.values() if not source.endswith(".id")]
        put(template, f"{name}/Properties/Integration/CacheKeyParameters", keys)


def inline_stage(template: Template) -> None:
    drop(template, "Stage")
    put(template, "Deployment1a2b/Properties/StageName", "live")


CASES = [
    case(
        "an error that other origins cannot see",
        without_in_answer("404", ORIGIN),
        "R23",
        f"{RESPONSES}/4/ResponseParameters",
        f"404 {ORIGIN}",
        cors=True,
    ),
    case(
        "no preflight",
        no_method("SampleOptions"),
        "R24",
        f"{GET}/HttpMethod",
        "OPTIONS",
        cors=True,
    ),
    case(
        "throttling that other origins cannot see",
        dropping("Refused/Properties/ResponseParameters"),
        "R25",
        "Refused/Properties/ResponseParameters",
        f"DEFAULT_4XX {ORIGIN}",
        cors=True,
    ),
    case(
        "no gateway response for errors of the server",
        no_method("Failed"),
        "R25",
        "Api/Properties",
        "DEFAULT_5XX",
        cors=True,
    ),
    case(
        "a payload in base64",
        with_answer("200", ContentHandling="CONVERT_TO_TEXT"),
        "R26",
        f"{RESPONSES}/0/ContentHandling",
        "200 CONVERT_TO_TEXT",
        gzip=True,
    ),
    case(
        "an error as bytes",
        with_answer("404", ContentHandling="CONVERT_TO_BINARY"),
        "R26",
        f"{RESPONSES}/4/ContentHandling",
        "404 CONVERT_TO_BINARY",
        gzip=True,
    ),
    case(
        "an error in base64",
        without_in_answer("404", "ContentHandling"),
        "R27",
        f"{RESPONSES}/4/ContentHandling",
        "404 CONVERT_TO_TEXT",
        gzip=True,
    ),
    case(
        "a preflight that fails",
        dropping("SampleOptions/Properties/Integration/ContentHandling"),
        "R27",
        "SampleOptions/Properties/Integration/ContentHandling",
        "MOCK CONVERT_TO_TEXT",
        gzip=True,
        cors=True,
    ),
    case(
        "compressed, and nobody says so",
        without_in_answer("200", "Content-Encoding"),
        "R28",
        f"{RESPONSES}/0/ResponseParameters",
        "Content-Encoding 200",
        gzip=True,
    ),
    case(
        "binary without binary types",
        with_answer("200", ContentHandling="CONVERT_TO_BINARY"),
        "R29",
        f"{RESPONSES}/0/ContentHandling",
        "BinaryMediaTypes",
    ),
    case(
        "compression of nothing that large",
        putting("Api/Properties/MinimumCompressionSize", 10_485_761),
        "R30",
        "Api/Properties/MinimumCompressionSize",
        "10485761",
        compressed=True,
    ),
    case(
        "compressed, and caches do not know",
        all_of(without_in_answer("200", "Vary"), without_in_answer("304", "Vary")),
        "R31",
        f"{RESPONSES}/0/ResponseParameters",
        "Vary 200",
        compressed=True,
    ),
    case(
        "one cache entry for all products",
        caching,
        "R32",
        f"{BY_ID}/Integration/CacheKeyParameters",
        "method.request.path.id",
    ),
    case(
        "a method that the deployment does not wait for",
        lambda template: find(template, "Deployment1a2b/DependsOn").remove("ProductHead"),
        "R33",
        "Deployment1a2b/DependsOn",
        "ProductHead",
    ),
    case(
        "a gateway response that the deployment does not wait for",
        lambda template: find(template, "Deployment1a2b/DependsOn").remove("UnknownPath"),
        "R33",
        "Deployment1a2b/DependsOn",
        "GatewayResponse UnknownPath",
    ),
    case("no stage", dropping("Stage"), "R34", "Api/Properties", ""),
    case(
        "a stage inside the deployment",
        inline_stage,
        "R35",
        "Deployment1a2b/Properties/StageName",
        "",
    ),
]
