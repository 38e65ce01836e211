"""Gives a process a part of a core and no more, by a control group, so that machines can be compared on one machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_PERIOD_MICROSECONDS = 50_000
_GROUPS = Path("/sys/fs/cgroup")


@contextlib.contextmanager
def cpu_quota(pid: int, cores: float) -> Iterator[bool]:
    """Hold a process to so many cores while the block lasts; yields False where this account or system cannot."""
    is_unified = (_GROUPS / "cgroup.controllers").exists()
    group = (_GROUPS if is_unified else _GROUPS / "cpu") / f"portal-bench-{os.getpid()}-{pid}"
    quota = round(cores * _PERIOD_MICROSECONDS)
    limits = (
        {"cpu.max": f"{quota} {_PERIOD_MICROSECONDS}"}
        if is_unified
        else {"cpu.cfs_period_us": str(_PERIOD_MICROSECONDS), "cpu.cfs_quota_us": str(quota)}
    )
    try:
        group.mkdir()
        for name, value in limits.items():
            (group / name).write_text(value)
        (group / "cgroup.procs").write_text(str(pid))
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        yield False
        return
    try:
        yield True
    finally:
        with contextlib.suppress(OSError):
            (group.parent / "cgroup.procs").write_text(str(pid))
        with contextlib.suppress(OSError):
            group.rmdir()
