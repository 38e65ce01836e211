"""Headers that parts below the doors want on the answer to the request at hand, whichever response it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

answer_headers_var: ContextVar[dict[str, str] | None] = ContextVar("answer_headers", default=None)
"""Set for each HTTP request by the outermost layer, which sends what is in it when the response starts."""


def add_answer_headers(headers: Mapping[str, str]) -> None:
    """Add headers; does nothing where no HTTP request is at hand."""
    found = answer_headers_var.get()
    if found is not None:
        found.update(headers)
