"""What the portal offers, kept current: `models.yaml` as it is edited, and the providers that administrators store."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from app.coord.base import Coord
from app.errors import PortalError
from app.kit.clock import Clock
from app.kit.ids import new_id
from app.llm.ports import Provider
from app.llm.providers.base import Timeouts
from app.models.config_file import ConfigFileError, Lookup, Mistake, parse
from app.models.definitions import Definitions, ModelDefinition, TargetDefinition
from app.models.pool import ProviderPool
from app.models.routes import ModelRoutes
from app.models.targets import TargetTable

logger = logging.getLogger(__name__)

_CHECK_SECONDS = 1.0
_RELOAD_SECONDS = 30.0
_CHANGED = "providers-changed"
_OPENED = "breaker-opened"

ReadStored = Callable[[], Awaitable[Definitions]]


class ModelCatalog:
    """Owns the pool and the routes.

    Args:
        file: `models.yaml`, or None.
        lookup: the value of an environment variable that the file names.
        read_stored: the stored providers and their models.
    """

    def __init__(
        self,
        local: TargetTable,
        coord: Coord,
        timeouts: Timeouts,
        clock: Clock,
        *,
        file: Path | None,
        lookup: Lookup,
        read_stored: ReadStored,
        default_model: str = "",
        skip_thinking: bool = False,
        modules_dir: Path | None = None,
        wrapped: Callable[[Provider], Provider] = lambda provider: provider,
    ) -> None:
        self.pool = ProviderPool(
            timeouts,
            clock,
            self._tell_open,
            skip_thinking=skip_thinking,
            modules_dir=modules_dir,
            wrapped=wrapped,
        )
        self.routes = ModelRoutes(local, self.pool, default_model)
        self.file = file
        self.mistakes: tuple[Mistake, ...] = ()
        self.loaded_at: datetime | None = None
        self._coord = coord
        self._clock = clock
        self._lookup = lookup
        self._read_stored = read_stored
        self._here = new_id()
        self._stamp: tuple[int, int] | None = None
        self._from_file = Definitions()
        self._stored = Definitions()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def file_providers(self) -> Definitions:
        """What the file says, in the last version that could be used."""
        return self._from_file

    async def start(self) -> None:
        """Read what there is, and watch it. A broken file is logged and shown; the portal starts without it."""
        self._read_file()
        await self._reload_stored()
        self._apply()
        await self.pool.start()
        for work in (self._watch_file(), self._watch_stored(), self._hear_changes(), self._hear_breakers()):
            self._keep(work)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.pool.close()

    async def changed(self) -> None:
        """Take what was stored just now, here and on every replica."""
        await self._reload_stored()
        self._apply()
        with contextlib.suppress(Exception):  # the other replicas look by themselves now and then
            await self._coord.signals.publish(_CHANGED, self._here.encode())

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _read_file(self) -> bool:
        """Read the file if it has changed; whether something new can be used."""
        if self.file is None:
            return False
        try:
            found = self.file.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            self._from_file = parse(self.file.read_text(encoding="utf-8"), self._lookup)
        except ConfigFileError as error:
            self.mistakes = error.mistakes
            logger.error("%s is not used as it is now: %s", self.file.name, error)
            return False
        except (OSError, UnicodeDecodeError) as error:
            if not self.mistakes or self.mistakes[0].line != 0:
                logger.error("%s cannot be read: %s", self.file.name, type(error).__name__)
            self.mistakes, self._stamp = (Mistake(0, "the file cannot be read"),), None
            return False
        self.mistakes, self.loaded_at = (), self._clock.now()
        sizes = len(self._from_file.providers), len(self._from_file.models)
        logger.info("%s: %d providers, %d models", self.file.name, *sizes)
        return True

    async def _reload_stored(self) -> bool:
        """Read the stored providers; whether they have changed."""
        try:
            stored = await self._read_stored()
        except PortalError as error:
            logger.warning("the stored providers could not be read: %s", error.message)
            return False
        is_new, self._stored = stored != self._stored, stored
        return is_new

    def _apply(self) -> None:
        providers = {**self._stored.providers, **self._from_file.providers}
        self.pool.apply(providers)
        self.routes.define(merged(self._from_file, self._stored))

    async def _watch_file(self) -> None:
        while self.file is not None:
            await asyncio.sleep(_CHECK_SECONDS)
            if self._read_file():
                self._apply()

    async def _watch_stored(self) -> None:
        while True:
            await asyncio.sleep(_RELOAD_SECONDS)
            if await self._reload_stored():
                self._apply()

    async def _hear_changes(self) -> None:
        async with self._coord.signals.listen(_CHANGED) as messages:
            async for sender in messages:
                if sender != self._here.encode() and await self._reload_stored():
                    self._apply()

    async def _hear_breakers(self) -> None:
        async with self._coord.signals.listen(_OPENED) as messages:
            async for payload in messages:
                told = orjson.loads(payload)
                if told["from"] != self._here:
                    self.pool.hear_open(told["target"], told["seconds"])

    def _tell_open(self, target: str, seconds: float) -> None:
        logger.warning("target %s keeps failing and is left alone for %g s", target, seconds)
        self._keep(self._publish_open(target, seconds))

    async def _publish_open(self, target: str, seconds: float) -> None:
        payload = orjson.dumps({"from": self._here, "target": target, "seconds": seconds})
        with contextlib.suppress(Exception):  # each replica finds out by itself
            await self._coord.signals.publish(_OPENED, payload)


def merged(first: Definitions, second: Definitions) -> dict[str, ModelDefinition]:
    """Put the targets of both behind the names of both, the file's first; each costs what is said where it stands."""
    merged = dict(first.models)
    for name, model in second.models.items():
        known = merged.get(name)
        if known is None:
            merged[name] = model
            continue
        capabilities = tuple(dict.fromkeys((*known.capabilities, *model.capabilities)))
        windows = [one.context_window for one in (known, model) if one.context_window is not None]
        together = {
            "targets": (*_priced(known), *_priced(model))[:50],
            "capabilities": capabilities,
            "context_window": min(windows, default=None),
            "price": None,
        }
        merged[name] = known.model_copy(update=together)
    return merged


def _priced(model: ModelDefinition) -> tuple[TargetDefinition, ...]:
    """Return a model's targets with its own price at those that have none."""
    return tuple(
        target if target.price is not None else target.model_copy(update={"price": model.price})
        for target in model.targets
    )
