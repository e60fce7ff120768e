"""`make dist`: the sdist and the wheel, and the proof that they work where nothing else is.

Built, what they hold compared with what git has, installed on each Python that the metadata names
and this machine has, taken along the README's tour there, and type-checked as a client's.
It exits with 1 where anything is wrong, and leaves `dist/` alone.
"""

import sys

from release.run import main

if __name__ == "__main__":
    sys.exit(main())
