"""The options of the web ACL."""

from dataclasses import dataclass
from typing import Literal

from readmodel_cfn.template.options import OptionError, check_options, option

# Those of distributions are in us-east-1:
# https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html
_ARN = (
    r"arn:[a-z-]+:wafv2:([a-z0-9-]+:\d{12}:regional|us-east-1:\d{12}:global)"
    r"/webacl/[A-Za-z0-9_-]{1,128}/[a-z0-9-]{1,36}"
)

RULES = 3
"""The number of rules of the web ACL that a stack creates."""


@dataclass(frozen=True)
class Waf:
    """The web ACL of the distribution, or without [cdn] of the stage.

    The table turns it on, even if it is empty.
    """

    mode: Literal["count", "block"] = option(
        "count",
        "What the rules do with a request that matches. count: CloudWatch counts it (default). "
        "block: it is refused with 403.",
    )
    rate_limit: int = option(
        2000,
        "Requests of one address in five minutes, above which they match (default 2000).",
        minimum=10,
        maximum=2_000_000_000,
    )
    web_acl: str | None = option(
        None,
        "ARN of an existing web ACL to use. By default the stack creates one; with [cdn] the "
        "stack must then be in us-east-1.",
        pattern=_ARN,
        allowed="the ARN of a web ACL; a global one is in us-east-1",
        example="arn:aws:wafv2:us-east-1:123456789012:global/webacl/shop/0a1b2c3d",
    )

    def __post_init__(self) -> None:
        check_options(self, "waf")
        if self.web_acl:
            for name in ("mode", "rate_limit"):
                value = getattr(self, name)
                if value != getattr(Waf, name):
                    raise OptionError(f"waf.{name}", value, "it without web_acl only")
