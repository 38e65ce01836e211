"""Log set-up: one line a record, with the request's id; never a prompt, key or token."""

from __future__ import annotations

import contextvars
import logging
import re
import sys

request_id_var: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")

_SECRETS = re.compile(
    r"(pp_[A-Za-z0-9]{6})[A-Za-z0-9_-]+|(eyJ[A-Za-z0-9_-]{5})[A-Za-z0-9_.-]+|(?i:(bearer )\S+)"
)


def redact(text: str) -> str:
    """Blank out API keys, JWTs and bearer credentials that slipped into a message."""
    return _SECRETS.sub(lambda match: f"{match.group(1) or match.group(2) or match.group(3)}…", text)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        record.request_id = request_id_var.get()
        return redact(super().format(record))


def configure_logging(level: str = "INFO") -> None:
    """Send records to standard error; rotation is the process manager's job. Calling it again replaces the handler."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("uvicorn.access", "aiosqlite", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel("WARNING")
