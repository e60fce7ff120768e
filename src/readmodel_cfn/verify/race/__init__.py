"""The race: one writer replaces a document again and again while readers read it, and are judged.

It knows neither the template nor the model: a URL to read, and functions that write.
"""
