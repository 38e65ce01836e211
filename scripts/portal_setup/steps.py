"""The set-up from its first step to the running portal."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from portal_setup.broker import provide_broker
from portal_setup.env_file import make_env_file, set_value
from portal_setup.flags import read_flags
from portal_setup.model import Ask, choose_model
from portal_setup.packages import install_packages
from portal_setup.page import build_page
from portal_setup.report import Report, SetupError
from portal_setup.service import install_service

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Run every step that is left to do, then the portal. Returns the exit code."""
    flags = read_flags(arguments)
    report = Report(total=7 if flags.service else 6)
    try:
        python = _install(root, flags, report)
        if flags.service:
            with report.step("Service") as step:
                install_service(root, step)
    except SetupError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"error: {error.filename or root}: {error.strerror}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. Run it again to go on.\n")
        return 130
    if flags.service:
        report.say("The portal runs as a service: systemctl --user status prompt-portal")
        return 0
    if flags.install:
        report.say("Installed. Start the portal with: " + _start_command())
        return 0
    return _start(root, python, flags)


def _install(root: Path, flags: argparse.Namespace, report: Report) -> Path:
    with report.step("Python packages") as step:
        python = install_packages(root, step)
    with report.step("Settings") as step:
        made = make_env_file(root / ".env", root / ".env.example")
        step.outcome = f"made .env with random {' and '.join(made)}" if made else "kept .env"
        for name, value in (("PORTAL_HOST", flags.host), ("PORTAL_PORT", flags.port)):
            if value is not None and set_value(root / ".env", name, str(value)):
                step.note(f"{name}={value} is in .env now")
    if not (flags.install or flags.service):  # before the long steps, so that nobody waits in vain
        _portal(root, python, "check-port", *_listen_flags(flags))
    with report.step("Model") as step:
        choose_model(root, python, flags, step, _asker(flags))
    with report.step("Page") as step:
        build_page(root, python, step)
    with report.step("MQTT broker") as step:
        provide_broker(root, step)
    with report.step("Database and first admin") as step:
        email = ["--admin-email", flags.admin_email] if flags.admin_email else []
        for line in _portal(root, python, "prepare", *email).splitlines():
            step.note(line.strip())
    return python


def _asker(flags: argparse.Namespace) -> Ask | None:
    if flags.yes:
        return lambda question: True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    return lambda question: input(f"\n      {question} [Y/n] ").strip().lower() in ("", "y", "yes")


def _portal(root: Path, python: Path, *arguments: str) -> str:
    """Run one of the portal's own commands; its error is the set-up's error."""
    command: list[str | Path] = [python, "-m", "app", *arguments]
    result = subprocess.run(
        command, cwd=root / "backend", capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if result.returncode != 0:
        raise SetupError(result.stderr.strip().removeprefix("error: "))
    return str(result.stdout)


def _listen_flags(flags: argparse.Namespace) -> list[str]:
    pairs = (("--host", flags.host), ("--port", flags.port))
    return [part for name, value in pairs if value is not None for part in (name, str(value))]


def _start(root: Path, python: Path, flags: argparse.Namespace) -> int:
    command = [str(python), str(root / "backend" / "run_server.py"), *_listen_flags(flags)]
    sys.stdout.flush()
    if sys.platform != "win32":
        os.execv(command[0], command)  # the portal takes this process's place, its signals and its exit code
    return subprocess.call(command)


def _start_command() -> str:
    return "setup_llm.bat" if sys.platform == "win32" else "./setup_llm.sh"
