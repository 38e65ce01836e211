"""What projects refuse."""

from __future__ import annotations

from app.errors import ConflictError, ForbiddenError, NotFoundError


class ProjectNotFoundError(NotFoundError):
    code = "project_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no project {name}.")


class ProjectEditorOnlyError(ForbiddenError):
    code = "operator_only"

    def __init__(self) -> None:
        super().__init__("Only an operator or an administrator may change projects.")


class TooManyProjectsError(ConflictError):
    code = "too_many_projects"

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} projects of your own already. Delete one that nobody uses.")
