"""Which objects the role may read and list: those that its integrations name, and all of them."""

from collections.abc import Iterator, Sequence

from readmodel_cfn.analysis.audit.reader import Reader
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.audit.words import spoken
from readmodel_cfn.cloudformation.patterns import before_star, covers, has_star
from readmodel_cfn.cloudformation.policies import Statement, is_s3
from readmodel_cfn.cloudformation.s3_uri import Objects
from readmodel_cfn.cloudformation.values import PartialText, join_texts

_OF_BUCKETS = ("s3:getbucket", "s3:listbucket", "s3:listallmybuckets")
_LISTING = ("s3:listbucket", "s3:listbucketversions")
_CONFINING = ("stringequals", "stringlike", "stringequalsignorecase")


def _beyond(view: View) -> Iterator[Fault]:
    for reader in view.readers:
        for one in filter(_is_about_objects, reader.granted):
            for arn, objects in one.objects:
                needed = any(view.inside(wide, objects) for wide in reader.objects)
                if objects.key is not None and not needed:
                    yield Fault(
                        one.resource,
                        f"{one.path}/Resource",
                        f"{reader.id} may use {arn}; its integrations read {spoken(reader.keys)}",
                        "name the keys of the integrations, with * for each {parameter}",
                    )


def _is_about_objects(one: Statement) -> bool:
    return any(is_s3(name) and not name.lower().startswith(_OF_BUCKETS) for name in one.actions)


def _lists(view: View) -> Iterator[Fault]:
    for reader in view.readers:
        for one in reader.granted:
            listing = [name for name in one.actions if name.lower() in _LISTING]
            # An integration without a key is there to list.
            if listing and all(reader.keys) and not _confined(one, reader.keys):
                yield Fault(
                    one.resource,
                    one.path,
                    f"{reader.id} may do {spoken(listing)} beyond the integrations' keys",
                    "add a condition StringLike on s3:prefix with the beginnings of those keys",
                )


def _confined(one: Statement, keys: Sequence[PartialText]) -> bool:
    """Is the listing limited to what the keys begin with, up to their first parameter?"""
    beginnings = [join_texts([before_star(key), "*"]) for key in keys]
    return any(
        operator.lower() in _CONFINING
        and key.lower() == "s3:prefix"
        and all(any(covers(wide, value) for wide in beginnings) for value in values)
        for operator, key, values in one.conditions
    )


def _cannot_read(view: View) -> Iterator[Fault]:
    for reader in view.readers:
        for read in reader.objects if reader.role.complete else ():
            known = read.key and not has_star(read.bucket)
            if known and not _may_get(view, reader, read):
                yield Fault(
                    reader.id,
                    "Properties",
                    f"it may not s3:GetObject {read.bucket}/{read.key}",
                    "allow s3:GetObject on that key, with * for each {parameter}",
                )


def _may_get(view: View, reader: Reader, read: Objects) -> bool:
    """May the role get the objects, by its own policies or by the bucket's?"""
    of_buckets = (
        one
        for bucket in view.buckets
        for document in view.bucket_policies(bucket)
        for one in document.statements
        if one.allows
    )
    return any(
        "NotResource" in one.all_but or any(view.inside(to, read) for _, to in one.objects)
        for one in (*reader.granted, *of_buckets)
        if one.may("s3:GetObject") or "NotAction" in one.all_but
    )


RULES = (
    Rule(
        "R42",
        "role-beyond-keys",
        "The role reads only the keys that its integrations name",
        "Whatever else lies in the bucket is one mistake away from being public.",
        _beyond,
    ),
    Rule(
        "R43",
        "role-lists",
        "The role lists only the keys that its integrations name",
        "Whether a key exists can be found out for every key of the bucket.",
        _lists,
    ),
    Rule(
        "R44",
        "role-cannot-read",
        "The role may get every object that its integrations name",
        "Every read of it is refused: S3 answers 403.",
        _cannot_read,
    ),
)
