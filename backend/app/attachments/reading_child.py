"""Run as a program of its own: reads a PDF or DOCX from stdin and writes its text as JSON, within hard limits.

Parsers of other people's files hang and swell; a process can be ended, a thread cannot. Imports nothing of the portal.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

MAX_MEMORY_BYTES = 1024 * 1024 * 1024
MAX_PAGES = 1_000
MAX_XML_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_MAIN_PART = "word/document.xml"
_MAIN_TYPE = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_WORD = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
_FALLBACK = "http://schemas.openxmlformats.org/markup-compatibility/2006 Fallback"


class Refusal(Exception):
    """Why a file cannot be read: one of `encrypted`, `damaged`, `too_large`, `not_docx`."""


class Enough(Exception):
    """As much text as was asked for is there."""


def read_pdf(data: bytes, max_chars: int) -> tuple[str, bool]:
    """Return a PDF's text, page after page, and whether some of it was left out."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refusal("encrypted")
        parts: list[str] = []
        length = 0
        for number, page in enumerate(reader.pages):
            if number >= MAX_PAGES or length > max_chars:
                return "\n\n".join(parts)[:max_chars], True
            parts.append(page.extract_text().strip())
            length += len(parts[-1]) + 2
    except (DependencyError, FileNotDecryptedError) as error:
        raise Refusal("encrypted") from error
    except LimitReachedError as error:
        raise Refusal("too_large") from error
    text = "\n\n".join(parts)
    return text[:max_chars], len(text) > max_chars


def read_docx(data: bytes, max_chars: int) -> tuple[str, bool]:
    """Return a Word document's text in its order (tables row by row), and whether some of it was left out."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _require_docx(archive)
            parser = _DocumentParser(max_chars)
            for chunk in _unpacked(archive, _MAIN_PART):
                parser.feed(chunk)
            parser.feed(b"", is_last=True)
    except Enough:
        return parser.text()[:max_chars], True
    except (zipfile.BadZipFile, expat.ExpatError, EOFError, NotImplementedError) as error:
        raise Refusal("damaged") from error
    return parser.text(), False


def _require_docx(archive: zipfile.ZipFile) -> None:
    names = {entry.filename: entry for entry in archive.infolist()}
    if "[Content_Types].xml" not in names or _MAIN_PART not in names:
        raise Refusal("not_docx")
    if any(names[name].flag_bits & 1 for name in ("[Content_Types].xml", _MAIN_PART)):
        raise Refusal("encrypted")
    if not any(_MAIN_TYPE in chunk for chunk in _unpacked(archive, "[Content_Types].xml")):
        raise Refusal("not_docx")


def _unpacked(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield a part's bytes, whatever size the archive's list claims for it."""
    total = 0
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK_BYTES):
            total += len(chunk)
            if total > MAX_XML_BYTES:
                raise Refusal("too_large")
            yield chunk


class _DocumentParser:
    """Collects the text of WordprocessingML while it streams by (ISO/IEC 29500-1, 17.3). Takes no DTD, so no entities."""

    def __init__(self, max_chars: int) -> None:
        self._max_chars = max_chars
        self._length = 0
        self._parts: list[str] = []
        self._path: list[str] = []
        self._skipping = 0
        self._cells = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, chunk: bytes, *, is_last: bool = False) -> None:
        self._parser.Parse(chunk, is_last)

    def text(self) -> str:
        return "".join(self._parts).strip("\n")

    def _start(self, name: str, _attributes: Any) -> None:
        word = _local(name)
        self._path.append(word)
        if len(self._path) > 1000:
            raise Refusal("damaged")
        if name == _FALLBACK:  # the same content again, for older programs
            self._skipping += 1
        elif word == "tc":
            self._cells += 1
        elif self._path[-2:-1] == ["r"] and word in ("tab", "ptab"):
            self._add("\t")
        elif word in ("br", "cr"):
            self._add(" " if self._cells else "\n")
        elif word == "noBreakHyphen":
            self._add("-")

    def _end(self, name: str) -> None:
        word = self._path.pop()
        if name == _FALLBACK:
            self._skipping -= 1
        elif word == "p":
            self._add(" " if self._cells else "\n")
        elif word == "tc":
            self._cells -= 1
            self._trim()
            self._add(" | ")
        elif word == "tr":
            self._trim(" |")
            self._add("\n" if not self._cells else " ")

    def _characters(self, text: str) -> None:
        if self._path and self._path[-1] == "t":
            self._add(text)

    def _add(self, text: str) -> None:
        if self._skipping:
            return
        self._parts.append(text)
        self._length += len(text)
        if self._length > self._max_chars:
            raise Enough

    def _trim(self, characters: str = " ") -> None:
        """Take the blanks off the end that the last paragraph or cell has left."""
        while self._parts:
            kept = self._parts[-1].rstrip(characters)
            if kept:
                self._parts[-1] = kept
                return
            if not self._parts[-1] or "\n" in self._parts[-1]:
                return
            self._parts.pop()

    def _doctype(self, *_arguments: Any) -> None:
        raise Refusal("damaged")


def _local(name: str) -> str:
    """Return the local name of a Word element; another's is empty."""
    namespace, _, local = name.rpartition(" ")
    return local if namespace in _WORD else ""


def _limit_memory() -> None:
    """Let the process die rather than the machine. Windows has no such limit; there the parent's clock is the only one."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass


def answer(data: bytes, name: str, max_chars: int) -> dict[str, Any]:
    """Return `{"text", "truncated"}` or `{"refusal"}`; whatever a parser raises, the file is at fault."""
    try:
        text, is_cut = (read_pdf if name == "pdf" else read_docx)(data, max_chars)
    except Refusal as refusal:
        return {"refusal": str(refusal)}
    except (MemoryError, RecursionError):
        return {"refusal": "too_large"}
    except Exception:
        return {"refusal": "damaged"}
    clean = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return {"text": clean, "truncated": is_cut}


if __name__ == "__main__":
    _limit_memory()
    logging.disable(logging.CRITICAL)
    sys.stdout.write(json.dumps(answer(sys.stdin.buffer.read(), sys.argv[1], int(sys.argv[2]))))
