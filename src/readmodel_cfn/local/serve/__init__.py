"""Serves the API of a template on this machine, with documents from a folder or an S3.

    with serving(Path("template.yaml"), "data") as url:
        ...

    serving     the public functions `serving` (in a program) and `serve` (for the command)
    source      what is served: a template, its parameters, how documents are stored
    api         the API of a template: its routes, and responses to requests
    folder      a folder that answers as S3, with its files as objects
    endpoint    an S3 at a URL
    signing     signs the requests to it
    s3          S3's responses to reads of an object: headers, conditions, ranges, errors
    bucket_cors the headers that S3 adds by the CORS rules of a bucket
    permissions whether a role of the template may list the bucket and get a key
    page_origins which pages of other origins may read, besides those that the template allows
    reload      loads the API again when its file changes
    app         the API as an ASGI application
    server      the socket, and the HTTP server (uvicorn)

It serves any template that `readmodel_cfn.local.gateway` evaluates.
"""

from readmodel_cfn.local.serve.app import Answered
from readmodel_cfn.local.serve.serving import DOCUMENTS, ServedApi, serve, serving
from readmodel_cfn.local.serve.source import Source, Storage

__all__ = ["DOCUMENTS", "Answered", "ServedApi", "Source", "Storage", "serve", "serving"]
