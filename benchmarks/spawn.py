"""Runs a command and prints its wall time, processor time, peak memory and exit code.

On Linux the peak memory of a child is at least that of its parent. This parent imports almost
nothing; run it with -I and -S.
"""

import os
import sys
import time

command = sys.argv[1:]
drop = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]  # stdout is discarded, stderr is not
start = time.perf_counter()
child = os.posix_spawn(command[0], command, os.environ, file_actions=drop)
_, status, used = os.wait4(child, 0)
seconds = time.perf_counter() - start
mib = used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
print(seconds, used.ru_utime + used.ru_stime, mib, os.waitstatus_to_exitcode(status))
