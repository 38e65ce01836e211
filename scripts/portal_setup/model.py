"""Which model answers: the configured server, a server found on this machine, the named model, else the demo model."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portal_setup.env_file import read_value, set_value
from portal_setup.report import SetupError, Step

Ask = Callable[[str], bool]


def choose_model(root: Path, python: Path, flags: argparse.Namespace, step: Step, ask: Ask | None) -> None:
    """Settle it in `.env`. `ask` is None where nobody can answer: a found server is then named, not used."""
    env = root / ".env"
    if flags.server:
        _use_server(env, flags.server, step, root, python)
    elif flags.model:
        _use_model(env, flags.model, step, root, python)
    elif configured := read_value(env, "LLM_SERVER_URL"):
        step.outcome = f"the server {configured}"
    elif path := read_value(env, "LLM_MODEL_PATH"):
        step.outcome = path
    else:
        step.outcome = "the demo model (tiny; --server URL or --model FILE.gguf name another)"
        for server in _servers_here(root, python):
            if _offer(server, step, ask):
                _use_server(env, server["url"], step, root, python)
                break


def _offer(server: dict[str, Any], step: Step, ask: Ask | None) -> bool:
    models = ", ".join(server["models"][:3]) or "no model loaded yet"
    found = f"{server['kind']} at {server['url']} ({models})"
    if ask is None:
        step.note(f"Found {found}. Not used unasked; to use it: --server {server['url']}")
        return False
    return ask(f"Found {found}. Let the portal use it?")


def _use_server(env: Path, url: str, step: Step, root: Path, python: Path) -> None:
    set_value(env, "LLM_SERVER_URL", url)
    step.outcome = f"the server {url}"
    answers = _module(root, python, "app.embedded.discovery", "--json", url)
    if not json.loads(answers):
        step.note(
            f"Nothing answers at {url} yet. The portal starts all the same, and uses it as soon as it does."
        )


def _use_model(env: Path, model: str, step: Step, root: Path, python: Path) -> None:
    path = (
        _download(root, python, model, step)
        if model.startswith("hf:")
        else Path(model).expanduser().resolve()
    )
    _check_gguf(path)
    set_value(env, "LLM_MODEL_PATH", str(path))
    if set_value(env, "LLM_SERVER_URL", ""):
        step.note("LLM_SERVER_URL in .env was emptied: it would answer instead of the model.")
    step.outcome = path.name


def _check_gguf(path: Path) -> None:
    if not path.is_file():
        raise SetupError(f"--model {path}: there is no such file. Name a GGUF file, or hf:REPO[:FILE].")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise SetupError(f"--model {path}: that is not a GGUF file, the format that llama.cpp reads.")


def _download(root: Path, python: Path, model: str, step: Step) -> Path:
    """Download with the portal's own code; the progress bar goes to the terminal, the path comes on standard output."""
    step.note(f"downloading {model} (once; it can be interrupted and goes on later)", now=True)
    folder = root / "data" / "models"
    command: list[str | Path] = [python, "-m", "app.embedded.fetch", model, "--into", folder]
    result = subprocess.run(
        command, cwd=root / "backend", stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    )
    if result.returncode != 0:
        raise SetupError(result.stdout.strip() or f"The download of {model} failed.")
    return Path(result.stdout.strip().splitlines()[-1])


def _servers_here(root: Path, python: Path) -> list[dict[str, Any]]:
    found = json.loads(_module(root, python, "app.embedded.discovery", "--json"))
    return list(found)


def _module(root: Path, python: Path, *arguments: str) -> str:
    command: list[str | Path] = [python, "-m", *arguments]
    result = subprocess.run(
        command, cwd=root / "backend", capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if result.returncode != 0:
        sys.stderr.write(result.stderr)
        raise SetupError(f"{arguments[0]} failed; the lines above say why.")
    return str(result.stdout)
