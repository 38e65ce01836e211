"""The portal as a systemd service of the person who runs the set-up: it starts by itself and again after a crash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from portal_setup.report import SetupError, Step

NAME = "prompt-portal.service"
_TEMPLATE = Path("deploy", "systemd", "prompt-portal-user.service")
_PLACE = "%h/prompt-portal"
_TRY_SECONDS = 60


def install_service(root: Path, step: Step) -> None:
    """Write the unit, and start it or start it anew. Raises SetupError where there is no systemd for this account."""
    if sys.platform != "linux" or shutil.which("systemctl") is None:
        raise SetupError("--service needs systemd. Without it, start the portal with: ./setup_llm.sh")
    unit = unit_folder() / NAME
    text = unit_text(root)
    is_same = unit.is_file() and unit.read_text(encoding="utf-8") == text
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text(text, encoding="utf-8")
    for arguments in (("daemon-reload",), ("enable", NAME), ("restart", NAME)):
        _systemctl(*arguments)
    step.outcome = "started anew" if is_same else f"{unit} is written, and it runs"
    step.note("Its log, with the first password: journalctl --user -u prompt-portal")
    step.note("To let it run while you are not signed in: loginctl enable-linger")


def unit_folder() -> Path:
    """Return where systemd looks for a person's own units."""
    config = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(config or Path.home() / ".config") / "systemd" / "user"


def unit_text(root: Path) -> str:
    """Return the unit of `deploy/systemd` for a project in this folder. Raises SetupError for a path that no unit can name."""
    if strange := set(str(root)) & set("\"'\\$"):
        raise SetupError(
            f"systemd starts no program below a folder with {' '.join(sorted(strange))} in its name: {root}"
        )
    template = (root / _TEMPLATE).read_text(encoding="utf-8")
    lines = [line for line in template.splitlines() if not line.startswith("#")]
    return "\n".join(_placed(line, root) for line in lines) + "\n"


def _placed(line: str, root: Path) -> str:
    if _PLACE not in line:
        return line
    path = str(root).replace("%", "%%")
    name, _, value = line.partition("=")
    if name != "ExecStart":  # a path alone: systemd takes it as it is
        return f"{name}={value.replace(_PLACE, path)}"
    program, _, arguments = value.partition(" ")
    return f'{name}="{program.replace(_PLACE, path)}" {arguments}'


def _systemctl(*arguments: str) -> None:
    command = ["systemctl", "--user", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TRY_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise SetupError(f"{' '.join(command)} did not end within {_TRY_SECONDS} s.") from None
    if done.returncode != 0:
        raise SetupError(
            f"{' '.join(command)} failed: {done.stderr.strip()}\n"
            "  Is there a session of systemd for this account (loginctl)? deploy/systemd has a unit for the whole machine too."
        )
