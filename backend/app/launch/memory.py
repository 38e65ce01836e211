"""The memory of a process that serves for long: one heap for all threads, few collections, huge pages under what stays."""

from __future__ import annotations

import ctypes
import gc
import mmap
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

_M_ARENA_MAX = -8  # of glibc's malloc.h
_MADV_COLLAPSE = 25  # madvise(2), since Linux 6.1
_MAPS = Path("/proc/self/maps")
BLOCK_BYTES = 2 * 1024 * 1024
"""A huge page, where an ordinary one has 4 KiB."""
_FULL = 0.9
_FIRST_SECONDS = 2.0
_EVERY_SECONDS = 300.0
_RESTS = 20  # times as long as it took to move a block: 2 to 10 ms were seen


def share_one_heap() -> None:
    """Let all threads take memory from one heap: glibc gives each its own, and what is free in one serves no other."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:  # musl has none
        mallopt(_M_ARENA_MAX, 1)


def settle_objects() -> None:
    """Leave what was made so far (modules, schemas, statements) out of garbage collection, and collect less often.

    A request makes hundreds of objects and leaves no cycles, yet each few thousand of them would have everything looked at.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def keep_in_huge_pages() -> None:
    """Move the process's memory into huge pages soon, and now and then what came since; does nothing but on Linux.

    A request touches objects all over the heap. With 512 times fewer pages the processor finds nearly all of them in its
    table of addresses; where each miss costs twice, in a virtual machine, 2 to 5 % of a request's time was measured.
    """
    if sys.platform == "linux" and mmap.PAGESIZE == 4096:
        threading.Thread(target=_keep, name="huge-pages", daemon=True).start()


def _keep() -> None:
    pause_seconds, never = _FIRST_SECONDS, threading.Event()
    while not never.wait(pause_seconds) and collapse(lambda seconds: never.wait(_RESTS * seconds)):
        pause_seconds = _EVERY_SECONDS


def collapse(rest: Callable[[float], object] = lambda seconds: None) -> int:
    """Move every block that is nearly full into a huge page; returns how many are in one now, 0 where the kernel cannot.

    Others wait for their memory while a block is moved; `rest` hears after each how many seconds it took, and lets them go on.
    """
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    resident = ctypes.create_string_buffer(BLOCK_BYTES // mmap.PAGESIZE)
    moved = 0
    for block in blocks(_MAPS.read_text().splitlines()):
        if libc.mincore(block, BLOCK_BYTES, resident) != 0:
            continue  # given back meanwhile
        if sum(byte & 1 for byte in resident.raw) >= _FULL * len(resident.raw):
            began = time.monotonic()
            moved += libc.madvise(block, BLOCK_BYTES, _MADV_COLLAPSE) == 0
            rest(time.monotonic() - began)
    return moved


def blocks(maps: Iterable[str]) -> Iterator[int]:
    """Yield the addresses of the whole blocks of a process's own memory, from its `/proc/PID/maps` (proc(5))."""
    for line in maps:
        span, access, _, _, inode, *name = line.split()
        if not access.startswith("rw-p") or inode != "0" or name not in ([], ["[heap]"]):
            continue
        start, end = (int(bound, 16) for bound in span.split("-"))
        yield from range(-(-start // BLOCK_BYTES) * BLOCK_BYTES, end - BLOCK_BYTES + 1, BLOCK_BYTES)
