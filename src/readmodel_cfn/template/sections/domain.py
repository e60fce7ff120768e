"""The options of the custom domain name."""

from dataclasses import dataclass

from readmodel_cfn.limits import CERTIFICATE_NAME_LENGTH
from readmodel_cfn.template.naming import HOSTED_ZONE, HOSTED_ZONE_IN_WORDS
from readmodel_cfn.template.options import OptionError, check_options, option

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = rf"(?=.{{4,253}}$)({_LABEL}\.)+(?![0-9]+$){_LABEL}"


@dataclass(frozen=True)
class Domain:
    """A domain name of your own for the API, with its certificate and DNS records."""

    name: str = option(
        None,
        "Domain name at which the API is read; required.",
        pattern=_NAME,
        allowed="a domain name in lower case, such as data.example.com, without https:// or *",
        example="data.example.com",
    )
    hosted_zone_id: str | None = option(
        None,
        "ID of the public Route 53 hosted zone of the domain name, in the account of the stack: "
        "deploy adds the alias records (A and AAAA), and requests the certificate if none is "
        "given. Without it you add the record yourself.",
        pattern=HOSTED_ZONE,
        allowed=HOSTED_ZONE_IN_WORDS,
        example="Z0123456789ABCDEFGHIJ",
    )
    certificate: str | None = option(
        None,
        "ARN of the ACM certificate of the domain name, in the region of the stack. By default "
        "one is requested, and validated in the hosted zone.",
        pattern=r"arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate/[A-Za-z0-9-]{1,64}",
        allowed="the ARN of an ACM certificate",
        example="arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-0000-1111-2222",
    )
    # One segment: API Gateway has longer ones only as mappings of AWS::ApiGatewayV2.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html
    base_path: str = option(
        "",
        "First segment of the path of every URL of the domain name, such as v1. By default there "
        "is none: the API has the whole domain name.",
        pattern=r"[A-Za-z0-9_-]{0,128}",
        allowed="at most 128 of A-Z a-z 0-9 _ -",
        example="v1",
    )
    default_endpoint: bool = option(
        True,
        "Whether readers can also use API Gateway's own URL, of execute-api (default true). With "
        "false its readers get 403.",
    )

    def __post_init__(self) -> None:
        check_options(self, "domain")
        if not (self.certificate or self.hosted_zone_id):
            allowed = "the ARN of a certificate, or domain.hosted_zone_id, to request one"
            raise OptionError("domain.certificate", None, allowed)
        if self.certificate is None and len(self.name) > CERTIFICATE_NAME_LENGTH:
            allowed = f"at most {CERTIFICATE_NAME_LENGTH} characters, or domain.certificate with it"
            raise OptionError("domain.name", self.name, allowed)

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return f"https://{self.name}/{self.base_path}".rstrip("/")
