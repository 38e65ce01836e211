"""What is refused when a limit is reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import TooManyRequestsError


class RateLimitError(TooManyRequestsError):
    """A key's or a person's own limit of requests or tokens a minute."""

    def __init__(
        self,
        message: str,
        *,
        details: dict[str, Any],
        retry_after_seconds: float | None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, details=details, retry_after_seconds=retry_after_seconds)
        self.headers = dict(headers or {})


class BudgetExceededError(TooManyRequestsError):
    """What a request may cost is more than is left of a budget. SDKs are told that trying again at once is no use."""

    code = "insufficient_quota"

    def __init__(self, message: str, *, details: dict[str, Any], retry_after_seconds: float | None) -> None:
        super().__init__(message, details=details, retry_after_seconds=retry_after_seconds)
        self.headers = {"x-should-retry": "false"}
