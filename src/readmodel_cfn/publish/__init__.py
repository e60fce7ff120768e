"""Store: payloads into the bucket, out of it, and back through the API.

This package takes text, names and clients; it knows no template and no read model.
"""
