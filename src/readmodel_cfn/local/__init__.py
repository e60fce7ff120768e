"""Emulators of AWS that run on this machine.

gateway     evaluates a REST API of API Gateway; does no input or output
serve       serves one API over HTTP, with documents from a folder or an S3
sandbox     runs an embedded AWS: CloudFormation, S3, API Gateway, IAM and Secrets Manager
"""
