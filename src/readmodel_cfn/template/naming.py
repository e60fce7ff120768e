"""Logical IDs of the resources, and the names and ARNs that options allow.

A logical ID is an optional prefix and the ID in the article. The IDs of a route depend only on its
path, so adding, removing or reordering routes changes no ID of another route.
"""

import hashlib
import re
from dataclasses import dataclass

# The article names the resource of `samples` SampleResource and its method SamplesGetMethod. No
# rule gives both names; they are kept for readers of the article.
_ARTICLE_STEMS = {"samples": ("Sample", "Samples")}
_RESERVED = {"sample"}  # the rule below would name it SampleResource too
_PLAIN = re.compile(r"[a-z][a-z0-9]*(/[a-z][a-z0-9]*)*")
_STEM_LENGTH = 80

# The prefix of the logical IDs of a read model, for templates with several read models.
PREFIX = r"[A-Za-z0-9]{0,64}"
PREFIX_IN_WORDS = "at most 64 of A-Z a-z 0-9"

# Names of users and roles, principals, and ARNs of permissions boundaries, as IAM allows them.
IAM_NAME = r"[A-Za-z0-9_+=,.@-]{1,64}"
IAM_NAME_IN_WORDS = "1 to 64 of A-Z a-z 0-9 and _ + = , . @ -"
IAM_PRINCIPAL = r"\d{12}|arn:[a-z-]+:iam::\d{12}:(root|(user|role)/[A-Za-z0-9_+=,.@/-]{1,128})"
IAM_PRINCIPAL_IN_WORDS = "an account ID, or the ARN of an account's root, a user or a role"
BOUNDARY = r"arn:[a-z-]+:iam::(\d{12}|aws):policy/[A-Za-z0-9_+=,.@/-]{1,128}"

# A KMS key (no alias: policies do not follow aliases), and a hosted zone of Route 53.
KMS_KEY = r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]{1,64}"
HOSTED_ZONE = r"Z[A-Z0-9]{1,31}"
HOSTED_ZONE_IN_WORDS = "the ID of a hosted zone, such as Z0123456789ABCDEFGHIJ"


@dataclass(frozen=True)
class Names:
    """The logical IDs of one read model, each after `prefix`."""

    prefix: str = ""

    def __call__(self, logical_id: str) -> str:
        """The logical ID with the prefix."""
        return self.prefix + logical_id

    def resource(self, path: str) -> str:
        """The logical ID of the API resource at `path`, such as ProductsResource."""
        return self(_stems(path)[0] + "Resource")

    def method(self, path: str, verb: str) -> str:
        """The logical ID of the method `verb` at `path`, such as ProductsGetMethod."""
        return self(f"{_stems(path)[1]}{verb.capitalize()}Method")


def _stems(path: str) -> tuple[str, str]:
    if path in _ARTICLE_STEMS:
        return _ARTICLE_STEMS[path]
    words = re.findall(r"[A-Za-z0-9]+", path)
    stem = "".join(word[:1].upper() + word[1:] for word in words)
    if _PLAIN.fullmatch(path) and path not in _RESERVED and len(stem) <= _STEM_LENGTH:
        return stem, stem
    # Any other path gets a hash: two of them (`a-b` and `ab`) can have the same stem.
    stem = stem[:_STEM_LENGTH] + hashlib.sha256(path.encode()).hexdigest()[:8].upper()
    return stem, stem
