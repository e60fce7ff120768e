"""The options of the CDN."""

from dataclasses import dataclass
from typing import Literal

from readmodel_cfn.limits import CERTIFICATE_NAME_LENGTH
from readmodel_cfn.template.naming import HOSTED_ZONE, HOSTED_ZONE_IN_WORDS
from readmodel_cfn.template.options import OptionError, check_options, option

US_EAST_1 = "us-east-1"
"""The region of CloudFront's certificates and web ACLs."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"(?=.{{1,253}}$)(\*\.)?({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?"
_CERTIFICATE = rf"arn:[a-z-]+:acm:{US_EAST_1}:\d{{12}}:certificate/[A-Za-z0-9-]{{1,64}}"


@dataclass(frozen=True)
class Cdn:
    """The CloudFront distribution. The table turns it on, even if it is empty."""

    origin: Literal["data-store", "api"] = option(
        "data-store",
        "Where CloudFront reads documents. data-store: in the bucket, with an origin access "
        "control (default). api: from the API.",
    )
    aliases: tuple[str, ...] | None = option(
        None,
        "Domain names of the distribution. By default it has only its own at cloudfront.net.",
        pattern=_HOST,
        allowed="a domain name in lower case, such as data.example.com",
        example=("data.example.com",),
    )
    certificate: str | None = option(
        None,
        "ARN of the certificate of the aliases, which is in us-east-1. By default the stack "
        "creates one, validated in hosted_zone_id; the stack must then be in us-east-1.",
        pattern=_CERTIFICATE,
        allowed="the ARN of a certificate in us-east-1",
        example="arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d",
    )
    hosted_zone_id: str | None = option(
        None,
        "ID of the Route 53 hosted zone of the aliases: the stack creates their records (default: "
        "none).",
        pattern=HOSTED_ZONE,
        allowed=HOSTED_ZONE_IN_WORDS,
        example="Z0123456789ABCDEFGHIJ",
    )

    def __post_init__(self) -> None:
        given: object = self.aliases
        if isinstance(given, list):
            object.__setattr__(self, "aliases", tuple(given))
        check_options(self, "cdn")
        if self.aliases is not None and len(set(self.aliases)) != len(self.aliases or "-"):
            raise OptionError("cdn.aliases", list(self.aliases), "at least one name, each once")
        if self.aliases and not (self.certificate or self.hosted_zone_id):
            allowed = "certificate or hosted_zone_id with it"
            raise OptionError("cdn.aliases", list(self.aliases), allowed)
        if self.aliases and not self.certificate and len(self.aliases[0]) > CERTIFICATE_NAME_LENGTH:
            most = f"a first name of at most {CERTIFICATE_NAME_LENGTH} characters"
            raise OptionError("cdn.aliases", self.aliases[0], f"{most}, or certificate with it")
        for name in ("certificate", "hosted_zone_id"):
            if getattr(self, name) and not self.aliases:
                raise OptionError(f"cdn.{name}", getattr(self, name), "it with aliases only")

    @property
    def makes_certificate(self) -> bool:
        """Whether the stack creates the certificate of the aliases."""
        return bool(self.aliases) and self.certificate is None
