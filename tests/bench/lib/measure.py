#!/usr/bin/env python3
"""Runs a command and prints what it cost: wall seconds, CPU seconds (with its children's), most memory in kB.

    measure.py OUTPUT COMMAND…      what the command prints goes to OUTPUT; its exit status is ours
"""
import os
import sys
import time

output = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
started = time.monotonic()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)])
_, status, usage = os.wait4(pid, 0)
print(f"{time.monotonic() - started:.3f} {usage.ru_utime + usage.ru_stime:.3f} {usage.ru_maxrss}")
sys.exit(os.waitstatus_to_exitcode(status) and 1)
