"""Run a command with its output in a log, and turn the usual failures into what a person can do about them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from portal_setup.report import SetupError

_CAUSES = (
    (("No space left on device", "ENOSPC", "not enough space"), "The disk is full. Free about 1.5 GB and run it again."),
    (
        ("DO NOT MATCH THE HASHES", "EINTEGRITY"),
        "A download is not what the lock file expects, so it was thrown away. Run it again; if it stays, the mirror or a "
        "proxy changes files.",
    ),
    (
        ("Temporary failure in name resolution", "Name or service not known", "getaddrinfo", "NewConnectionError",
         "Failed to establish", "Connection refused", "Network is unreachable", "Read timed out", "ConnectTimeout",
         "ECONNREFUSED", "ENOTFOUND", "ETIMEDOUT", "EAI_AGAIN", "ECONNRESET", "ENETUNREACH", "ProxyError"),
        "The package registry cannot be reached. Check the network (a proxy: set HTTPS_PROXY; a mirror: set PIP_INDEX_URL "
        "and npm's registry) and run it again: what was finished is kept.",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLError", "UNABLE_TO_GET_ISSUER_CERT", "SELF_SIGNED_CERT"),
        "The registry's certificate is not trusted here. Behind a proxy that opens TLS, name its certificate with PIP_CERT "
        "and NODE_EXTRA_CA_CERTS.",
    ),
    (("Permission denied", "EACCES", "EPERM"), "No permission to write. Make this folder your own (sudo is not needed)."),
    (("ResolutionImpossible", "No matching distribution"), "There is no prebuilt package for this Python or platform."),
)  # fmt: skip


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    log: Path,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] = lambda line: None,
) -> None:
    """Run to the end; raises SetupError with the likely cause, the last lines and the log's path."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("w", encoding="utf-8") as record,
        subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            record.write(line)
            on_line(line.rstrip())
        exit_code = process.wait()
    if exit_code != 0:
        raise SetupError(explain(what, log.read_text(encoding="utf-8", errors="replace"), log))


def explain(what: str, output: str, log: Path) -> str:
    """Word a failure: the cause if it is a usual one, else the last lines of the output."""
    for signs, advice in _CAUSES:
        if any(sign in output for sign in signs):
            return f"{what} failed. {advice}\n  (all of its output: {log})"
    lines = [line for line in output.splitlines() if line.strip()][-6:]
    return "\n  ".join([f"{what} failed:", *lines, f"(all of its output: {log})"])
