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
    AWS, and `env` the environment of readmodel.toml, None if it has none.
    """

    account: str | None = None
    region: str | None = None
    stack: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    sandbox: bool = False
    env: str | None = None

    @property
    def place(self) -> str:
        """The account and region, with the environment, the profile and the role.

        Such as `123456789012/eu-west-1 (environment production)`.
        """
        region = self.region or "no region"
        env = [f"environment {self.env}"] * bool(self.env)
        if self.sandbox:
            return f"{SANDBOX} ({', '.join([region, *env])})"
        account = "account unknown" if self.account == "" else self.account
        who = env + [f"profile {self.profile}"] * bool(self.profile)
        who += [f"role {_role_name(self.role_arn)}"] * bool(self.role_arn)
        return "/".join(filter(None, (account, region))) + (f" ({', '.join(who)})" if who else "")

    @property
    def table(self) -> str:
        """The table of readmodel.toml that is sure to set a key of this stack."""
        return f"[env.{self.env}.stack]" if self.env else "[stack]"

    def __str__(self) -> str:
        return f"stack {self.stack} in {self.place}" if self.stack else self.place

    def as_dict(self) -> dict[str, Any]:
        """The fields that results have with `--json`."""
        return asdict(self) | {"account": self.account or None}


def _role_name(arn: str | None) -> str:
    """The name in a role's ARN, or in that of a session: `assumed-role/NAME/SESSION`."""
    kind, *names = (arn or "").rpartition(":")[2].split("/")
    return names[0] if kind == "assumed-role" and names else (names or [kind])[-1]
