"""The Python packages: a `.venv` in the project's folder with exactly what the lock file names."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from portal_setup.commands import run
from portal_setup.openmp import provide_openmp
from portal_setup.report import SetupError, Step

_NEEDED_BYTES = 1_500_000_000


def python_of(venv: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def install_packages(root: Path, step: Step, *, lock_name: str = "requirements.lock") -> Path:
    """Bring `.venv` to the lock file's state and return its interpreter. Does nothing when it is there already."""
    venv, lock = root / ".venv", root / "backend" / lock_name
    python = python_of(venv)
    stamp = venv / f".{lock_name}.sha256"
    wanted = (
        f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {sys.version_info.major}.{sys.version_info.minor}"
    )
    if stamp.exists() and stamp.read_text() == wanted and _works(python):
        step.outcome = "up to date"
        return python
    check_disk(root)
    pip = _make_venv(root, venv, python, step)
    source = _installable(lock, root)
    total = len(re.findall(r"^[a-z0-9].*==", source.read_text(), re.IGNORECASE | re.MULTILINE))
    seen = 0

    def count(line: str) -> None:
        nonlocal seen
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            seen += 1
            step.update(f"{seen} of {total}")
        elif line.startswith("Installing collected"):
            step.update("unpacking …")

    command = [*pip, "install", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check",
               "--no-input", "--progress-bar", "off", "-r", source]  # fmt: skip
    run(
        command,
        what="Installing the Python packages",
        log=root / ".cache" / "setup-pip.log",
        cwd=root,
        on_line=count,
    )
    if has_embedded_package():
        provide_openmp(root, python, pip, step)
    stamp.write_text(wanted)
    step.outcome = f"{total} packages"
    return python


def check_disk(root: Path, needed_bytes: int = _NEEDED_BYTES) -> None:
    """Raise SetupError when a fresh installation would not fit."""
    free = shutil.disk_usage(root).free
    if free < needed_bytes:
        raise SetupError(
            f"Only {free // 1_000_000} MB are free at {root}; the set-up needs about {needed_bytes // 1_000_000} MB."
        )


def has_embedded_package() -> bool:
    """Whether the embedded llama.cpp has a prebuilt package for this machine."""
    if sys.platform == "linux":
        return platform.libc_ver()[0] == "glibc"
    if sys.platform == "darwin":
        return int((platform.mac_ver()[0] or "0").split(".")[0]) >= 13
    return True  # the lock file's own markers leave it out where it does not exist


def _installable(lock: Path, root: Path) -> Path:
    """Return the lock file, or a copy without the embedded server where that has no package."""
    if has_embedded_package():
        return lock
    text = re.sub(r"^xllamacpp==(.*\\\n)*.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    shortened = root / ".cache" / lock.name
    shortened.parent.mkdir(exist_ok=True)
    shortened.write_text(text, encoding="utf-8")
    return shortened


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    check = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True
    )
    return check.returncode == 0 and check.stdout.strip() == str(sys.version_info[:2])


def _make_venv(root: Path, venv: Path, python: Path, step: Step) -> list[str | Path]:
    """Make the environment if it does not work, and return the command that is its pip."""
    if not _works(python):
        if venv.exists():
            step.note("the old .venv does not fit this Python; making it anew")
            shutil.rmtree(venv)
        with_pip = importlib.util.find_spec("ensurepip") is not None
        options = [] if with_pip else ["--without-pip"]
        command: list[str | Path] = [sys.executable, "-m", "venv", *options, venv]
        run(command, what="Making .venv", log=root / ".cache" / "setup-venv.log", cwd=root)
    pip = find_pip(python)
    if pip is not None:
        return pip
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    shutil.rmtree(venv)
    raise SetupError(
        f"This Python {version} comes without pip (ensurepip is missing). Debian, Ubuntu: sudo apt install "
        f"python{version}-venv; elsewhere: install pip for {sys.executable}, or name another Python with PYTHON=/path."
    )


def find_pip(python: Path) -> list[str | Path] | None:
    """Return the command that installs into an environment: its own pip, else this Python's with `--python`."""
    candidates: list[list[str | Path]] = [
        [python, "-m", "pip"],
        [sys.executable, "-m", "pip", "--python", python],
    ]
    for pip in candidates:
        if subprocess.run([*pip, "--version"], capture_output=True).returncode == 0:
            return pip
    return None
