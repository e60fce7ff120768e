"""Issuers of OIDC tokens whose jobs may assume the writer's role, and how a subject names a job.

The identity provider belongs to the account, which has one for each issuer: the stack refers to it
and never creates it. Sources:
https://docs.github.com/en/actions/reference/security/oidc
https://docs.gitlab.com/ci/cloud_services/aws/
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# A subject is compared exactly, so it has no *, ? or $, which conditions of IAM interpret.
_CONTEXT = r"[A-Za-z0-9_./@%+#=:!&~()-]+"


@dataclass(frozen=True)
class Issuer:
    """An issuer: its name, its host and path, the audience of its tokens, and their subjects."""

    name: str
    host: str
    audience: str
    subject: str

    @property
    def command(self) -> str:
        """The command that creates its identity provider.

        A thumbprint is optional: IAM verifies these hosts by its own list of certificate
        authorities.
        https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
        """
        return (
            f"aws iam create-open-id-connect-provider --url https://{self.host} "
            f"--client-id-list {self.audience}"
        )


# With the IDs of owner and repository in repositories created, renamed or moved since July 2026:
# https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens
_OWNER, _REPOSITORY = "[A-Za-z0-9_-]+", "[A-Za-z0-9_.-]+"
_GITHUB = rf"repo:({_OWNER}/{_REPOSITORY}|{_OWNER}@\d+/{_REPOSITORY}@\d+):{_CONTEXT}"
_GITLAB = rf"project_path:[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+:{_CONTEXT}"

ISSUERS = (
    Issuer("GitHub", "token.actions.githubusercontent.com", "sts.amazonaws.com", _GITHUB),
    Issuer("GitLab", "gitlab.com", "https://gitlab.com", _GITLAB),
)
SUBJECT = "|".join(issuer.subject for issuer in ISSUERS)


def subjects_of(issuer: Issuer, principals: Sequence[str]) -> list[str]:
    """The principals that are subjects of this issuer."""
    return [name for name in principals if re.fullmatch(issuer.subject, name)]


def issuers_of(principals: Sequence[str]) -> list[Issuer]:
    """The issuers of the principals that are subjects."""
    return [issuer for issuer in ISSUERS if subjects_of(issuer, principals)]
