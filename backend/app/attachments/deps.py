"""What the attachment endpoints ask for: the caller, the service, the file in the request's body."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.attachments.errors import FileTooLargeError, UnsupportedFileError
from app.attachments.service import AttachmentService
from app.auth.deps import ChatUser

Owner = ChatUser


async def get_attachments(request: Request) -> AttachmentService:
    attachments: AttachmentService = request.app.state.runtime.attachments
    return attachments


Attachments = Annotated[AttachmentService, Depends(get_attachments)]


async def uploaded_file(request: Request, _caller: Owner, attachments: Attachments) -> bytes:
    """Return the body, and stop reading as soon as it is too large; a form is refused, its bytes are not the file's."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise UnsupportedFileError("Send the file's bytes as the body itself, not in a form")
    max_bytes = attachments.limits.max_bytes
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise FileTooLargeError(max_bytes)
    received = bytearray()
    async for piece in request.stream():
        received += piece
        if len(received) > max_bytes:
            raise FileTooLargeError(max_bytes)
    return bytes(received)


UploadedFile = Annotated[bytes, Depends(uploaded_file)]
