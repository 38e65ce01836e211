"""Starts the real portal (and a bench upstream) as processes of their own, and signs in."""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
_PASSWORD_LINE = re.compile(r"[Pp]assword:?\s+(\S+)")


@dataclass(frozen=True, slots=True)
class RunningPortal:
    """A portal that answers at `base_url`; `ready_seconds` is from exec to /readyz."""

    base_url: str
    process: psutil.Process
    ready_seconds: float
    log: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_ready(base_url: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Poll /readyz; raises RuntimeError when the process ends or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the portal ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{base_url}/readyz", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise RuntimeError(f"the portal was not ready after {seconds} s")


@contextmanager
def run_portal(folder: Path, **settings: str) -> Iterator[RunningPortal]:
    """Run `backend/run_server.py` on a free port with an environment of its own."""
    port = free_port()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("LLM_", "PORTAL_"))
    }
    environment |= {
        "PORTAL_ENV_FILE": "",
        "PORTAL_DATA_DIR": str(folder),
        "PORTAL_PORT": str(port),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "LOG_LEVEL": "WARNING",
        "MQTT_OWN_BROKER": "false",
    } | settings
    log = folder / "portal.log"
    started = time.monotonic()
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "run_server.py"],
            cwd=ROOT / "backend",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    base_url = f"http://127.0.0.1:{port}"
    try:
        wait_ready(base_url, process)
        yield RunningPortal(base_url, psutil.Process(process.pid), time.monotonic() - started, log)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def run_upstream(*, chunks: int, interval_seconds: float, module: str = "bench.upstream") -> Iterator[str]:
    """Run a bench upstream in its own process; yields its base URL."""
    command = [
        sys.executable,
        "-m",
        module,
        "--chunks",
        str(chunks),
        "--interval",
        str(interval_seconds),
    ]
    with printed_address(command) as address:
        yield address


@contextmanager
def printed_address(command: Sequence[str]) -> Iterator[str]:
    """Run a server that prints its port in its first line; yields its base URL."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
