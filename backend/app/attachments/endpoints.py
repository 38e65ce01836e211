"""/api/attachments: files to send with a message, each only for its owner."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from app.attachments.deps import Attachments, Owner, UploadedFile
from app.attachments.file_names import content_disposition
from app.attachments.schemas import AttachmentRead
from app.auth.schemas import Done

router = APIRouter(prefix="/api/attachments", tags=["attachments"])

_ABSENT: dict[int | str, dict[str, Any]] = {404: {"description": "No attachment of that id is yours."}}
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
AttachmentPath = Annotated[str, Path(description="The attachment's id.")]


@router.post(
    "",
    status_code=201,
    summary="Upload a file",
    description=(
        "The body is the file itself, of whatever content type: what it is is told by its bytes. Images (PNG, JPEG, WebP, "
        "GIF) are kept as they are; of documents (PDF, DOCX, text in UTF-8) the text is read."
    ),
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}},
    responses={
        413: {"description": "The file is too large (`too_large`), or you have too many (`quota_exceeded`)."},
        415: {"description": "Files of this kind cannot be sent; the message lists those that can."},
        429: {"description": "Too many documents are being read; `retry-after` says when to come back."},
    },
)
async def upload_attachment(
    caller: Owner,
    attachments: Attachments,
    data: UploadedFile,
    name: Annotated[str, Query(min_length=1, max_length=1000, description="The file's name.")],
) -> AttachmentRead:
    return await attachments.add(caller.user.id, name, data)


@router.get("/{attachment_id}", summary="Read what is known of a file", responses=_ABSENT)
async def read_attachment(
    caller: Owner, attachments: Attachments, attachment_id: AttachmentPath
) -> AttachmentRead:
    return await attachments.read(caller.user.id, attachment_id)


@router.get(
    "/{attachment_id}/content",
    summary="Download a file",
    response_class=Response,
    responses={**_ABSENT, 200: {"description": "The file's bytes.", "content": {"*/*": _BINARY}}},
)
async def download_attachment(
    caller: Owner, attachments: Attachments, attachment_id: AttachmentPath
) -> Response:
    file = await attachments.content(caller.user.id, attachment_id)
    headers = {
        "content-disposition": content_disposition(file.name, is_inline=file.kind == "image"),
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
    }
    return Response(file.data, media_type=file.media_type, headers=headers)


@router.delete(
    "/{attachment_id}",
    summary="Delete a file that no message uses",
    responses={**_ABSENT, 409: {"description": "A message uses it; it goes with its conversation."}},
)
async def delete_attachment(caller: Owner, attachments: Attachments, attachment_id: AttachmentPath) -> Done:
    await attachments.delete(caller.user.id, attachment_id)
    return Done()
