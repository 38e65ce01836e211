"""Who works on a turn: a process's name that tells, on the same machine, whether that process still lives."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

_SAME_START_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Replica:
    """A process of the portal. `host` includes the process namespace, so that containers never judge each other's ids."""

    host: str
    pid: int
    started_at: float

    @classmethod
    def current(cls) -> Replica:
        process = psutil.Process()
        return cls(_host(), process.pid, process.create_time())

    @classmethod
    def parse(cls, replica_id: str | None) -> Replica | None:
        """Read what `id` wrote; None for anything else."""
        host, _, rest = (replica_id or "").partition("|")
        pid, _, started_at = rest.partition("|")
        try:
            return cls(host, int(pid), float(started_at))
        except ValueError:
            return None

    @property
    def id(self) -> str:
        return f"{self.host}|{self.pid}|{self.started_at:.2f}"

    def is_known_dead(self, here: Replica) -> bool:
        """Whether this process ran on our machine and is gone; False where we cannot know."""
        if self.host != here.host:
            return False
        try:
            started_at: float = psutil.Process(self.pid).create_time()
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False
        return abs(started_at - self.started_at) > _SAME_START_SECONDS


def _host() -> str:
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{socket.gethostname()[:120]}{namespace}".replace("|", "-")
