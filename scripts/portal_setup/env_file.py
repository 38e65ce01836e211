"""The `.env` file: made from `.env.example` with random secrets, readable by its owner only; later edits are kept."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import secrets
from pathlib import Path


def make_env_file(path: Path, example: Path) -> list[str]:
    """Write `path` if it is absent, with random secrets; returns the names that were given a value.

    An existing file keeps every value it has. Its mode is set to 0600 either way.
    """
    if path.exists():
        path.chmod(0o600)
        return []
    text = example.read_text(encoding="utf-8")
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii"),
    }
    for name, value in made.items():
        text = with_value(text, name, value)
    _write_private(path, text)
    return list(made)


def set_value(path: Path, name: str, value: str) -> bool:
    """Set one setting in the file, keeping everything else byte for byte; False when it had that value already."""
    text = path.read_text(encoding="utf-8")
    changed = with_value(text, name, value)
    if changed == text:
        return False
    _write_private(path, changed)
    return True


def read_value(path: Path, name: str) -> str:
    """Return a setting as the portal would read it: the environment first, then the file; empty when unset."""
    from_environment = os.environ.get(name, "")
    if from_environment or not path.exists():
        return from_environment
    found = re.findall(_line_of(name), path.read_text(encoding="utf-8"), re.MULTILINE)
    return _unquoted(found[-1]) if found else ""


def with_value(text: str, name: str, value: str) -> str:
    """Return the text with `NAME=value` on its line, its commented line, or a new last line."""
    line = f"{name}={_quoted(value)}"
    for pattern in (_line_of(name), rf"^#[ \t]*{name}=.*$"):
        if re.search(pattern, text, re.MULTILINE):
            # of several lines the last one counts
            matches = list(re.finditer(pattern, text, re.MULTILINE))
            return text[: matches[-1].start()] + line + text[matches[-1].end() :]
    return text + ("" if not text or text.endswith("\n") else "\n") + line + "\n"


def _line_of(name: str) -> str:
    return rf"^[ \t]*(?:export[ \t]+)?{name}[ \t]*=[ \t]*(.*?)[ \t]*$"


def _quoted(value: str) -> str:
    return (
        value
        if re.fullmatch(r"[^\s#'\"\\$]*", value)
        else "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    )


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1].replace("\\'", "'").replace("\\\\", "\\")
    return re.sub(r"\s+#.*$", "", value)


def _write_private(path: Path, text: str) -> None:
    """Replace the file in one move, never readable by others on the way."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    _keep_owner(path, new)
    new.replace(path)


def _keep_owner(path: Path, new: Path) -> None:
    """Leave a file with the account that reads it, as that of a system service, when root changes it."""
    if path.exists() and hasattr(os, "chown"):
        was = path.stat()
        with contextlib.suppress(PermissionError):  # who is not root may not give it away
            os.chown(new, was.st_uid, was.st_gid)
