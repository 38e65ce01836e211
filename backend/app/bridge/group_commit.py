"""Many short writes in one transaction: while one transaction runs, the writes that come meanwhile gather for the next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.session import Database
from app.errors import UnavailableError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Write = Callable[[AsyncConnection], Awaitable[Result]]
_MAX_BATCH = 200


@dataclass(frozen=True, slots=True)
class _Waiting:
    write: Write[Any]
    result: asyncio.Future[Any]


class GroupCommit:
    """Runs writes, each of one statement, in the order they came. One that fails takes no other of its transaction with it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def run(self, write: Write[Result]) -> Result:
        """Return what the write returned, once it is committed. Raises what it raised, or DatabaseUnavailableError."""
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(write, result))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work_off(), name="group-commit")
        return await result

    async def close(self) -> None:
        """Wait until what was handed in is written."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _work_off(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MAX_BATCH], self._waiting[_MAX_BATCH:]
            try:
                await self._commit(batch)
            except UnavailableError as error:
                _fail(batch, error)
            except Exception as error:
                if len(batch) == 1:
                    _fail(batch, error)
                else:
                    await self._commit_singly(batch)

    async def _commit(self, batch: list[_Waiting]) -> None:
        async with self._database.writing() as connection:
            results = []
            for waiting in batch:
                if waiting is batch[-1]:
                    await self._database.commit_with_next(connection)
                results.append(await waiting.write(connection))
        for waiting, result in zip(batch, results, strict=True):
            if not waiting.result.done():
                waiting.result.set_result(result)

    async def _commit_singly(self, batch: list[_Waiting]) -> None:
        for waiting in batch:
            try:
                await self._commit([waiting])
            except Exception as error:
                _fail([waiting], error)


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.result.done():
            waiting.result.set_exception(error)
