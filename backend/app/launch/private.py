"""Keeps what the portal writes from other people of the machine: conversations, hashes of passwords, logs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_NOT_MINE = 0o077
_OTHERS = 0o007


@contextlib.contextmanager
def keeping_private() -> Iterator[None]:
    """Let nobody else read what this process makes within the block."""
    before = os.umask(_NOT_MINE)
    try:
        yield
    finally:
        os.umask(before)


def make_private(path: Path) -> None:
    """Shut everybody else out of a file or folder that anybody could read; one that its owner gave to a group stays so."""
    with contextlib.suppress(OSError):  # not there yet, or not of this account
        mode = path.stat().st_mode & 0o7777
        if mode & _OTHERS:
            path.chmod(mode & ~_NOT_MINE)
