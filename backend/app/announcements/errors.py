"""What can be wrong with a wish about an announcement."""

from __future__ import annotations

from app.errors import ConflictError, NotFoundError


class AnnouncementNotFoundError(NotFoundError):
    code = "unknown_announcement"

    def __init__(self) -> None:
        super().__init__("There is no announcement of this id.")


class TooManyAnnouncementsError(ConflictError):
    """A wall of banners is read by nobody."""

    code = "too_many_announcements"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} announcements are shown already. Take one down first.")
