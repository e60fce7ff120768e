"""Chromium, headless, and pages on this machine whose scripts read an API of another origin."""

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
"""Debian's and Ubuntu's names of the program; None if it is not installed."""
TIMEOUT = 120  # seconds; a busy machine needs more than an idle one
# Each case has a name, a path below the API's URL, and the options of `fetch`. A case whose options
# have `repeat` is read a second time. ETAG in a header stands for the ETag that the page got.
PAGE = """<!doctype html><title>reads</title><script>
const {url, cases, script} = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const AsyncFunction = (async () => {}).constructor;
const results = {};
let etag = null;
async function read(path, {repeat, ...options}) {
  const headers = {};
  for (const [name, value] of Object.entries(options.headers || {}))
    headers[name] = value === "ETAG" ? etag : value;
  const response = await fetch(url + path, {...options, headers});
  const text = await response.text();
  if (repeat) return read(path, options);
  const found = response.headers.get("ETag");
  etag = etag || found;
  return {status: response.status, etag: found, text};
}
(async () => {
  for (const [name, path, options] of cases)
    try { results[name] = await read(path, options); }
    catch (error) { results[name] = {error: error.name}; }
  if (script)
    try { results.script = {result: await new AsyncFunction("url", script)(url)}; }
    catch (error) { results.script = {error: String(error)}; }
  await fetch("/results", {method: "POST", body: JSON.stringify(results)});
})();
</script>"""
Case = tuple[str, str, Mapping[str, Any]]
Results = Mapping[str, Mapping[str, Any]]


class Pages:
    """A server of the page, at every host name of this machine, and its visitor."""

    def __init__(self, port: int, profile: Path, results: "queue.Queue[Results]") -> None:
        self.port, self._profile, self._results = port, profile, results

    def origin(self, host: str) -> str:
        """The origin of the page at a host name."""
        return f"http://{host}:{self.port}"

    def visit(self, host: str, url: str, cases: Sequence[Case] = (), script: str = "") -> Results:
        """What the page at a host name can read of an API; a new browser has an empty cache.

        `script` is the body of an asynchronous function of `url`; what it returns is the result
        `script`.
        """
        task = quote(json.dumps({"url": url, "cases": list(cases), "script": script}))
        with _browser(f"{self.origin(host)}/#{task}", self._profile):
            return self._results.get(timeout=TIMEOUT)


@contextmanager
def pages(profiles: Path) -> Iterator[Pages]:
    """Serve the page while the block runs."""
    results: queue.Queue[Results] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond(PAGE.encode(), "text/html")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._respond(b"{}", "application/json")
            results.put(json.loads(body))

        def _respond(self, body: bytes, content_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield Pages(server.server_port, profiles, results)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _browser(url: str, profiles: Path) -> Iterator[None]:
    """Chromium with a new profile, which loads nothing but the URL; ended with its processes."""
    profile = profiles / f"profile-{len(list(profiles.iterdir()))}"
    profile.mkdir()
    options = [
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--disable-quic", "--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", "--no-proxy-server"),
        f"--user-data-dir={profile}",
    ]
    with (profile / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(CHROMIUM), *options, url],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(TIMEOUT)
