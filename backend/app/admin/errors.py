"""What can be wrong with an administrator's wish."""

from __future__ import annotations

from app.errors import ConflictError, ForbiddenError, NotFoundError


class OperatorOnlyError(ForbiddenError):
    code = "operator_only"

    def __init__(self) -> None:
        super().__init__("Only an operator or an administrator may see this.")


class UnknownUserError(NotFoundError):
    code = "unknown_user"

    def __init__(self) -> None:
        super().__init__("Nobody has this id.")


class UnknownInvitationError(NotFoundError):
    code = "unknown_invitation"

    def __init__(self) -> None:
        super().__init__("No open invitation has this id; it may have been used.")


class NotRunningError(NotFoundError):
    code = "not_running"

    def __init__(self) -> None:
        super().__init__("No turn of this id runs or waits.")


class OwnAccountError(ConflictError):
    """Nobody locks themselves out by a slip."""

    code = "own_account"

    def __init__(self) -> None:
        super().__init__("This is your own account. Ask another administrator to change it.")


class NoMetricsError(NotFoundError):
    def __init__(self) -> None:
        super().__init__(
            "Metrics are off. Set METRICS_TOKEN to a secret of your own, and send it as a bearer token."
        )
