"""All threads of a serving portal take memory from one heap."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Counts glibc's heaps after several threads have each asked for memory, and hold it.
_COUNT = """
import ctypes, threading
from app.launch import serve
{prepare}
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
libc.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
together = threading.Barrier(4)
threads = [threading.Thread(target=lambda: (libc.malloc(2000), together.wait())) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
out = libc.fopen(b"/dev/stdout", b"w")
libc.malloc_info(0, out)
libc.fclose(out)
"""


def heaps(prepare: str) -> int:
    code = _COUNT.format(prepare=prepare)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has several heaps")
def test_threads_share_one_heap() -> None:
    assert heaps("") > 1
    assert heaps("serve._share_one_heap()") == 1
