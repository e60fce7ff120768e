"""One writer replaces a document repeatedly while readers read it, and every read is checked.

Nothing but `race` knows about stacks: the rest has a URL to read and functions that write.
"""
