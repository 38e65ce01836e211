"""The gateways that `bench-gateway` measures: the portal, nginx, Portkey and LiteLLM; each pinned to one core, one worker."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench.portal_process import ROOT, free_port, printed_address

GATEWAY_CORE, OTHER_CORE = 0, 1
CACHE = ROOT / ".cache" / "bench"
PORTKEY = {"@portkey-ai/gateway": "1.15.2", "@hono/node-server": "1.13.5", "hono": "4.9.7"}
LITELLM = "litellm[proxy]==1.106.2"
MODELS = ("instant", "paced")


class Missing(Exception):
    """A peer that is not here and could not be installed; its message says why."""


@dataclass
class Gateway:
    """A gateway that answers."""

    name: str
    url: str
    process: psutil.Process | None = None
    key: str = "none"
    headers: list[str] = field(default_factory=list)
    cold_start_seconds: float = 0.0

    def cpu_seconds(self) -> float:
        """Return the processor time of the process and its children so far."""
        total = 0.0
        for process in self._processes():
            times = process.cpu_times()
            total += times.user + times.system
        return total

    def rss_mib(self) -> float:
        return float(sum(process.memory_info().rss for process in self._processes())) / 2**20

    def _processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)] if self.process is not None else []


@contextmanager
def _running(
    name: str,
    command: list[str | Path],
    ready: str,
    environment: dict[str, str] | None = None,
    **options: Any,
) -> Iterator[Gateway]:
    log = CACHE / f"{name}.log"
    began = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["taskset", "-c", str(GATEWAY_CORE), *command],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            **options,
        )
    try:
        while not _answers(ready):
            if process.poll() is not None or time.monotonic() > began + 90:
                raise Missing(f"{name} did not start; see {log}")
            time.sleep(0.01)
        parts = urlsplit(ready)
        took = time.monotonic() - began
        yield Gateway(name, f"http://{parts.netloc}", psutil.Process(process.pid), cold_start_seconds=took)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


@contextmanager
def upstream() -> Iterator[str]:
    """Run the simulator on the other core; yields its address."""
    command = ["taskset", "-c", str(OTHER_CORE), sys.executable, "-m", "bench.gateway_upstream"]
    with printed_address(command) as address:
        yield address


@contextmanager
def portal(upstream_url: str, folder: Path, root: Path = ROOT) -> Iterator[Gateway]:
    """Run the portal of a checkout with a key whose limits are on, and high."""
    port = free_port()
    settings = {
        "PORTAL_ENV_FILE": "",
        "PORTAL_DATA_DIR": str(folder),
        "PORTAL_PORT": str(port),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "LOG_LEVEL": "WARNING",
        "MQTT_OWN_BROKER": "false",
        "LLM_SERVER_URL": upstream_url,
        "LLM_MODEL_NAME": "instant",
        "LLM_MAX_CONCURRENCY": "512",
        "LLM_MAX_QUEUED": "1024",
    }
    command: list[str | Path] = [sys.executable, "run_server.py"]
    ready = f"http://127.0.0.1:{port}/readyz"
    with _running("portal", command, ready, settings, cwd=root / "backend"):
        pass  # the first start makes the database; a cold start is one of an installed portal
    with _running("portal", command, ready, settings, cwd=root / "backend") as gateway:
        gateway.key = _portal_key(gateway.url)
        yield gateway


def _portal_key(url: str) -> str:
    person = {"email": "bench@example.org", "password": "a long bench password"}
    _post(f"{url}/api/auth/register", person)
    token = _post(f"{url}/api/auth/login", person)["access_token"]
    limits = {"requests_per_minute": 1_000_000, "tokens_per_minute": 1_000_000_000}
    wish = {"name": "bench", **limits, "budget": {"month": 1_000_000}}
    return str(_post(f"{url}/api/keys", wish, token)["key"])


def _post(url: str, body: Mapping[str, object], token: str = "") -> dict[str, Any]:
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))


_NGINX = """
worker_processes 1; daemon off; pid %(folder)s/nginx.pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path %(folder)s; proxy_temp_path %(folder)s; fastcgi_temp_path %(folder)s;
  uwsgi_temp_path %(folder)s; scgi_temp_path %(folder)s;
  upstream model { server %(upstream)s; keepalive 512; }
  server {
    listen 127.0.0.1:%(port)d; keepalive_requests 10000000;
    location / { proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}
"""


@contextmanager
def nginx(upstream_url: str, folder: Path) -> Iterator[Gateway]:
    """Run nginx as a plain reverse proxy: the floor, without authentication."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise Missing("nginx is not installed (apt-get install nginx)")
    port = free_port()
    file = folder / "nginx.conf"
    facts = {"folder": folder, "upstream": urlsplit(upstream_url).netloc, "port": port}
    file.write_text(_NGINX % facts, encoding="utf-8")
    with _running("nginx", [program, "-c", file, "-p", folder], f"http://127.0.0.1:{port}/health") as gateway:
        yield gateway


@contextmanager
def portkey(upstream_url: str, folder: Path) -> Iterator[Gateway]:
    """Run Portkey's gateway, installed by npm into .cache/bench."""
    home = CACHE / "portkey"
    server = home / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    if not server.exists():
        home.mkdir(parents=True, exist_ok=True)
        pinned = {name: PORTKEY[name] for name in ("@hono/node-server", "hono")}
        package = {"private": True, "dependencies": PORTKEY, "overrides": pinned}
        (home / "package.json").write_text(json.dumps(package), encoding="utf-8")
        _install(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], home)
    port = free_port()
    command: list[str | Path] = ["node", server, f"--port={port}", "--headless"]
    with _running(
        "portkey", command, f"http://127.0.0.1:{port}/", {"NODE_ENV": "production"}, cwd=home
    ) as gateway:
        gateway.headers = ["x-portkey-provider: openai", f"x-portkey-custom-host: {upstream_url}/v1"]
        yield gateway


@contextmanager
def litellm(upstream_url: str, folder: Path) -> Iterator[Gateway]:
    """Run LiteLLM's proxy, installed by pip into a virtual environment in .cache/bench."""
    home = CACHE / "litellm"
    program = home / "bin" / "litellm"
    if not program.exists():
        _install([sys.executable, "-m", "venv", str(home)], CACHE)
        _install([str(home / "bin" / "pip"), "install", "-q", LITELLM], CACHE)
    models = [
        {
            "model_name": model,
            "litellm_params": {
                "model": f"openai/{model}",
                "api_base": f"{upstream_url}/v1",
                "api_key": "none",
            },
        }
        for model in MODELS
    ]
    key = "sk-bench"
    config = {"model_list": models, "general_settings": {"master_key": key}}
    file = folder / "litellm.json"  # JSON is YAML
    file.write_text(json.dumps(config), encoding="utf-8")
    port = free_port()
    command: list[str | Path] = [program, "--config", file, "--host", "127.0.0.1", "--port", str(port)]
    quiet = {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
    ready = f"http://127.0.0.1:{port}/health/liveliness"
    with _running("litellm", [*command, "--num_workers", "1"], ready, quiet, cwd=folder) as gateway:
        gateway.key = key
        yield gateway


def _install(command: list[str], folder: Path) -> None:
    print(f"  installing: {' '.join(command)}", file=sys.stderr)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{command[0]}: {error}") from error
    if done.returncode:
        raise Missing(f"{' '.join(command)} failed: {done.stderr.strip().splitlines()[-1:]}")
