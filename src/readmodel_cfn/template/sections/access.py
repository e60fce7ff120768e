"""The options of who may read."""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Literal

from readmodel_cfn.limits import TEMPLATE_RESOURCES, THROTTLE_BURST, THROTTLE_RATE
from readmodel_cfn.template.naming import IAM_PRINCIPAL, IAM_PRINCIPAL_IN_WORDS
from readmodel_cfn.template.options import OptionError, check_options, option

# https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
_SIGNATURE_HEADERS = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256")
_DEFAULT_KEYS = ("reader",)
_MOST_KEYS = TEMPLATE_RESOURCES // 2
_NETWORK = r"[0-9a-fA-F.:]{2,39}(/\d{1,3})?"
_NETWORK_IN_WORDS = "an IP address or a range in CIDR notation, such as 203.0.113.0/24"


@dataclass(frozen=True)
class Access:
    """Who may read the documents. Without the table everybody may.

    Raises:
        OptionError: a value that AWS would refuse, or options that contradict each other.
    """

    auth: Literal["public", "iam", "api-key"] = option(
        "public",
        "public: no credentials (default). iam: requests signed with AWS credentials "
        "(Signature Version 4). api-key: an API key in the header x-api-key.",
    )
    principals: tuple[str, ...] = option(
        (),
        "With iam: accounts, users and roles that may read. By default these are the users and "
        "roles of the stack's account whose IAM policies allow it.",
        pattern=IAM_PRINCIPAL,
        allowed=IAM_PRINCIPAL_IN_WORDS,
        example=("arn:aws:iam::123456789012:role/shop",),
    )
    keys: tuple[str, ...] = option(
        (),
        "With api-key: names of the API keys, one for each consumer (default: one key named "
        "reader).",
        pattern=r"[a-z][A-Za-z0-9]{0,39}",
        allowed="1 to 40 of A-Z a-z 0-9, first a-z",
        example=("web", "partner"),
    )
    throttle_rate: int | None = option(
        None,
        "With api-key: requests per second of each key. It requires throttle_burst. By default "
        "only the stage's limits apply.",
        minimum=0,
        maximum=THROTTLE_RATE,
        example=50,
    )
    throttle_burst: int | None = option(
        None,
        "With api-key: burst of requests of each key. It requires throttle_rate.",
        minimum=0,
        maximum=THROTTLE_BURST,
        example=100,
    )
    quota: int | None = option(
        None,
        "With api-key: requests of each key in a quota_period. By default there is no quota.",
        minimum=1,
        maximum=2_147_483_647,
        example=1_000_000,
    )
    quota_period: Literal["day", "week", "month"] = option(
        "month", "With a quota: the period after which it starts again (default month)."
    )
    source_ips: tuple[str, ...] = option(
        (),
        "IP addresses and CIDR ranges of clients that may read; all others get 403. With private "
        "they are addresses in the VPC (default: every address).",
        pattern=_NETWORK,
        allowed=_NETWORK_IN_WORDS,
        example=("203.0.113.0/24",),
    )
    private: bool = option(
        False,
        "Make the API private: it is reached through the VPC endpoints of source_vpces only "
        "(default false).",
    )
    source_vpces: tuple[str, ...] = option(
        (),
        "With private: IDs of the interface VPC endpoints for execute-api through which clients "
        "may read. URLs have the first one.",
        pattern=r"vpce-[0-9a-f]{8,17}",
        allowed="the ID of a VPC endpoint, such as vpce-0123456789abcdef0",
        example=("vpce-0123456789abcdef0",),
    )

    def __post_init__(self) -> None:
        check_options(self, "access")
        for name in ("principals", "keys", "source_ips", "source_vpces"):
            values = getattr(self, name)
            if len({*values}) < len(values):
                raise OptionError(f"access.{name}", list(values), "each value once")
        if len(self.keys) > _MOST_KEYS:
            allowed = f"at most {_MOST_KEYS} keys, each of which is two resources of the stack"
            raise OptionError("access.keys", list(self.keys), allowed)
        for network in self.source_ips:
            _check_network(network)
        self._check_effect()
        if (self.throttle_rate is None) != (self.throttle_burst is None):
            missing = "throttle_rate" if self.throttle_rate is None else "throttle_burst"
            raise OptionError(f"access.{missing}", None, "both throttle_rate and throttle_burst")

    @property
    def key_names(self) -> tuple[str, ...]:
        """The names of the API keys; none without `api-key`."""
        return (self.keys or _DEFAULT_KEYS) if self.auth == "api-key" else ()

    @property
    def request_headers(self) -> tuple[str, ...]:
        """The headers of requests that authorize them."""
        if self.auth == "public":
            return ()
        return _SIGNATURE_HEADERS if self.auth == "iam" else ("x-api-key",)

    @property
    def restricts_network(self) -> bool:
        """Whether it depends on the client's network who may read."""
        return bool(self.source_ips or self.source_vpces)

    def _check_effect(self) -> None:
        """Refuse options that have no effect, or that would refuse every reader."""
        of_keys = ("keys", "throttle_rate", "throttle_burst", "quota", "quota_period")
        needs = dict.fromkeys(of_keys, "api-key") | {"principals": "iam"}
        for name, auth in needs.items():
            if self.auth != auth and (value := getattr(self, name)) != getattr(Access, name):
                raise OptionError(f"access.{name}", _shown(value), f"it with auth = '{auth}' only")
        if self.quota is None and self.quota_period != Access.quota_period:
            raise OptionError("access.quota_period", self.quota_period, "it with a quota only")
        # API Gateway has the VPC endpoint of requests to private APIs only:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html
        if self.source_vpces and not self.private:
            allowed = "it with private = true only"
            raise OptionError("access.source_vpces", list(self.source_vpces), allowed)
        if self.private and not self.source_vpces:
            raise OptionError("access.private", True, "it with at least one of source_vpces")


def key_id_output(name: str) -> str:
    """The name of the output that has the ID of an API key."""
    return f"{name[:1].upper()}{name[1:]}ApiKeyId"


def _shown(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _check_network(network: str) -> None:
    try:
        ip_network(network)
    except ValueError as error:
        try:
            allowed = str(ip_network(network, strict=False))  # it has bits after the prefix
        except ValueError:
            raise OptionError("access.source_ips", network, _NETWORK_IN_WORDS) from error
        raise OptionError("access.source_ips", network, allowed) from error
