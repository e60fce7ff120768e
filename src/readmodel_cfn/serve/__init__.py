"""An API served on this machine: the template's own gateway over a folder that stands for S3.

    api         the API of a template, over a folder: a request in, a response out
    routes      what it serves, for people and programs
    folder      the folder as S3: conditions, ranges, s3_errors
    permissions what the template's roles may read, from their policies' statements
    files       its files as objects (stored), found by key and kept while they do not change
    app         the API as an ASGI application
    reload      the API made anew when its description changes
    server      the port, the signals, and the HTTP server (uvicorn)

It serves any template that `readmodel_cfn.gateway` evaluates, and knows neither troposphere nor
the read model's sections.
"""
