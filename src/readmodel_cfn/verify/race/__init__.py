"""Race: a writer replaces a document repeatedly while readers read it, and every read is checked.

Only `race` uses a stack; the other modules get a URL to read and functions that write.
"""
