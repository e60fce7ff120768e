"""A second opinion on the sandbox: LocalStack's. Outside the everyday tests: it needs 515 MB.

`cases` says what to deploy and ask, in the words of `steps`, and `known` which differences are
understood; `run` starts both places and prints what `compare` finds.
"""
