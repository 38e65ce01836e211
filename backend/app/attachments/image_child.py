"""Run as a program of its own: reads a WebP image from stdin and writes it as JPEG, or as PNG where it has transparency.

llama.cpp reads PNG, JPEG and GIF, and no WebP. Decoders of other people's files belong into a process that can be
ended, see `reading_child`. Imports nothing of the portal.
"""

from __future__ import annotations

import io
import sys

MAX_MEMORY_BYTES = 1536 * 1024 * 1024
JPEG_QUALITY = 92


def converted(data: bytes) -> bytes:
    """Return the image's first frame, upright, without its metadata. Raises what Pillow raises for a damaged one."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # the portal has looked at the size before
    with Image.open(io.BytesIO(data), formats=["WEBP"]) as opened:
        image = ImageOps.exif_transpose(opened)
        out = io.BytesIO()
        if image.has_transparency_data:
            image.convert("RGBA").save(out, "PNG")
        else:
            image.convert("RGB").save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _limit_memory() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass


if __name__ == "__main__":
    _limit_memory()
    try:
        result = converted(sys.stdin.buffer.read())
    except Exception:
        sys.exit(1)
    sys.stdout.buffer.write(result)
