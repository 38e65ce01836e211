"""`make cluster`: two portals behind nginx, PostgreSQL, Redis and a scripted model server, as processes of this machine.

Everything is on loopback and in a temporary folder; Ctrl-C ends and removes it. `bench.chaos` kills its parts in turn.
"""

from __future__ import annotations

import contextlib
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "backend"))

from app.db.migrate import upgrade  # noqa: E402
from tests.fakes.upstream import FakeUpstream, threaded_upstream  # noqa: E402
from tests.fixtures.portal import PortalProcess  # noqa: E402
from tests.fixtures.postgresql import PostgresServer  # noqa: E402
from tests.fixtures.programs import ServerProcess, find_program, free_port  # noqa: E402
from tests.fixtures.redis import RedisServer  # noqa: E402

SECRET = secrets.token_urlsafe(48)


@dataclass(frozen=True, slots=True)
class Cluster:
    """What runs; `url` is nginx."""

    url: str
    portals: list[PortalProcess]
    postgres: PostgresServer
    redis: RedisServer
    model: FakeUpstream


class Nginx(ServerProcess):
    """nginx with the configuration of `deploy/`, but for its port and the portals' addresses."""

    def __init__(self, folder: Path, portals: list[PortalProcess]) -> None:
        self.port = free_port()
        config = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text(encoding="utf-8")
        for number, portal in enumerate(portals, start=1):
            config = config.replace(f"portal-{number}:8000", f"127.0.0.1:{portal.port}")
        config = config.replace("listen 80;", f"listen 127.0.0.1:{self.port};")
        config = config.replace("/tmp/nginx", f"{folder}/nginx")
        config = config.replace("worker_processes auto;", "worker_processes 1; daemon off;")
        path = folder / "nginx.conf"
        path.write_text(config, encoding="utf-8")
        program = find_program("nginx", "nginx-light")
        super().__init__(
            [str(program), "-p", str(folder), "-c", str(path), "-e", "stderr"],
            log_file=folder / "nginx.log",
            is_ready=self._answers,
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


@contextlib.contextmanager
def run_cluster() -> Iterator[Cluster]:
    """Start all of it; ends and removes it with the block."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-cluster-")))
        model = stack.enter_context(threaded_upstream())
        postgres = PostgresServer(is_durable=True)
        stack.callback(postgres.remove)
        postgres.start()
        database_url = postgres.url(postgres.create_database())
        upgrade(database_url, folder)
        redis = RedisServer(folder)
        stack.callback(redis.stop)
        redis.start()
        portals = [_portal(folder, number, database_url, redis.url, model.url) for number in (1, 2)]
        for portal in portals:
            stack.callback(portal.stop)
            portal.start()
        nginx = Nginx(folder, portals)
        stack.callback(nginx.stop)
        nginx.start()
        yield Cluster(nginx.url, portals, postgres, redis, model)


def _portal(folder: Path, number: int, database_url: str, redis_url: str, model_url: str) -> PortalProcess:
    data_dir = folder / f"portal-{number}"
    data_dir.mkdir()
    return PortalProcess(
        data_dir,
        number,
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": SECRET,
            "LLM_SERVER_URL": model_url,
            "MQTT_OWN_BROKER": "false",
            "REGISTRATION": "open",
        },
    )


def main() -> int:
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with run_cluster() as cluster:
        sys.stdout.write(f"The cluster answers at {cluster.url}; Ctrl-C ends it.\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
