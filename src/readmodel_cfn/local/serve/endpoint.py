"""An S3 at a URL, which gets the requests of an integration as API Gateway would send them.

Each request has the method, path, query, body and mapped headers of the integration request. The
headers that API Gateway adds itself (User-Agent, X-Amzn-Trace-Id) are not sent. Without a signer
the request is not signed: the S3 must accept that, as it does for a public bucket.
"""

import re
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import quote, urlencode, urlsplit

from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.limits import API_PAYLOAD_BYTES, INTEGRATION_SECONDS
from readmodel_cfn.local.gateway import S3Request, S3Response
from readmodel_cfn.local.serve.signing import Signer

_BODILESS = ("GET", "HEAD", "DELETE", "OPTIONS")


class Endpoint:
    """An S3 at a URL, with the bucket in the path: `URL/BUCKET/KEY`.

    `signer` signs the requests; without one they are not signed.

    Raises:
        ConfigError: the URL is not an http or https URL.
    """

    is_remote = True

    def __init__(self, url: str, signer: Signer | None = None) -> None:
        try:
            parts = urlsplit(url)
            valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            valid = False
        if not valid or parts.query or parts.fragment or re.search(r"[^\x21-\x7e]", url):
            hint = "use an http or https URL, such as http://127.0.0.1:9000"
            raise ConfigError(f"{url!r} is not allowed", where="--s3-endpoint", hint=hint)
        self._is_https, self._path = parts.scheme == "https", parts.path.rstrip("/")
        self._host, self._port = parts.hostname or "", parts.port
        self._origin, self._signer = f"{parts.scheme}://{parts.netloc}", signer

    def answer(self, request: S3Request) -> S3Response:
        """S3's response; a body over API Gateway's limit is cut one byte after it.

        Raises:
            TimeoutError: S3 does not answer in time.
            OSError: S3 cannot be reached, or its response cannot be read.
        """
        kind = HTTPSConnection if self._is_https else HTTPConnection
        connection = kind(self._host, self._port, timeout=INTEGRATION_SECONDS)
        try:
            self._send(connection, request)
            return _read(connection.getresponse())
        except (HTTPException, ValueError, ReadModelError) as error:
            # ValueError: a header that is not allowed; ReadModelError: a key that has expired.
            raise OSError(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def missing(self, request: S3Request) -> S3Response | None:  # noqa: ARG002 - the S3 protocol
        """None: the response for a missing key depends on that S3."""
        return None

    def _send(self, connection: HTTPConnection, request: S3Request) -> None:
        target = f"{self._path}/{request.bucket}/{quote(request.key, safe='/-_.~')}"
        if request.query:
            target += f"?{urlencode(request.query, quote_via=quote)}"
        headers = dict(request.headers)
        if self._signer:
            headers = self._signer.signed(
                request.method, self._origin + target, request.region, headers, request.body
            )
        own_host = "host" in request.headers
        connection.putrequest(request.method, target, skip_host=own_host, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode("latin-1", "replace"))
        if request.body or request.method not in _BODILESS:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)


def _read(response: HTTPResponse) -> S3Response:
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        lower = name.lower()
        headers[lower] = f"{headers[lower]},{value}" if lower in headers else value
    return S3Response(response.status, headers, response.read(API_PAYLOAD_BYTES + 1))
