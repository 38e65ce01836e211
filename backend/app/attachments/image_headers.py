"""An image's format and size from its first bytes (PNG, JPEG, GIF, WebP); nothing is decoded."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_END: Final = b"IEND\xaeB`\x82"
# start-of-frame markers: all of C0-CF but the tables DHT, JPG and DAC (ITU-T T.81, table B.1)
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})


class BrokenImageError(ValueError):
    """The bytes begin like an image and do not go on like one."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    media_type: str
    width: int
    height: int


def read_image(data: bytes) -> ImageFacts | None:
    """Return what an image says of itself, or None for bytes that do not begin like one. Raises BrokenImageError."""
    try:
        if data.startswith(_PNG):
            return ImageFacts("image/png", *_png_size(data))
        if data.startswith(b"\xff\xd8\xff"):
            return ImageFacts("image/jpeg", *_jpeg_size(data))
        if data.startswith((b"GIF87a", b"GIF89a")):
            return ImageFacts("image/gif", *_gif_size(data))
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return ImageFacts("image/webp", *_webp_size(data))
    except IndexError as error:
        raise BrokenImageError from error
    return None


def _png_size(data: bytes) -> tuple[int, int]:
    """Read IHDR, which must come first and be whole (PNG, third edition, 11.2.1)."""
    header = data[12:29]
    if data[8:16] != b"\x00\x00\x00\x0dIHDR" or zlib.crc32(header) != _big(data, 29, 4):
        raise BrokenImageError
    if _PNG_END not in data:
        raise BrokenImageError
    return _big(data, 16, 4), _big(data, 20, 4)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk the segments to the first start of frame."""
    position = 2
    while True:
        if data[position] != 0xFF:
            raise BrokenImageError
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
        elif marker in _JPEG_ALONE:
            position += 2
        elif marker in _JPEG_FRAMES:
            if b"\xff\xd9" not in data[position:]:
                raise BrokenImageError
            return _big(data, position + 7, 2), _big(data, position + 5, 2)
        elif marker in (0xD9, 0xDA):  # the picture's data, or its end, without a frame
            raise BrokenImageError
        else:
            position += 2 + max(2, _big(data, position + 2, 2))


def _gif_size(data: bytes) -> tuple[int, int]:
    if b";" not in data[13:]:
        raise BrokenImageError
    return _little(data, 6, 2), _little(data, 8, 2)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Read the first chunk: extended, lossless or lossy (RFC 9649, section 2)."""
    if _little(data, 4, 4) + 8 > len(data) + 1:
        raise BrokenImageError
    chunk = data[12:16]
    if chunk == b"VP8X":
        return _little(data, 24, 3) + 1, _little(data, 27, 3) + 1
    if chunk == b"VP8L" and data[20] == 0x2F:
        bits = _little(data, 21, 4)
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    if chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    raise BrokenImageError


def _big(data: bytes, start: int, length: int) -> int:
    return int.from_bytes(_exactly(data, start, length), "big")


def _little(data: bytes, start: int, length: int) -> int:
    return int.from_bytes(_exactly(data, start, length), "little")


def _exactly(data: bytes, start: int, length: int) -> bytes:
    piece = data[start : start + length]
    if len(piece) < length:
        raise BrokenImageError
    return piece
