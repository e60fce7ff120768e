"""An API served on this machine: the template's own gateway in front of a folder or an S3.

    with serving(Path("template.yaml"), "data") as url:
        ...

    serving     the public functions: for a program, and for the command
    source      what is served: a template, its parameters, how documents are stored
    api         the API of a template: a request in, a response out; its routes
    folder      a folder as S3, its files as objects
    endpoint    an S3 at a URL
    s3          how S3 answers a read of an object: headers, conditions, ranges, errors
    permissions whether a role of the template may list the bucket and get a key
    reload      a new API when its description changes
    app         the API as an ASGI application
    server      the port, and the HTTP server (uvicorn)

It serves any template that `readmodel_cfn.local.gateway` evaluates.
"""

from readmodel_cfn.local.serve.app import Answered
from readmodel_cfn.local.serve.serving import DOCUMENTS, ServedApi, serve, serving
from readmodel_cfn.local.serve.source import Source, Storage

__all__ = ["DOCUMENTS", "Answered", "ServedApi", "Source", "Storage", "serve", "serving"]
