"""The least that a publisher does, with obstore alone: list, stat, and send what is newer.

    floor.py FOLDER BUCKET

It checks nothing and compares times, so it is a lower bound and not a publisher.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import obstore
from obstore.store import S3Store

folder, bucket = sys.argv[1:]
url = os.environ["AWS_ENDPOINT_URL"]
authorities = os.environ.get("AWS_CA_BUNDLE")
options = {"allow_http": True}
if authorities:
    options["root_certificate"] = Path(authorities).read_bytes()  # type: ignore[assignment]
store = S3Store(bucket, endpoint=url, client_options=options)  # type: ignore[arg-type]
listed = {
    entry["path"]: entry["last_modified"].timestamp()
    for page in obstore.list(store, chunk_size=1000)
    for entry in page
}
with os.scandir(f"{folder}/docs") as files:
    sent = [
        file.name for file in files if listed.get(f"docs/{file.name}", 0) < file.stat().st_mtime
    ]


def put(name: str) -> None:
    """Send a file."""
    body = Path(f"{folder}/docs/{name}").read_bytes()
    obstore.put(store, f"docs/{name}", body, use_multipart=False)


if sent:
    with ThreadPoolExecutor(64) as threads:
        list(threads.map(put, sent))
