"""What is refused of files, in words that say what to do instead."""

from __future__ import annotations

from app.errors import ConflictError, NotFoundError, PortalError, TooLargeError, TooManyRequestsError

_WHAT_WORKS = (
    "Images: PNG, JPEG, WebP, GIF. Documents: PDF, DOCX, and text in UTF-8 (txt, md, csv, json, code)."
)


class AttachmentNotFoundError(NotFoundError):
    """No such file of this owner; the same answer whether it is absent or someone else's."""

    code = "attachment_not_found"

    def __init__(self) -> None:
        super().__init__("There is no attachment of that id.")


class AttachmentInUseError(ConflictError):
    code = "attachment_in_use"

    def __init__(self) -> None:
        super().__init__("A message uses this file. It goes with its conversation.")


class UnsupportedFileError(PortalError):
    """The bytes are of no kind that can be sent to a model."""

    code, status = "unsupported_file", 415

    def __init__(self, what: str = "Files of this kind cannot be sent") -> None:
        super().__init__(f"{what}. {_WHAT_WORKS}")


class UnreadableFileError(PortalError):
    """The kind is right, and yet nothing can be read from it."""

    code, status = "unreadable_file", 422


class FileTooLargeError(TooLargeError):
    def __init__(self, max_bytes: int) -> None:
        super().__init__(
            f"The file is larger than {mebibytes(max_bytes)} (MAX_ATTACHMENT_BYTES).",
            details={"max_bytes": max_bytes},
        )


class QuotaExceededError(TooLargeError):
    code = "quota_exceeded"

    def __init__(self, what: str, max_count: int, max_bytes: int) -> None:
        super().__init__(
            f"You have {what}. Delete files, or conversations with files (their files go a day later).",
            details={"max_count": max_count, "max_bytes": max_bytes},
        )


class TooManyReadingsError(TooManyRequestsError):
    """As many documents as allowed wait to be read."""

    code = "busy"

    def __init__(self) -> None:
        super().__init__("Too many documents are being read. Try again in a moment.", retry_after_seconds=5)


def mebibytes(size_bytes: int) -> str:
    """Return a size as people read it."""
    return f"{round(size_bytes / 1_048_576, 1):g} MiB"
