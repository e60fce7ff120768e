"""Comment on the merge request with the changes in a file; a new run updates the comment.

https://docs.gitlab.com/api/notes/#merge-requests
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

HEAD = "<!-- readmodel-cfn -->\nChanges of a deploy:\n\n"
NOTES = "{CI_API_V4_URL}/projects/{CI_PROJECT_ID}/merge_requests/{CI_MERGE_REQUEST_IID}/notes"
LONGEST = 900_000  # characters; GitLab accepts 1,000,000


def call(method: str, url: str, **data: str) -> list[dict[str, object]]:
    """Call GitLab's API with the project's token."""
    request = Request(url, method=method, headers={"PRIVATE-TOKEN": os.environ["COMMENT_TOKEN"]})
    if data:
        request.data = urlencode(data).encode()
    with urlopen(request, timeout=30) as response:
        return json.load(response)


def existing(notes: str) -> str | None:
    """The URL of this job's comment, if there is one."""
    page = 1
    while found := call("GET", f"{notes}?per_page=100&page={page}"):
        for note in found:
            if str(note["body"]).startswith(HEAD.splitlines()[0]):
                return f"{notes}/{note['id']}"
        page += 1
    return None


lines = Path(sys.argv[1]).read_text().splitlines() or ["no changes"]
text = "\n".join(f"    {line}" for line in lines)  # indented: Markdown changes nothing
notes = NOTES.format_map(os.environ)
url = existing(notes)
call("PUT" if url else "POST", url or notes, body=HEAD + text[:LONGEST])
