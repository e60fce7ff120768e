"""The options of the REST API."""

from dataclasses import dataclass
from typing import Literal

from readmodel_cfn.limits import BUCKET_CORS_BYTES, MINIMUM_COMPRESSION_SIZE
from readmodel_cfn.template.cors_origin import (
    HEADER_NAME,
    HEADER_NAME_IN_WORDS,
    ORIGIN,
    ORIGIN_IN_WORDS,
    browser_origin,
    is_forbidden_header,
    unique_origins,
)
from readmodel_cfn.template.options import OptionError, check_options, option


@dataclass(frozen=True)
class Api:
    """The API Gateway REST API: description, TLS, CORS, missing documents, compression."""

    description: str = option(
        "JSON published ahead of time, read fast",
        "Description of the API in API Gateway.",
        pattern=r"(?!.*(AWS::|\$\{))[^\x00-\x1f]{1,1024}",
        allowed="1 to 1024 characters on one line, without AWS:: and ${, which CloudFormation "
        "would read as references",
        of_resource=True,
    )
    # Enhanced policies (SecurityPolicy_*) require an endpoint access mode:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html
    security_policy: Literal[
        "TLS_1_2",
        "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
        "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09",
        "SecurityPolicy_TLS13_1_3_2025_09",
        "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
    ] = option(
        "TLS_1_2",
        "API Gateway security policy: the minimum TLS version and the ciphers for clients "
        "(default TLS_1_2).",
        of_resource=True,
    )
    cors_origin: str | tuple[str, ...] | None = option(
        None,
        "CORS: the origin whose pages may read documents with fetch, a list of origins, or * for "
        "every origin. By default no other origin may.",
        pattern=ORIGIN,
        allowed=ORIGIN_IN_WORDS,
        example="https://www.example.com",
    )
    cors_headers: tuple[str, ...] = option(
        (),
        "CORS: request headers that these pages may send besides If-None-Match and "
        "If-Modified-Since, such as traceparent (default none). It has no effect without "
        "cors_origin.",
        pattern=HEADER_NAME,
        allowed=HEADER_NAME_IN_WORDS,
    )
    missing: Literal["not-found", "mask"] = option(
        "not-found",
        "How the API returns 404 for a missing document. not-found: the gateway role may list the "
        "keys of the routes, so S3 returns 404 (default). mask: it may not, and S3's 403 is mapped "
        "to 404.",
    )
    compress_from: int | Literal["never"] = option(
        1024,
        "Minimum size of a response, in bytes, to compress it for clients that accept gzip or "
        "deflate (default 1024); or never. It has no effect with stored_encoding gzip.",
        minimum=0,
        maximum=MINIMUM_COMPRESSION_SIZE,
        of_resource=True,
    )

    def __post_init__(self) -> None:
        for name in ("cors_origin", "cors_headers"):
            if isinstance(given := getattr(self, name), list):
                object.__setattr__(self, name, tuple(given))
        self._check_origins()
        check_options(self, "api")
        for name in self.cors_headers:
            if is_forbidden_header(name):
                raise OptionError("api.cors_headers", name, "a header that browsers let pages set")

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """The origins of `cors_origin`, each once; none if no other origin may read."""
        return unique_origins(self.cors_origin)

    def _check_origins(self) -> None:
        given: object = self.cors_origin
        origins = given if isinstance(given, tuple) else (given,)
        for origin in origins:
            sent = browser_origin(origin) if isinstance(origin, str) else None
            if origin not in (None, "*", sent):
                allowed = f"{sent}, as browsers send it" if sent else ORIGIN_IN_WORDS
                raise OptionError("api.cors_origin", origin, allowed)
        if origins == () or ("*" in origins and {*origins} != {"*"}):
            raise OptionError("api.cors_origin", list(origins), "* alone, or at least one origin")
        # S3's rules are XML: each origin is an AllowedOrigin, after at most 500 bytes of the rest.
        size = 500 + sum(len(f"<AllowedOrigin>{origin}</AllowedOrigin>") for origin in origins)
        if size > BUCKET_CORS_BYTES:
            most = f"fewer origins: the CORS rules of a bucket have at most {BUCKET_CORS_BYTES:,} "
            raise OptionError("api.cors_origin", list(origins), f"{most}bytes")
