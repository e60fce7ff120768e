"""Live: does a stage serve what the stack's template says, and what was changed by hand?

`expected` reads a template, `snapshot` asks API Gateway, `compare` puts both side by side: it tells
what differs, and what it could compare at all. `drift` has CloudFormation look at every resource.
This package takes templates as values and clients as they come; it knows no read model.
"""
