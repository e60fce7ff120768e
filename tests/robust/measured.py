"""Runs a program and writes its exit code, processor time and memory to a file, as JSON.

    python -S measured.py FILE SECONDS PROGRAM ARGUMENT...

The memory that the kernel reports for a process begins with that of its parent, which is small here
(https://man7.org/linux/man-pages/man2/getrusage.2.html). After SECONDS of processor time the
program is killed.
"""

import json
import os
import resource
import sys


def main() -> None:
    file, seconds, *command = sys.argv[1:]
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
        os.execv(command[0], command)  # noqa: S606 - the program under test
    _, status, used = os.wait4(child, 0)
    unit = 1024 if sys.platform == "linux" else 1024**2
    found = {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": used.ru_utime + used.ru_stime,
        "mb": used.ru_maxrss / unit,
    }
    with open(file, "w") as written:  # noqa: PTH123 - pathlib takes memory
        json.dump(found, written)


if __name__ == "__main__":
    main()
