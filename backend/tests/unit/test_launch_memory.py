"""The memory of a serving portal: one heap for all threads, and huge pages under what stays."""

from __future__ import annotations

import ctypes
import mmap
import platform
import subprocess
import sys

import pytest

from app.launch.memory import BLOCK_BYTES, blocks

# Counts glibc's heaps after several threads have each asked for memory, and hold it.
_COUNT = """
import ctypes, threading
from app.launch import memory
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

# How many whole blocks a heap has is the luck of its addresses; these mappings have 16 or 17 each: one full, one all but empty.
_COLLAPSE = """
import mmap, re
from app.launch.memory import BLOCK_BYTES, collapse

def kib(name):
    return int(re.search(name + ": *([0-9]+) kB", open("/proc/self/smaps_rollup").read())[1])

content = bytes(range(256)) * (17 * BLOCK_BYTES // 256)
full = mmap.mmap(-1, len(content), flags=mmap.MAP_PRIVATE)
full.write(content)
sparse = mmap.mmap(-1, len(content), flags=mmap.MAP_PRIVATE)
pages = range(0, len(content), 10 * mmap.PAGESIZE)
for page in pages:
    sparse[page] = 1
resident_kib = kib("Rss")
moved = collapse()
print(moved, kib("AnonHugePages"), kib("Rss") - resident_kib, full[:] == content and sum(sparse[:]) == len(pages))
"""


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def _can_collapse() -> bool:
    """Ask the kernel, by a mapping of the test's own; containers on gVisor and kernels before 6.1 refuse."""
    size = 2 * BLOCK_BYTES
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE)
    memory.write(b"\x01" * size)
    view = ctypes.c_char.from_buffer(memory)
    block = -(-ctypes.addressof(view) // BLOCK_BYTES) * BLOCK_BYTES
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return bool(libc.madvise(block, BLOCK_BYTES, 25) == 0)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has several heaps")
def test_threads_share_one_heap() -> None:
    assert _run(_COUNT.format(prepare="")).count("<heap nr=") > 1
    assert _run(_COUNT.format(prepare="memory.share_one_heap()")).count("<heap nr=") == 1


def test_blocks_are_whole_and_the_processs_own() -> None:
    maps = [
        "00400000-00c00000 r-xp 00000000 08:01 42                         /usr/bin/python3",
        "01234000-01a00000 rw-p 00000000 00:00 0                          [heap]",
        "7f0000000000-7f0000400000 rw-p 00000000 00:00 0 ",
        "7f0000500000-7f0000600000 rw-p 00000000 00:00 0 ",
        "7f0001000000-7f0001400000 rw-s 00000000 00:01 7                  /dev/zero (deleted)",
        "7ffc00000000-7ffc00400000 rw-p 00000000 00:00 0                  [stack]",
    ]
    assert list(blocks(maps)) == [
        0x1400000,
        0x1600000,
        0x1800000,
        0x7F0000000000,
        0x7F0000200000,
    ]


@pytest.mark.skipif(not _can_collapse(), reason="this kernel cannot move memory into huge pages")
def test_memory_moves_into_huge_pages_and_keeps_what_is_in_it() -> None:
    moved, huge_kib, grown_kib, is_kept = _run(_COLLAPSE).split()
    assert int(moved) >= 1  # of 16 and more: the kernel may have fewer huge pages to give
    assert int(huge_kib) >= BLOCK_BYTES // 1024
    assert int(grown_kib) < 16 * BLOCK_BYTES // 1024 // 2, (
        "blocks that were all but empty would have grown by 29 MB"
    )
    assert is_kept == "True"
