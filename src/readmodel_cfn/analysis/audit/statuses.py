"""What S3 can answer to GET and HEAD, and which answers to a client are honest.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and API_GetObject.html there:
304, 412, 206 and 416 come only to a request with the condition or range that asks for them.
"""

from readmodel_cfn.analysis.audit.method import Method

ALWAYS = (200, 301, 307, 400, 403, 404, 405, 500, 503)
_ON_HEADERS = {
    206: ("Range",),
    304: ("If-None-Match", "If-Modified-Since"),
    412: ("If-Match", "If-Unmodified-Since"),
    416: ("Range",),
}


def possible(method: Method) -> list[int]:
    """The statuses that S3 can answer the method with, as its integration asks."""
    asked = [one for one, names in _ON_HEADERS.items() if any(map(method.forwards, names))]
    return sorted([*ALWAYS, *asked])


def honest(s3: int, answer: int, known: bool) -> bool:
    """Is S3's status answered with one of its class?

    A 4xx that is not `known` to come may also be a 5xx: nobody foresaw it. So are redirects, which
    a client could not follow: they lead to S3.
    """
    if s3 in (200, 206, 304):
        return answer == s3
    if 400 <= s3 < 500:
        return 400 <= answer < (500 if known else 600)
    return 500 <= answer < 600


def swallowed(s3: int, answer: int) -> bool:
    """Is an error of S3, or a redirect, answered as a success or a redirect?"""
    return s3 >= 300 and s3 != 304 and answer < 400
