"""`make second-opinion`: the same stacks and requests on two emulators, and where they differ.

The sandbox evaluates the generated API with this project's own code, so a misunderstanding of AWS
would stand in both the template and its test. LocalStack is independent code for the same thing.
The stacks and requests are in `second_opinion/cases/`, the differences that are known, each with
its reason, in `second_opinion/known.py`. Any other difference makes this exit 1.
"""

import sys

from second_opinion.run import main

if __name__ == "__main__":
    sys.exit(main())
