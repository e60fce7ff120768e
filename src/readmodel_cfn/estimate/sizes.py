"""The sizes of documents, as they are stored and as readers receive them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.progress import OnProgress, Step
from readmodel_cfn.publish.documents import (
    Document,
    Settings,
    body_fault,
    encode,
    encoder,
    key_fault,
)
from readmodel_cfn.publish.files import PassedOver, check, files, require_existing
from readmodel_cfn.publish.results import Fault, InvalidDocuments
from readmodel_cfn.publish.selection import Selection

Paths = str | PathLike[str] | Iterable[str | PathLike[str]]
"""One path of a file or a directory, or several."""

# The sizes that CloudFront compresses:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
_CDN_COMPRESSES = range(1_000, 10_000_001)
_GZIP = Settings(gzip=True)


@dataclass(frozen=True)
class Sizes:
    """The number of documents and their bytes in all.

    `stored` is in the bucket. The others are what readers who accept gzip receive: from the API,
    from a CDN in front of the API, and from a CDN in front of the bucket. Headers are not in them.
    """

    documents: int = 0
    stored: int = 0
    api: int = 0
    cdn_api: int = 0
    cdn_store: int = 0


def sizes_of(
    documents: Paths | Mapping[str, object],
    settings: Settings,
    selection: Selection,
    compress_from: int | None,
    on_progress: OnProgress,
) -> Sizes:
    """The sizes of files below paths, or of values by key, all of which are checked.

    The API compresses responses from `compress_from` bytes. gzip of level 9 stands for what API
    Gateway and CloudFront do: their levels are not documented.

    Raises:
        ConfigError: a path does not exist, or there is no document.
        InvalidDocuments: documents are invalid.
    """
    on_progress(Step("Measuring the documents"))
    found = Sizes()
    first, faults = None, 0
    for document in _documents(documents, settings, selection):
        if isinstance(document, Fault):
            first, faults = first or document, faults + 1
            continue
        found = _added(found, document.stored, settings.gzip, compress_from)
    if first:
        raise InvalidDocuments(first, faults)
    if not found.documents:
        hint = "name a folder of .json files that the routes serve"
        raise ConfigError("no document", where="estimate", hint=hint)
    return found


def _added(sizes: Sizes, stored: bytes, is_gzip: bool, compress_from: int | None) -> Sizes:
    plain = len(stored)
    by_api = not is_gzip and compress_from is not None and plain >= compress_from
    by_cdn = not is_gzip and plain in _CDN_COMPRESSES
    gzip = len(_GZIP.stored(stored)) if by_api or by_cdn else plain
    return replace(
        sizes,
        documents=sizes.documents + 1,
        stored=sizes.stored + plain,
        api=sizes.api + (gzip if by_api else plain),
        cdn_api=sizes.cdn_api + (gzip if by_api or by_cdn else plain),
        cdn_store=sizes.cdn_store + (gzip if by_cdn else plain),
    )


def _documents(
    documents: Paths | Mapping[str, object], settings: Settings, selection: Selection
) -> Iterator[Document | Fault]:
    if isinstance(documents, Mapping):
        yield from _of_values(documents, settings, selection)
        return
    several = [documents] if isinstance(documents, str | PathLike) else documents
    paths = [Path(path) for path in several]
    require_existing(paths)
    for found in check(files(paths, selection), settings.stored, selection):
        if not isinstance(found, PassedOver):
            yield found


def _of_values(
    documents: Mapping[str, object], settings: Settings, selection: Selection
) -> Iterator[Document | Fault]:
    encode_value = encoder()
    for key, value in documents.items():
        if selection.passes_over(key):
            continue
        body = encode(value, key, encode_value)
        if isinstance(body, Fault):
            yield body
            continue
        stored = settings.stored(body)
        fault = key_fault(key, key, selection.serves) or body_fault(body, stored, key)
        yield fault or Document(key, stored, key)
