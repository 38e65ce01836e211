"""What needs a parser (text of PDF and DOCX, WebP images), done by a process of its own that is ended when it takes too long."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson

from app.attachments.errors import TooManyReadingsError, UnreadableFileError, UnsupportedFileError

MAX_TEXT_CHARS = 1_000_000
TIMEOUT_SECONDS = 30.0
_AT_ONCE = 2
_MAX_WAITING = 16
_MAX_WAITING_OF_ONE = 8  # as many files as a message may have
_CHILD = Path(__file__).with_name("reading_child.py")
_IMAGE_CHILD = Path(__file__).with_name("image_child.py")
_SENTENCES = {
    "encrypted": "The document is locked with a password. Save it without one.",
    "damaged": "The document is damaged: it cannot be opened.",
    "too_large": "The document unpacks to more than can be read here. Send a part of it.",
}


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What was read; `is_truncated` when the rest was left out."""

    text: str
    is_truncated: bool


class DocumentReader:
    """Reads a few documents at a time, off the event loop; a few more may wait, one owner's never all of them."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS, child: Path = _CHILD) -> None:
        self._timeout_seconds = timeout_seconds
        self._child = child
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._waiting: Counter[int] = Counter()

    async def read(self, owner_id: int, data: bytes, name: Literal["pdf", "docx"]) -> DocumentText:
        """Return the document's text. Raises UnreadableFileError, UnsupportedFileError or TooManyReadingsError."""
        async with self._turn_of(owner_id):
            answer = await asyncio.to_thread(self._run, data, self._child, name, str(MAX_TEXT_CHARS))
        return _document_text(answer, name)

    async def convert_webp(self, owner_id: int, data: bytes) -> bytes:
        """Return a WebP image as JPEG or PNG. Raises UnreadableFileError or TooManyReadingsError."""
        async with self._turn_of(owner_id):
            converted = await asyncio.to_thread(self._run, data, _IMAGE_CHILD)
        if not converted:
            raise UnreadableFileError("The image is damaged or cut off.")
        return converted

    @asynccontextmanager
    async def _turn_of(self, owner_id: int) -> AsyncIterator[None]:
        if self._waiting.total() >= _MAX_WAITING or self._waiting[owner_id] >= _MAX_WAITING_OF_ONE:
            raise TooManyReadingsError
        self._waiting[owner_id] += 1
        try:
            async with self._slots:
                yield
        finally:
            self._waiting[owner_id] -= 1
            if not self._waiting[owner_id]:
                del self._waiting[owner_id]

    def _run(self, data: bytes, child: Path, *arguments: str) -> bytes:
        # isolated, and without the portal's environment: nothing in there is for a parser of strangers' files
        command = [sys.executable, "-I", "-X", "utf8", str(child), *arguments]
        try:
            done = subprocess.run(
                command,
                input=data,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self._timeout_seconds,
                env=None if sys.platform == "win32" else {},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise UnreadableFileError(
                f"The file could not be read within {self._timeout_seconds:g} s. Save it anew, or send a part of it."
            ) from error
        return done.stdout


def _document_text(answer: bytes, name: str) -> DocumentText:
    try:
        said = orjson.loads(answer)
    except orjson.JSONDecodeError as error:  # it was ended: by its memory limit or a crash
        raise UnreadableFileError(_SENTENCES["too_large"]) from error
    refusal = said.get("refusal")
    if refusal == "not_docx":
        raise UnsupportedFileError("Archives, spreadsheets and slides cannot be read")
    if refusal is not None:
        raise UnreadableFileError(_SENTENCES.get(refusal, _SENTENCES["damaged"]))
    if not said["text"].strip():
        what = "There is no text in this document"
        raise UnreadableFileError(
            f"{what}; if its pages are scans, send them as images." if name == "pdf" else f"{what}."
        )
    return DocumentText(said["text"], said["truncated"])
