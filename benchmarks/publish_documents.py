"""Documents to publish: a folder of JSON files, changed in part, and held against a bucket."""

import hashlib
import json
import random
import sys
from pathlib import Path
from typing import Any

BYTES = 4096
ROUTES = '[[routes]]\npath = "docs/{id}"\nkey = "docs/{id}.json"\n'
_EVERY = 100  # the documents that are changed: one of so many


class Documents:
    """So many documents below a folder, and what a bucket holds when they are published."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self._count = folder, count
        (folder / "docs").mkdir(parents=True)
        self._md5 = {self._write(number, number) for number in range(count)}

    def change(self) -> None:
        """Give one of 100 another content of the same size."""
        self._rewrite(self._count)

    def restore(self) -> None:
        """Give them their first content back."""
        self._rewrite(0)

    def _rewrite(self, shift: int) -> None:
        numbers = range(0, self._count, _EVERY)
        names = {f"docs/{number:06}.json" for number in numbers}
        self._md5 = {one for one in self._md5 if one[0] not in names}
        self._md5 |= {self._write(number, number + shift) for number in numbers}

    def _write(self, number: int, seed: int) -> tuple[str, str]:
        """Write a document; its key and its MD5."""
        key, body = f"docs/{number:06}.json", document(seed)
        (self.folder / key).write_bytes(body)
        return key, hashlib.md5(body).hexdigest()  # noqa: S324 - an ETag

    def check(self, s3: Any, bucket: str) -> None:
        """Stop where the bucket does not hold exactly these."""
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        listed = {
            (one["Key"], one["ETag"].strip('"'))
            for page in pages
            for one in page.get("Contents", ())
        }
        if wrong := listed ^ self._md5:
            sys.exit(f"{bucket}: {len(wrong)} differences, such as {min(wrong)}")


def document(seed: int) -> bytes:
    """A JSON document of 4 KB that no compression makes much smaller."""
    empty = json.dumps({"id": seed, "text": ""})
    text = random.Random(seed).randbytes(BYTES // 2).hex()  # noqa: S311 - no secret
    return json.dumps({"id": seed, "text": text[: BYTES - len(empty)]}).encode()
