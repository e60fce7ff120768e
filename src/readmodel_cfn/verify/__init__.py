"""Checks of a deployed stack over HTTP: `verify` checks its promises, `race` reads during writes.

`contract` says what is promised. `probe` writes a document for the check and always removes it.
`session` sends the requests. `checks` has one check for each promise.
"""
