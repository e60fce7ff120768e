"""Connections to AWS, retries, botocore errors as this package's errors, and an HTTP client."""
