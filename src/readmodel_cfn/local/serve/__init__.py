"""An API served on this machine: the template's own gateway over a folder that stands for S3.

    api         the API of a template, over a folder: a request in, a response out; its routes
    folder      the folder as S3, its files as objects
    s3          how S3 answers a read of an object: headers, conditions, ranges, errors
    permissions whether a role of the template may list the bucket and get a key
    reload      a new API when its description changes
    server      the API as an ASGI application, the port, and the HTTP server (uvicorn)

It serves any template that `readmodel_cfn.local.gateway` evaluates, and knows neither troposphere
nor the sections of the read model.
"""
