"""AWS on this machine.

gateway     API Gateway, without input and output
serve       one API over HTTP, in front of a folder or an S3
sandbox     an embedded AWS: CloudFormation, S3, API Gateway, IAM and Secrets Manager
"""
