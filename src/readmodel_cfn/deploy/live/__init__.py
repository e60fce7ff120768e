"""Compare the stages of a stack with its template, and detect drift.

`expected` reads the stages from a template, `snapshot` reads a stage from API Gateway, `compare`
finds the differences; `drift` runs CloudFormation's drift detection. Templates and clients are
arguments, so this works with any stack.
"""
