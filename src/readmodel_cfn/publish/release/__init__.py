"""Releases: a set of documents that goes live at once.

`build.py` stores the documents below `releases/ID/` and writes the manifest, `activate.py` makes a
release live, `prune.py` deletes old ones. `store.py` has the objects that they share.
"""
