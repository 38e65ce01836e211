"""Log set-up: one line a record, as text or JSON, with the ids of request, session and device; never a key or token."""

from __future__ import annotations

import contextvars
import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

request_id_var: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")
_ids_var: contextvars.ContextVar[Mapping[str, str]] = contextvars.ContextVar("log_ids", default={})  # noqa: B039 - never changed

_SECRETS = re.compile(
    r"(pp_[A-Za-z0-9]{6})[A-Za-z0-9_-]+|(eyJ[A-Za-z0-9_-]{5})[A-Za-z0-9_.-]+|(?i:(bearer )[^\s\"]+)"
    r"|\b((?:sk|hf|gsk|ghp|xai|xox[abp])[-_][A-Za-z0-9]{2}|AIza[A-Za-z0-9]{2})[A-Za-z0-9_-]{14,}"
)
_FILE_BYTES = 10_000_000
_FILES_KEPT = 5


def note_ids(*, session: str | None = None, device: str | None = None) -> None:
    """Have every further line of this request, and of what it starts, say which session and device it is about."""
    known = {name: value for name, value in (("session", session), ("device", device)) if value is not None}
    _ids_var.set({**_ids_var.get(), **known})


def redact(text: str) -> str:
    """Blank out API keys (ours and the usual providers'), JWTs and bearer credentials that slipped into a message."""
    return _SECRETS.sub(lambda match: f"{next(filter(None, match.groups()))}…", text)


def _plain(name: str) -> str:
    """Keep a name that somebody chose from looking like a line or a field of the log."""
    return "".join(
        character if character.isprintable() and character not in " ]" else "_" for character in name
    )


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        ids = {"request": request_id_var.get(), **_ids_var.get()}
        record.ids = " ".join(
            value if name == "request" else f"{name}={_plain(value)}" for name, value in ids.items()
        )
        return redact(super().format(record))


class _JsonFormatter(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `request_id`, `message`; `session_id`, `device_id` and `error`
    (a traceback) where there are any.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": request_id_var.get(),
            **{f"{name}_id": value for name, value in _ids_var.get().items()},
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def configure_logging(level: str = "INFO", *, is_json: bool = False, file: Path | None = None) -> None:
    """Send records to standard error, and to a file that is turned over at 10 MB if one is named.

    Calling it again replaces the handlers.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(
            RotatingFileHandler(file, maxBytes=_FILE_BYTES, backupCount=_FILES_KEPT, encoding="utf-8")
        )
    text = _Formatter("%(asctime)s %(levelname)s %(name)s [%(ids)s] %(message)s")
    for handler in handlers:
        handler.setFormatter(_JsonFormatter() if is_json else text)
    root = logging.getLogger()
    for old in root.handlers:
        if isinstance(old, RotatingFileHandler):
            old.close()
    root.handlers[:] = handlers
    root.setLevel(level.upper())
    for noisy in ("uvicorn.access", "aiosqlite", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel("WARNING")
