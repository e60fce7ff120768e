"""`make faults`: everything that can go wrong between the command line and AWS, and what it says.

A proxy before the sandbox throttles, fails, resets, delays, empties, cuts off and garbles the
answers to each call that `deploy` and `delete` make, and pages events in every way; the process is
killed and interrupted at every call. After each, what the command said (its exit code and its last
line) is compared with what CloudFormation says, nothing may be deleted, no change set left, and the
same command run again must end well. The proxy and the judge are those of tests/sandbox/fault_*.py.

`--quick` does one trial in eleven, `--json` prints the counts. It exits with 1 where any verdict
was wrong.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "sandbox"))

if __name__ == "__main__":
    from faults.run import main

    sys.exit(main(sys.argv[1:]))
