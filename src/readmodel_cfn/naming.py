"""Logical ids, and the article's way to make physical names.

A logical id is the article's, after the prefix of an embedding stack. A route's ids derive from its
path alone, so that adding, removing or reordering routes changes no other route's id.
"""

import hashlib
import re
from dataclasses import dataclass

from troposphere import Join, Ref

# The article calls the resource of `samples` SampleResource and its method SamplesGetMethod: the
# one pair of ids that no rule gives, kept so that its readers find what they know.
_ARTICLE_STEMS = {"samples": ("Sample", "Samples")}
_RESERVED = {"sample"}  # by the rule below it would take SampleResource too
_PLAIN = re.compile(r"[a-z][a-z0-9]*(/[a-z][a-z0-9]*)*")
_LONGEST_STEM = 80

# What begins the logical ids of a read model that is one of several.
PREFIX = r"[A-Za-z0-9]{0,64}"
PREFIX_IN_WORDS = "at most 64 of A-Z a-z 0-9"

# What IAM takes, for the options that name users, roles and boundaries.
IAM_NAME = r"[A-Za-z0-9_+=,.@-]{1,64}"
IAM_NAME_IN_WORDS = "1 to 64 of A-Z a-z 0-9 and _ + = , . @ -"
BOUNDARY = r"arn:[a-z-]+:iam::(\d{12}|aws):policy/[A-Za-z0-9_+=,.@/-]{1,128}"


@dataclass(frozen=True)
class Names:
    """The logical ids of one read model in one template, under `prefix`."""

    prefix: str = ""

    def __call__(self, logical_id: str) -> str:
        """The id under this read model's prefix."""
        return self.prefix + logical_id

    def resource(self, path: str) -> str:
        """The id of the API resource at `path`, such as ProductsResource."""
        return self(_stems(path)[0] + "Resource")

    def method(self, path: str, verb: str) -> str:
        """The id of the method that answers `verb` at `path`, such as ProductsGetMethod."""
        return self(f"{_stems(path)[1]}{verb.capitalize()}Method")


def _stems(path: str) -> tuple[str, str]:
    if path in _ARTICLE_STEMS:
        return _ARTICLE_STEMS[path]
    words = re.findall(r"[A-Za-z0-9]+", path)
    stem = "".join(word[:1].upper() + word[1:] for word in words)
    if _PLAIN.fullmatch(path) and path not in _RESERVED and len(stem) <= _LONGEST_STEM:
        return stem, stem
    # Anything else could meet another path in one stem (`a-b` and `ab`): its hash keeps them apart.
    stem = stem[:_LONGEST_STEM] + hashlib.sha256(path.encode()).hexdigest()[:8].upper()
    return stem, stem


def stack_named(suffix: str) -> Join:
    """The article's names: the parameter StackName and a suffix."""
    return Join("", [Ref("StackName"), suffix])
