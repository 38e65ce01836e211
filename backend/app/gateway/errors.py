"""What the gateway itself refuses."""

from __future__ import annotations

from app.errors import BadRequestError


class InvalidBodyError(BadRequestError):
    """The body is no JSON object, or lacks what the route cannot do without."""

    code = "invalid_body"


class NotInSessionsError(BadRequestError):
    """A parameter that a stored conversation cannot honour."""

    code = "not_in_sessions"
