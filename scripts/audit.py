"""Ask the package registries whether a pinned package has a known weakness; what cannot be asked is skipped aloud."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOL = "pip-audit==2.10.1"
_SECONDS = 180


def main() -> int:
    """Return 1 when something is known to be weak, 0 when nothing is or nothing could be asked."""
    results = [audit_python(), audit_page()]
    return int(any(results))


def audit_python() -> bool:
    """Tell whether a package of requirements.lock has a known weakness."""
    folder = ROOT / ".cache" / "audit"
    program = folder / "bin" / "pip-audit"
    if not program.exists():
        venv.create(folder, with_pip=True)
        install: list[str | Path] = [
            folder / "bin" / "python",
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            TOOL,
        ]
        if (done := _run(install)) is None or done.returncode:
            return _skip("Python packages", "pip-audit could not be installed")
    command: list[str | Path] = [
        program,
        "--disable-pip",
        "--require-hashes",
        "-r",
        ROOT / "backend" / "requirements.lock",
        "-f",
        "json",
    ]
    done = _run([*command, "--progress-spinner", "off"])
    try:
        found = json.loads(done.stdout) if done is not None else None
    except ValueError:
        found = None
    if found is None:
        return _skip("Python packages", "the database of weaknesses does not answer")
    weak = [one for one in found["dependencies"] if one.get("vulns")]
    return _say(
        "Python packages",
        len(found["dependencies"]),
        [f"{one['name']} {one['version']}: {_ids(one)}" for one in weak],
    )


def audit_page() -> bool:
    """Tell whether a package that comes into the page has a known weakness."""
    done = _run(["npm", "audit", "--omit=dev", "--json"], ROOT / "frontend")
    try:
        found = json.loads(done.stdout) if done is not None else {}
    except ValueError:
        found = {}
    if "metadata" not in found:
        return _skip("the page's packages", "npm's registry does not answer audits here")
    weak = [f"{name}: {one['severity']}" for name, one in found["vulnerabilities"].items()]
    return _say("the page's packages", int(found["metadata"]["dependencies"]["prod"]), weak)


def _ids(dependency: dict[str, list[dict[str, str]]]) -> str:
    return ", ".join(one["id"] for one in dependency["vulns"])


def _say(what: str, count: int, weak: list[str]) -> bool:
    lines = [
        f"audit of {what}: {count} packages, {len(weak)} with known weaknesses",
        *(f"  {line}" for line in weak),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return bool(weak)


def _skip(what: str, why: str) -> bool:
    sys.stdout.write(f"audit of {what}: SKIPPED, {why}\n")
    return False


def _run(command: Sequence[str | Path], folder: Path = ROOT) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


if __name__ == "__main__":
    sys.exit(main())
