"""Bring `.venv` and the page to what the tests need, then check and test; what `scripts/test` runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from portal_setup.packages import install_packages
from portal_setup.page import build_page, find_node, install_modules, node_environment
from portal_setup.report import Report, SetupError

ROOT = Path(__file__).resolve().parents[1]
BACKEND, FRONTEND = ROOT / "backend", ROOT / "frontend"


@dataclass(frozen=True, slots=True)
class Check:
    """A command that is silent unless it fails."""

    title: str
    command: list[str]
    folder: Path
    environment: dict[str, str]


def main(arguments: list[str]) -> int:
    """Return 0 when everything passed."""
    mode = arguments[0] if arguments[:1] in (["--check"], ["--install"]) else ""
    pytest_arguments = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    if unknown := [part for part in arguments if part not in (mode, "--", *pytest_arguments)]:
        sys.stderr.write(f"error: unknown argument {unknown[0]}; see the head of scripts/test\n")
        return 2
    try:
        python, node, npm = _install(with_page=mode != "--check")
    except SetupError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    if mode == "--install":
        return 0
    checks = _backend_checks(python) + _page_checks(node, npm, with_size=mode != "--check")
    failed = [check.title for check in checks if not _passes(check)]
    if mode == "--check":
        pytest_arguments = ["tests/unit", *pytest_arguments]
    exit_code = subprocess.call(
        [str(python), "-m", "pytest", "-q", *_workers(pytest_arguments), *pytest_arguments], cwd=BACKEND
    )
    if failed:
        sys.stderr.write(f"error: failed: {', '.join(failed)}\n")
    return exit_code or int(bool(failed))


def _workers(arguments: list[str]) -> list[str]:
    """Two workers for the whole, each with a file of tests at a time; a choice of tests runs in one.

    The files come as they are, the quick unit tests last: by their number of tests, the long journeys came one by one in the end.
    """
    return [] if arguments else ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]


def _install(*, with_page: bool) -> tuple[Path, Path, Path]:
    report = Report(total=2)
    with report.step("Python packages") as step:
        python = install_packages(ROOT, step, lock_name="requirements-dev.lock")
    with report.step("Page") as step:
        node, npm = find_node(ROOT, python, step)
        if with_page:
            build_page(ROOT, python, step)
        install_modules(ROOT, node, npm, step)
    return python, node, npm


def _backend_checks(python: Path) -> list[Check]:
    environment = dict(os.environ)
    tools = python.parent
    code = [".", "../scripts", "../bench", "../demo_model"]
    return [
        Check("format", [str(tools / "ruff"), "format", "--check", *code], BACKEND, environment),
        Check("lint", [str(tools / "ruff"), "check", *code], BACKEND, environment),
        Check("types", [str(tools / "mypy")], BACKEND, environment),
        Check("types of the set-up", [str(tools / "mypy"), "--strict", "."], ROOT / "scripts", environment),
        Check("import contracts", [str(tools / "lint-imports")], BACKEND, environment),
    ]


def _page_checks(node: Path, npm: Path, *, with_size: bool) -> list[Check]:
    environment = {**node_environment(node), "CI": "1"}
    names = ["check", "test", *(["size"] if with_size else [])]
    return [
        Check(f"page: {name}", [str(node), str(npm), "run", name], FRONTEND, environment) for name in names
    ]


def _passes(check: Check) -> bool:
    began = time.monotonic()
    result = subprocess.run(
        check.command,
        cwd=check.folder,
        env=check.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    outcome = "ok" if result.returncode == 0 else "FAILED"
    sys.stdout.write(f"{check.title}: {outcome} ({time.monotonic() - began:.1f} s)\n")
    if result.returncode != 0:
        sys.stdout.write(result.stdout + "\n")
    sys.stdout.flush()
    return result.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
