"""Serves the built page: hashed files immutable and pre-compressed, every other path the shell."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from app.errors import NotFoundError

_RESERVED = ("api", "v1", "healthz", "readyz", "metrics")
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Prompt Portal</title>
<body><h1>Prompt Portal is running</h1><p>The page is not built yet. Run <code>./setup_llm.sh --install</code> in the
project's folder (or <code>npm ci &amp;&amp; npm run build</code> in <code>frontend/</code>), then reload.</p>
<p>The API answers at <a href="/api/llm/health">/api/llm/health</a>.</p></body></html>"""


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the build, with its compressed twins."""

    path: Path
    media_type: str
    variants: dict[str, Path]


class BuiltPage:
    """An index of the build folder, so that no request path ever reaches the file system.

    The index is read again when `index.html` changes (a rebuild while the portal runs).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index: dict[str, PageFile] = {}
        self._stamp = -1.0

    def respond(self, request: Request) -> Response:
        """Answer a GET for `request.url.path`; raises NotFoundError for missing assets and API paths."""
        name = request.url.path.lstrip("/")
        if name.split("/", 1)[0] in _RESERVED:
            raise NotFoundError(f"There is nothing at {request.method} {request.url.path}.")
        self._refresh()
        if not self._index:
            return HTMLResponse(_NOT_BUILT)
        found = self._index.get(name)
        if found is None:
            if name.startswith("assets/") or ("." in name and "/" not in name):
                raise NotFoundError(f"There is nothing at {request.url.path}.")
            found, name = self._index["index.html"], "index.html"
        return _file_response(found, name, request.headers.get("accept-encoding", ""))

    def _refresh(self) -> None:
        try:
            stamp = (self.folder / "index.html").stat().st_mtime
        except OSError:
            self._index, self._stamp = {}, -1.0
            return
        if stamp != self._stamp:
            self._index, self._stamp = _scan(self.folder), stamp


def _scan(folder: Path) -> dict[str, PageFile]:
    index = {}
    for path in folder.rglob("*"):
        if not path.is_file() or path.suffix in (".br", ".gz"):
            continue
        twins = ((encoding, path.with_name(path.name + suffix)) for encoding, suffix in _ENCODINGS)
        variants = {encoding: twin for encoding, twin in twins if twin.is_file()}
        media_type = _media_type(path)
        index[path.relative_to(folder).as_posix()] = PageFile(path, media_type, variants)
    return index


def _media_type(path: Path) -> str:
    if path.suffix in (".js", ".mjs"):  # Windows' registry may say text/plain
        return "text/javascript"
    if path.suffix == ".webmanifest":
        return "application/manifest+json"
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _file_response(file: PageFile, name: str, accept_encoding: str) -> Response:
    path, headers = file.path, {"vary": "accept-encoding"}
    for encoding, variant in file.variants.items():
        if encoding in accept_encoding:
            path, headers["content-encoding"] = variant, encoding
            break
    is_hashed = name.startswith("assets/")
    headers["cache-control"] = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
    return FileResponse(path, headers=headers, media_type=file.media_type)
