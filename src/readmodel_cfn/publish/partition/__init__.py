"""Documents that several workers publish, each a partition of them.

`rows.py` sorts the documents of a partition on disk, `results.py` has what a worker returns, and
`commit.py` merges the partitions to one release. `partitions.py` beside it has the public calls.
"""
