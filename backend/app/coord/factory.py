"""Chooses how replicas coordinate: over Redis when a URL is given, else within the process."""

from __future__ import annotations

from app.coord.base import Coord
from app.coord.local_logs import RETENTION_SECONDS
from app.coord.memory import MemoryCoord, shared_hub


def create_coord(redis_url: str, *, shared_name: str, log_seconds: float = RETENTION_SECONDS) -> Coord:
    """Make a coordinator for the running event loop; call `start()` before use and `close()` after.

    Args:
        redis_url: `redis://…`, `rediss://…` or `unix://…`; empty for one process.
        shared_name: coordinators of this process with the same name (the database's URL) see each other's locks, logs and
            signals without any server, also across threads and event loops.
        log_seconds: how long an event log is kept after its end.
    """
    hub = shared_hub(shared_name)
    hub.logs.retention_seconds = log_seconds
    if not redis_url:
        return MemoryCoord(hub)
    from app.coord.redis import RedisCoord  # the client library is loaded only where it is used

    return RedisCoord(redis_url, hub)
