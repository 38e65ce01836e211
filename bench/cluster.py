"""`make cluster`: two portals behind nginx, PostgreSQL, Redis, Mosquitto and two model servers, as processes of this machine.

Everything is on loopback and in a temporary folder; Ctrl-C ends and removes it. `bench.chaos` kills its parts in turn.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
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
from tests.fixtures.mosquitto import Mosquitto  # noqa: E402
from tests.fixtures.portal import PortalProcess  # noqa: E402
from tests.fixtures.postgresql import PostgresServer  # noqa: E402
from tests.fixtures.programs import ServerProcess, find_program, free_port  # noqa: E402
from tests.fixtures.redis import RedisServer  # noqa: E402

from bench.slow_proxy import SlowProxy, slow_proxy  # noqa: E402

__all__ = [
    "MODEL", "ROOT", "SECRET", "Cluster", "Mosquitto", "Nginx", "PortalProcess", "PostgresServer", "RedisServer", "ServerProcess",
    "run_cluster", "upgrade",
]  # fmt: skip

SECRET = secrets.token_urlsafe(48)


MODEL = "echo"
"""Leads to both model servers: the first, and the second where the first fails."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What runs; `url` is nginx. `proxy` stands between the portals and PostgreSQL."""

    url: str
    portals: list[PortalProcess]
    postgres: PostgresServer
    redis: RedisServer
    broker: Mosquitto
    models: list[ModelServer]
    proxy: SlowProxy
    database: str
    """The name of the portals' database."""
    small_disk: Path | None
    """A file system of its own with portal 1's data folder; None where it cannot be mounted."""
    small_tablespace: Path | None
    """Another with the database's tables (its log is elsewhere)."""


class ModelServer(ServerProcess):
    """`bench.model_server` on a port that it keeps."""

    def __init__(self, folder: Path, number: int) -> None:
        self.port = free_port()
        super().__init__(
            [sys.executable, "-m", "bench.model_server", str(self.port)],
            log_file=folder / f"model-{number}.log",
            is_ready=self._answers,
            cwd=ROOT,
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=1).status_code == 200
        except httpx.HTTPError:
            return False


class Nginx(ServerProcess):
    """nginx with the configuration of `deploy/`, but for its port and the portals' addresses."""

    def __init__(self, folder: Path, portals: list[PortalProcess]) -> None:
        self.port = free_port()
        config = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text(encoding="utf-8")
        for number, portal in enumerate(portals, start=1):
            config = config.replace(f"portal-{number}:8000", f"127.0.0.1:{portal.port}")
        if len(portals) == 1:
            config = re.sub(r"^.*portal-2:8000.*\n", "", config, flags=re.MULTILINE)
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
def run_cluster(replicas: int = 2, *, has_small_disks: bool = False) -> Iterator[Cluster]:
    """Start all of it; ends and removes it with the block. Small disks can be filled, without harm to anything else."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-cluster-")))
        folder.chmod(0o711)  # PostgreSQL's account goes through it to its tablespace
        models = [ModelServer(folder, number) for number in (1, 2)]
        redis, broker = RedisServer(folder), Mosquitto(_made(folder / "broker"))
        postgres = PostgresServer(is_durable=True)
        stack.callback(postgres.remove)
        postgres.start()
        for server in (*models, redis, broker):
            stack.callback(server.stop)
            server.start()
        small_disk = small_tablespace = None
        if has_small_disks:
            small_disk = stack.enter_context(_small_disk(folder / "portal-1", "1200m"))
            small_tablespace = stack.enter_context(_small_disk(folder / "tablespace", "200m", "postgres"))
        database = postgres.create_database(folder=small_tablespace)
        upgrade(postgres.url(database), folder)
        proxy = stack.enter_context(slow_proxy(postgres.port))
        settings = {
            "DATABASE_URL": f"postgresql://portal@127.0.0.1:{proxy.port}/{database}",
            "REDIS_URL": redis.url,
            "SECRET_KEY": SECRET,
            "LLM_SERVER_URL": models[0].url,
            "MODELS_FILE": str(_models_file(folder, models)),
            "MQTT_BROKER_HOST": "127.0.0.1",
            "MQTT_BROKER_PORT": str(broker.port),
            "REGISTRATION": "open",
        }
        portals = [
            PortalProcess(_made(folder / f"portal-{number}"), number, settings)
            for number in range(1, replicas + 1)
        ]
        for portal in portals:
            stack.callback(portal.stop)
            portal.start()
        nginx = Nginx(folder, portals)
        stack.callback(nginx.stop)
        nginx.start()
        yield Cluster(
            nginx.url, portals, postgres, redis, broker, models, proxy, database, small_disk, small_tablespace
        )


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _models_file(folder: Path, models: list[ModelServer]) -> Path:
    lines = ["providers:"]
    for number, server in enumerate(models, start=1):
        lines += [f"  server-{number}:", "    kind: generic", f"    base_url: {server.url}"]
    lines += ["models:", f"  {MODEL}:", "    targets:"]
    for number, _ in enumerate(models, start=1):
        lines += [f"      - {{provider: server-{number}, model: echo, priority: {number}}}"]
    file = folder / "models.yaml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@contextlib.contextmanager
def _small_disk(place: Path, size: str, owner: str = "") -> Iterator[Path | None]:
    """Give a folder a file system of its own, if this account may (it is memory, used only while it is filled)."""
    _made(place)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    if owner:
        shutil.chown(place, owner)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)


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
