"""Publish JSON documents to S3, list their versions, and restore them.

The routes and settings of the read model are arguments.
"""
