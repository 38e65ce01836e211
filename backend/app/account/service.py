"""Everything that the portal holds of one person, as one ZIP archive that is written while it is sent."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Table, select

from app.account.ownership import owned_tables, query
from app.attachments.tables import Attachment, AttachmentContent
from app.audit.service import note
from app.chat.export_service import ExportService
from app.db.registry import load_metadata
from app.db.session import Database
from app.kit.clock import Clock, isoformat

_ROWS_AT_ONCE = 1000
_ABOUT = """What Prompt Portal holds of you, as of {now}.

conversations.json   all conversations; any portal imports it
files/               the files that you attached
tables/              every other row that belongs to you, one JSON document a line; secrets and their hashes are left out
"""


class _Pipe(io.RawIOBase):
    """What the archive writes, until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


class AccountExport:
    """Every method takes the owner, and finds nothing of anybody else's."""

    def __init__(self, database: Database, exports: ExportService, clock: Clock) -> None:
        self._database = database
        self._exports = exports
        self._clock = clock

    async def archive(self, user_id: int) -> AsyncIterator[bytes]:
        """Return the archive in pieces; one conversation, file or step of rows is in memory at a time."""
        async with self._database.transaction() as session:
            note(session, "export.account", at=self._clock.now())
        return self._pieces(user_id)

    async def _pieces(self, user_id: int) -> AsyncIterator[bytes]:
        pipe = _Pipe()
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", _ABOUT.format(now=isoformat(self._clock.now())))
            with archive.open("conversations.json", "w", force_zip64=True) as file:
                async for piece in await self._exports.archive(user_id):
                    file.write(piece)
                    yield pipe.take()
            async for name, data in self._files(user_id):
                archive.writestr(name, data)
                yield pipe.take()
            for table in owned_tables(load_metadata()):
                with archive.open(f"tables/{table.name}.ndjson", "w", force_zip64=True) as file:
                    async for lines in self._rows(table, user_id):
                        file.write(lines)
                        yield pipe.take()
        yield pipe.take()

    async def _files(self, user_id: int) -> AsyncIterator[tuple[str, bytes]]:
        async with self._database.reading() as session:
            wanted = select(Attachment.id, Attachment.name).where(Attachment.user_id == user_id)
            files = (await session.execute(wanted.order_by(Attachment.id))).all()
        for file_id, name in files:
            content = select(AttachmentContent.data).where(AttachmentContent.attachment_id == file_id)
            async with self._database.reading() as session:
                data = await session.scalar(content)
            if data is not None:
                yield f"files/{file_id[-12:]}-{_plain(name)}", data

    async def _rows(self, table: Table, user_id: int) -> AsyncIterator[bytes]:
        offset = 0
        while True:
            step = query(table, user_id).offset(offset).limit(_ROWS_AT_ONCE)
            async with self._database.reading() as session:
                rows = (await session.execute(step)).mappings().all()
            if not rows:
                return
            yield b"".join(_line(row) for row in rows)
            offset += len(rows)


def _line(row: Mapping[Any, Any]) -> bytes:
    shown = {
        str(name): isoformat(value) if isinstance(value, datetime) else value for name, value in row.items()
    }
    return orjson.dumps(shown, default=str) + b"\n"


def _plain(name: str) -> str:
    return "".join(char if char.isalnum() or char in "._- " else "-" for char in name).strip(". ") or "file"
