"""Runs one program for as long as the parent lives: `python keeper.py PROGRAM ARGUMENT…`, standard library only.

Prints the program's process number, then what it prints. The end of standard input means that the parent is gone.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading

_GRACE_SECONDS = 3


def main() -> int:
    """Return the program's exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's affair
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    try:
        sys.stdout.write(f"{program.pid}\n")
        sys.stdout.flush()
        threading.Thread(target=_end_with_parent, args=(program,), daemon=True).start()
        return program.wait()
    finally:
        _end(program)


def _end_with_parent(program: subprocess.Popen[bytes]) -> None:
    while sys.stdin.readline():
        pass
    _end(program)


def _end(program: subprocess.Popen[bytes]) -> None:
    program.terminate()  # nothing when it has ended by itself
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(_GRACE_SECONDS)
    program.kill()


if __name__ == "__main__":
    sys.exit(main())
