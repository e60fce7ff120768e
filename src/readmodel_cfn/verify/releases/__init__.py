"""`verify --releases`: two documents are read while one release after the other is activated.

`measure.py` activates and reads, `judge.py` says which reads are wrong, `run.py` does both on a
deployed stack.
"""
