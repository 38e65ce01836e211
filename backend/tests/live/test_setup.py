"""`./setup_llm.sh` on a copy of the project, up to the first sign-in; only the downloads are already there."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.config import PROJECT_ROOT, Settings
from tests.fixtures.programs import free_port
from tests.fixtures.setup import portal_setup  # noqa: F401 - puts the set-up's folder on the path

from portal_setup.page import hash_of_sources  # isort: skip

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]
_COPIED = ["setup_llm.sh", ".env.example", "scripts", "backend", "demo_model/prompt-portal-demo.gguf"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A fresh clone whose packages and page are there already, as after an earlier run."""
    root = tmp_path / "project"
    for name in _COPIED:
        source, target = PROJECT_ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(
                source,
                target,
                ignore=shutil.ignore_patterns("__pycache__", "tests", ".*_cache", "data", ".env"),
            )
        else:
            shutil.copy2(source, target)
    _give_packages(root)
    (root / "frontend" / "dist").mkdir(parents=True)
    (root / "frontend" / "dist" / "index.html").write_text("<!doctype html><title>Prompt Portal</title>")
    (root / "frontend" / "dist" / ".built-from").write_text(hash_of_sources(root / "frontend"))
    return root


def _give_packages(root: Path) -> None:
    venv = root / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (packages,) = venv.glob("lib/python3.*/site-packages")
    (packages / "those-of-the-tests.pth").write_text(sysconfig.get_path("purelib"))
    digest = hashlib.sha256((root / "backend" / "requirements.lock").read_bytes()).hexdigest()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    (venv / ".requirements.lock.sha256").write_text(f"{digest} {version}")


def environment() -> dict[str, str]:
    ours = {name.upper() for name in Settings.model_fields} | {"PORTAL_ENV_FILE"}
    return {
        **{name: value for name, value in os.environ.items() if name not in ours},
        "PYTHON": sys.executable,
    }


def setup(root: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["./setup_llm.sh", *flags],
        cwd=root,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


@contextmanager
def started(root: Path, *flags: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the set-up without --install; gives all that it wrote until it named the way to stop."""
    log = root / "output.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["./setup_llm.sh", *flags],
            cwd=root,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 90
        while "Ctrl-C" not in log.read_text():
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield log.read_text(), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0


def call(port: int, method: str, path: str, body: object = None, token: str = "") -> tuple[int, dict]:  # type: ignore[type-arg]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def test_from_the_first_command_to_an_answer_and_again(project: Path) -> None:
    port = free_port()
    with started(project, "--port", str(port)) as (shown, _):
        assert "the demo model" in shown and "LLM_SERVER_URL=" in shown
        assert f"http://127.0.0.1:{port}" in shown
        password = re.findall(r"Password +(\S+)", shown)
        assert len(password) == 1, "the one-time password is shown exactly once"
        status, answer = call(
            port, "POST", "/api/auth/login", {"email": "admin@localhost", "password": password[0]}
        )
        assert status == 200
        token = answer["access_token"]
        change = {"current_password": password[0], "new_password": "correct horse battery staple"}
        status, answer = call(port, "POST", "/api/auth/change-password", change, token)
        assert status == 200
        ask = {"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 16}
        status, answer = call(port, "POST", "/api/llm/chat", ask, answer["access_token"])
        assert status == 200 and answer["response"]
    env = project / ".env"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert f"PORTAL_PORT={port}" in env.read_text()
    before = env.read_text()
    with started(project) as (shown, _):
        assert "Password" not in shown
        assert "kept .env" in shown and shown.count("up to date") == 2
        credentials = {"email": "admin@localhost", "password": "correct horse battery staple"}
        assert call(port, "POST", "/api/auth/login", credentials)[0] == 200
    assert env.read_text() == before


def test_install_only_ends_and_says_how_to_start(project: Path) -> None:
    result = setup(project, "--install", "--admin-email", "ada@studio.local")
    assert result.returncode == 0, result.stderr
    assert "Start the portal with: ./setup_llm.sh" in result.stdout
    assert "ada@studio.local" in result.stdout
    assert len(re.findall(r"^\[\d/6\] .+ \(\d+\.\d s\)$", result.stdout, re.MULTILINE)) == 6
    assert (project / "data" / "app.db").exists()


def test_a_taken_port_names_who_has_it_and_the_flag(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = setup(project, "--port", str(port))
    assert result.returncode == 1
    assert f"Port {port} is taken by" in result.stderr
    assert f"process {os.getpid()}" in result.stderr
    assert f"--port {port + 1}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_setting_is_named_in_a_line(project: Path) -> None:
    assert setup(project, "--install").returncode == 0
    env = project / ".env"
    env.write_text(env.read_text().replace("REGISTRATION=open", "REGISTRATION=sometimes"))
    result = setup(project, "--install")
    assert result.returncode == 1
    assert result.stderr.startswith("error: REGISTRATION: ") and "'sometimes'" in result.stderr
    assert "Traceback" not in result.stderr and len(result.stderr.splitlines()) == 2


def test_a_weak_secret_does_not_start_for_others_to_reach(project: Path) -> None:
    assert setup(project, "--install").returncode == 0
    env = project / ".env"
    env.write_text(re.sub(r"^SECRET_KEY=.*$", "SECRET_KEY=changeme", env.read_text(), flags=re.MULTILINE))
    result = setup(project, "--host", "0.0.0.0", "--port", str(free_port()))
    assert result.returncode == 1
    assert "SECRET_KEY" in result.stderr and "changeme" not in result.stderr


def test_a_server_that_is_named_is_kept_though_it_sleeps(project: Path) -> None:
    result = setup(project, "--install", "--server", "http://127.0.0.1:9")
    assert result.returncode == 0, result.stderr
    assert "Nothing answers at http://127.0.0.1:9 yet" in result.stdout
    assert "LLM_SERVER_URL=http://127.0.0.1:9\n" in (project / ".env").read_text()


def test_an_old_python_is_refused_with_the_way_to_a_new_one(project: Path, tmp_path: Path) -> None:
    old = tmp_path / "old" / "python3"
    old.parent.mkdir()
    old.write_text('#!/bin/sh\ncase "$*" in *platform*) echo 3.9.2 ;; *) exit 1 ;; esac\n')
    old.chmod(0o755)
    for program in ("bash", "dirname", "env"):
        (old.parent / program).symlink_to(shutil.which(program) or "")
    result = subprocess.run(
        ["./setup_llm.sh"], cwd=project, env={"PATH": str(old.parent)}, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert "needs Python 3.11 or newer; found: python3 (3.9.2)" in result.stderr
    assert "sudo apt install" in result.stderr


def test_the_seeds_own_way_works(project: Path) -> None:
    """`cp .env.example .env && python run_server.py`, in the backend's folder."""
    backend, port = project / "backend", free_port()
    shutil.copy(backend / ".env.example", backend / ".env")
    log = project / "seed.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [project / ".venv" / "bin" / "python", "run_server.py", "--port", str(port)],
            cwd=backend,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 60
        status = 0
        while status != 200 and time.monotonic() < deadline and process.poll() is None:
            try:
                status, answer = call(port, "GET", "/api/llm/health")
            except OSError:
                time.sleep(0.1)
        assert status == 200, log.read_text()
        assert answer["status"] == "healthy" and answer["is_demo"] is True
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(15)
