"""What a file is, by its content alone: names and headers lie. Pure functions.

SVG is refused (it is a page with scripts in it); HTML and code are text, and are only ever handed out as a download.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from app.attachments.errors import UnreadableFileError, UnsupportedFileError
from app.attachments.image_headers import BrokenImageError, read_image

Format = Literal["image", "pdf", "docx", "text"]

MAX_SIDE_PIXELS = 16_384
MAX_PIXELS = 100_000_000
PDF_TYPE = "application/pdf"
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT_TYPE = "text/plain"

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_BINARY = bytes([*range(0x08), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])
_PROLOGUE = re.compile(
    r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE
)
_SVG = re.compile(r"<(?:[\w.-]+:)?svg[\s/>]", re.IGNORECASE)
_PROLOGUE_CHARS = 100_000


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What the bytes are; `text` is there for text files only, the others are read elsewhere."""

    format: Format
    media_type: str
    width: int | None = None
    height: int | None = None
    text: str | None = None


def sniff(data: bytes) -> Sniffed:
    """Tell what a file is. Raises UnsupportedFileError or UnreadableFileError."""
    if not data:
        raise UnreadableFileError("The file is empty.")
    image = _image(data)
    if image is not None:
        return image
    if data.startswith(b"%PDF-"):
        return Sniffed("pdf", PDF_TYPE)
    if data.startswith(b"PK\x03\x04"):
        return Sniffed("docx", DOCX_TYPE)  # if it is one: whoever opens the archive sees
    if data.startswith(_OLE):
        if _ENCRYPTED_OFFICE in data:
            raise UnreadableFileError("The document is locked with a password. Save it without one.")
        raise UnsupportedFileError("Old Office files cannot be read; save it as DOCX or PDF")
    return Sniffed("text", TEXT_TYPE, text=_text(data))


def _image(data: bytes) -> Sniffed | None:
    try:
        facts = read_image(data)
    except BrokenImageError as error:
        raise UnreadableFileError("The image is damaged or cut off.") from error
    if facts is None:
        return None
    if facts.width < 1 or facts.height < 1:
        raise UnreadableFileError("The image is damaged: it has no size.")
    if max(facts.width, facts.height) > MAX_SIDE_PIXELS or facts.width * facts.height > MAX_PIXELS:
        raise UnreadableFileError(
            f"The image has {facts.width} × {facts.height} pixels; up to {MAX_SIDE_PIXELS} a side and "
            f"{MAX_PIXELS // 1_000_000} million in all can be sent. Make it smaller."
        )
    return Sniffed("image", facts.media_type, facts.width, facts.height)


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnsupportedFileError from error
    if len(data.translate(None, _BINARY)) < len(data):  # many times faster than a search by pattern
        raise UnsupportedFileError
    if not text.strip():
        raise UnreadableFileError("There is no text in the file.")
    if _is_svg(text):
        raise UnsupportedFileError("SVG images are not taken; save it as PNG")
    return text


def _is_svg(text: str) -> bool:
    """Whether the first element of an XML text is `svg`."""
    position = 0
    while position < _PROLOGUE_CHARS and (match := _PROLOGUE.match(text, position)):
        position = match.end()
    return _SVG.match(text, position) is not None
