"""Target: the AWS account, region and stack that a command works on, for messages and programs."""

from dataclasses import asdict, dataclass
from typing import Any

SANDBOX = "the sandbox"
"""The name of the embedded AWS in messages."""


@dataclass(frozen=True)
class Target:
    """The account, region and stack of a change, and whose permissions make it.

    `account` is None if no call has read it, and empty if AWS does not return it. `profile` is the
    AWS profile, None for other credentials. `role_arn` is the role that CloudFormation assumes, or
    the role that the caller has assumed, if it is known. `sandbox` is whether it is the embedded
    AWS.
    """

    account: str | None = None
    region: str | None = None
    stack: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    sandbox: bool = False

    @property
    def place(self) -> str:
        """The account and region, with the profile and role: `123456789012/eu-west-1`."""
        region = self.region or "no region"
        if self.sandbox:
            return f"{SANDBOX} ({region})"
        account = "account unknown" if self.account == "" else self.account
        who = [f"profile {self.profile}"] * bool(self.profile)
        who += [f"role {_role_name(self.role_arn)}"] * bool(self.role_arn)
        return "/".join(filter(None, (account, region))) + (f" ({', '.join(who)})" if who else "")

    def __str__(self) -> str:
        return f"stack {self.stack} in {self.place}" if self.stack else self.place

    def as_dict(self) -> dict[str, Any]:
        """The fields that results have with `--json`."""
        return asdict(self) | {"account": self.account or None}


def _role_name(arn: str | None) -> str:
    """The name in a role's ARN, or in that of a session: `assumed-role/NAME/SESSION`."""
    kind, *names = (arn or "").rpartition(":")[2].split("/")
    return names[0] if kind == "assumed-role" and names else (names or [kind])[-1]
