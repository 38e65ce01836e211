"""Log set-up: one line a record, as text or JSON, with the request's id; never a prompt, key or token."""

from __future__ import annotations

import contextvars
import json
import logging
import re
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

request_id_var: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")

_SECRETS = re.compile(
    r"(pp_[A-Za-z0-9]{6})[A-Za-z0-9_-]+|(eyJ[A-Za-z0-9_-]{5})[A-Za-z0-9_.-]+|(?i:(bearer )\S+)"
)
_FILE_BYTES = 10_000_000
_FILES_KEPT = 5


def redact(text: str) -> str:
    """Blank out API keys, JWTs and bearer credentials that slipped into a message."""
    return _SECRETS.sub(lambda match: f"{match.group(1) or match.group(2) or match.group(3)}…", text)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        record.request_id = request_id_var.get()
        return redact(super().format(record))


class _JsonFormatter(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `request_id`, `message`, and `error` with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": request_id_var.get(),
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
    text = _Formatter("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")
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
