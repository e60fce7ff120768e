"""The fault bench's matrix: run, and told as a table."""
