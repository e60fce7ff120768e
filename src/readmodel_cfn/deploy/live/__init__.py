"""Does a stage serve what the stack's template says, and was a resource changed outside the stack?

`expected` reads the stages from a template, `snapshot` reads a stage from API Gateway, `compare`
finds the differences; `drift` runs CloudFormation's drift detection. Templates and clients are
arguments, so that this works with any stack.
"""
