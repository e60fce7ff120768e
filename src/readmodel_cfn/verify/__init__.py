"""Checks of a deployed stack over HTTP: `verify` checks its promises, `race` reads under writes.

`contract` has what is promised, `probe` a document that is written for the check and always
removed, `session` the requests, `checks` one judgement for each promise.
"""
