"""JSON documents into the bucket, and their versions: publish, history and restore.

It knows values, files and S3; of a read model it is given the routes and the settings.
"""
