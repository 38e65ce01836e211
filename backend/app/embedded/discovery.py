"""Find model servers that already run on this machine, and tell their kind by their own routes.

Standard library only, and only loopback unless an address is given: the set-up asks before anything found is used.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

# Where each server listens unless told otherwise.
DEFAULT_ADDRESSES = (
    "http://127.0.0.1:8080",  # llama.cpp
    "http://127.0.0.1:8000",  # vLLM, and this portal
    "http://127.0.0.1:11434",  # Ollama
    "http://127.0.0.1:1234",  # LM Studio
)
_TIMEOUT_SECONDS = 1.0
_LARGEST_ANSWER = 1_000_000


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A model server that answered. `models` is what it offers now; a protected server does not say."""

    url: str
    kind: str
    models: list[str]
    needs_key: bool


def find_servers(
    addresses: Sequence[str] = DEFAULT_ADDRESSES, *, timeout_seconds: float = _TIMEOUT_SECONDS
) -> list[FoundServer]:
    """Ask all addresses at once; returns those that are model servers, in the order given."""
    with ThreadPoolExecutor(max_workers=max(1, len(addresses))) as pool:
        found = pool.map(lambda address: identify(address, timeout_seconds=timeout_seconds), addresses)
    return [server for server in found if server is not None]


def identify(url: str, *, timeout_seconds: float = _TIMEOUT_SECONDS) -> FoundServer | None:
    """Tell what serves at an address; None when nothing answers, or it is no model server (or a Prompt Portal)."""
    url = url.rstrip("/").removesuffix("/v1")
    status, models, headers = _get(url, "/v1/models", timeout_seconds)
    if status == 0 or _is_a_portal(url, timeout_seconds):
        return None
    names = _model_names(models)
    if status == 200 and names is not None:
        return FoundServer(url, _kind(url, headers, models, timeout_seconds), names, needs_key=False)
    if status in (401, 403) and headers.get("server", "").lower() == "llama.cpp":
        return FoundServer(url, "llama.cpp", [], needs_key=True)
    if status in (401, 403) and _get(url, "/version", timeout_seconds)[0] == 200:
        return FoundServer(url, "vLLM", [], needs_key=True)
    return None


def _kind(url: str, headers: dict[str, str], models: Any, timeout_seconds: float) -> str:
    if headers.get("server", "").lower() == "llama.cpp":
        return "llama.cpp"
    status, answer, _ = _get(url, "/api/version", timeout_seconds)
    if status == 200 and isinstance(answer, dict) and "version" in answer:
        return "Ollama"
    status, answer, _ = _get(url, "/props", timeout_seconds)
    if status == 200 and isinstance(answer, dict) and "default_generation_settings" in answer:
        return "llama.cpp"
    if any(isinstance(model, dict) and model.get("owned_by") == "vllm" for model in models["data"]):
        return "vLLM"
    status, answer, _ = _get(url, "/version", timeout_seconds)
    if status == 200 and isinstance(answer, dict) and "version" in answer:
        return "vLLM"
    status, answer, _ = _get(url, "/api/v0/models", timeout_seconds)
    if status == 200 and isinstance(answer, dict) and "data" in answer:
        return "LM Studio"
    return "OpenAI-compatible server"


def _is_a_portal(url: str, timeout_seconds: float) -> bool:
    status, answer, _ = _get(url, "/api/auth/config", timeout_seconds)
    return status == 200 and isinstance(answer, dict) and "registration" in answer


def _model_names(answer: Any) -> list[str] | None:
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        return None
    return [str(model["id"]) for model in answer["data"] if isinstance(model, dict) and "id" in model]


def _get(url: str, path: str, timeout_seconds: float) -> tuple[int, Any, dict[str, str]]:
    """Return status, JSON (None if it is none) and headers in lower case; status 0 when nothing answers."""
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    try:
        connection = connect(parts.hostname or "", parts.port, timeout=timeout_seconds)
        try:
            connection.request("GET", parts.path + path, headers={"Accept": "application/json"})
            response = connection.getresponse()
            body = response.read(_LARGEST_ANSWER)
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError):
        return 0, None, {}
    headers = {name.lower(): value for name, value in response.getheaders()}
    try:
        return response.status, json.loads(body), headers
    except ValueError:
        return response.status, None, headers


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m app.embedded.discovery [--json] [URL…]`."""
    parser = argparse.ArgumentParser(prog="python -m app.embedded.discovery", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON list, for programs")
    parser.add_argument(
        "urls", nargs="*", metavar="URL", help="ask these instead of the usual ports of loopback"
    )
    options = parser.parse_args(arguments)
    found = find_servers(options.urls or DEFAULT_ADDRESSES)
    if options.json:
        sys.stdout.write(json.dumps([asdict(server) for server in found]) + "\n")
    else:
        for server in found:
            sys.stdout.write(f"{server.kind}  {server.url}  {', '.join(server.models)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
