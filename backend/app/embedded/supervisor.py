"""The supervisor of the embedded model server: starts it, restarts it when it dies or hangs, stops it with the portal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.config import Settings
from app.embedded.backoff import Backoff
from app.embedded.checks import check_machine
from app.embedded.errors import EmbeddedServerError, ServerDiedError
from app.embedded.gguf import read_model_file
from app.embedded.options import ServerOptions, choose_options
from app.embedded.process import ChildProcess
from app.embedded.watch import Watch, until_silent
from app.kit.clock import Clock, SystemClock
from app.kit.ids import new_secret

logger = logging.getLogger(__name__)

State = Literal["starting", "ready", "restarting", "failed", "stopped"]
_LOAD_SECONDS = 900
_STOP_SECONDS = 3
_LOAD_FAILURES_ALLOWED = 3


@dataclass(frozen=True, slots=True)
class EmbeddedStatus:
    """What the server is doing, since when, and what went wrong last. The error may name a path: not for strangers."""

    state: State
    since: datetime
    last_error: EmbeddedServerError | None
    restarts: int
    pid: int | None


class EmbeddedServer:
    """llama.cpp in a child process on a free port of loopback, with an API key of its own for each start.

    `start()` returns at once; `address` is None until the model is loaded, and again while it restarts.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        backoff: Backoff | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._backoff = backoff or Backoff()
        self._watch = watch or Watch()
        self._callbacks: list[Callable[[EmbeddedStatus], object]] = []
        self._task: asyncio.Task[None] | None = None
        self._child: ChildProcess | None = None
        self._address: tuple[str, str] | None = None
        self._changed = asyncio.Event()
        self._status = EmbeddedStatus("stopped", self._clock.now(), None, 0, None)
        self._load_failures = 0
        self.options: ServerOptions | None = None

    @property
    def address(self) -> tuple[str, str] | None:
        """Base URL and API key while the server answers, else None."""
        return self._address

    @property
    def status(self) -> EmbeddedStatus:
        """The state now."""
        return self._status

    def on_change(self, callback: Callable[[EmbeddedStatus], object]) -> None:
        """Call back on the loop after every change of state."""
        self._callbacks.append(callback)

    async def start(self) -> None:
        """Begin; does not wait for the model."""
        if self._task is None:
            self._enter("starting")
            self._task = asyncio.create_task(self._supervise(), name="embedded-server")

    async def wait_ready(self, timeout_seconds: float) -> bool:
        """Wait until it answers; False when the time is over or it failed for good."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while self._status.state in ("starting", "restarting"):
                    self._changed.clear()
                    await self._changed.wait()
        return self._status.state == "ready"

    async def stop(self) -> None:
        """End the child and the supervision; safe to call twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if self._status.state != "stopped":
            self._enter("stopped")

    async def _supervise(self) -> None:
        while True:
            started = self._clock.monotonic()
            try:
                error = await self._run_once()
            except EmbeddedServerError as refused:
                error = refused
            if error.is_permanent or self._load_failures >= _LOAD_FAILURES_ALLOWED:
                logger.error("embedded model server: %s", error)
                self._enter("failed", error)
                return
            delay = self._backoff.after(self._clock.monotonic() - started)
            logger.warning("embedded model server: %s Starting it again in %.1f s.", error, delay)
            self._enter("restarting", error)
            await asyncio.sleep(delay)

    async def _run_once(self) -> EmbeddedServerError:
        """Serve until the child ends, and return why it did. Raises EmbeddedServerError when it never served."""
        self.options = await asyncio.to_thread(self._prepare)
        api_key = new_secret()
        child = self._child = ChildProcess(self.options, api_key)
        try:
            async with asyncio.timeout(_LOAD_SECONDS):
                base_url = await asyncio.shield(child.address)
            self._load_failures = 0
            self._address = (base_url, api_key)
            logger.info("embedded model server: %s is ready", self.options.model_alias)
            self._enter("ready", self._status.last_error)
            return await self._until_over(child, base_url)
        except TimeoutError:
            raise ServerDiedError(f"The model was not loaded within {_LOAD_SECONDS} s.") from None
        except EmbeddedServerError:
            self._load_failures += 1
            raise
        finally:
            self._address = self._child = None
            await self._end(child)

    async def _until_over(self, child: ChildProcess, base_url: str) -> EmbeddedServerError:
        """Wait until the child ends or hangs, and return which."""
        silent = asyncio.create_task(until_silent(base_url, self._watch), name="embedded-watch")
        try:
            waits: list[asyncio.Future[Any]] = [child.ended, silent]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            silent.cancel()
            await asyncio.gather(silent, return_exceptions=True)
        if child.ended.done():
            return child.why_it_ended(child.ended.result())
        return ServerDiedError("The model server was running and did not answer any more.")

    def _prepare(self) -> ServerOptions:
        check_machine()
        return choose_options(self._settings, read_model_file(self._settings.embedded_model))

    async def _end(self, child: ChildProcess) -> None:
        try:
            await child.stop(_STOP_SECONDS)
        except asyncio.CancelledError:  # cancelled while waiting: leave no process behind all the same
            child.kill()
            raise

    def _enter(self, state: State, error: EmbeddedServerError | None = None) -> None:
        restarts = self._status.restarts + (state == "restarting")
        pid = self._child.pid if self._child is not None else None
        self._status = EmbeddedStatus(state, self._clock.now(), error, restarts, pid)
        self._changed.set()
        for callback in self._callbacks:
            callback(self._status)
