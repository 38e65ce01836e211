"""Starts the portal's own broker, starts it again when it ends, stops it with the portal; the portal works without it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Literal

from app.broker.accounts import Account
from app.broker.place import BrokerPlace
from app.broker.program import Program
from app.embedded.backoff import Backoff
from app.errors import PortalError
from app.kit.clock import Clock, SystemClock

logger = logging.getLogger(__name__)

State = Literal["starting", "running", "shared", "restarting", "stopped"]
_KEEPER = Path(__file__).with_name("keeper.py")
_READY_SECONDS = 10.0
_START_SECONDS = 3.0
_STOP_SECONDS = 5.0
_LOOK_SECONDS = 2.0
_POLL_SECONDS = 0.05


class OwnBroker:
    """One broker on this machine. `shared`: another portal of the same data folder runs it."""

    def __init__(
        self,
        place: BrokerPlace,
        program: Program,
        accounts: Callable[[], Awaitable[Sequence[Account]]],
        clock: Clock | None = None,
    ) -> None:
        self.state: State = "stopped"
        self.restarts = 0
        self._place = place
        self.program = program
        self._accounts = accounts
        self._clock = clock or SystemClock()
        self._backoff = Backoff()
        self._task: asyncio.Task[None] | None = None
        self._is_up = asyncio.Event()

    async def start(self) -> bool:
        """Begin; returns once it listens, or False when it does not soon: it is tried again for as long as the portal runs."""
        self.state = "starting"
        self._task = asyncio.create_task(self._supervise(), name="own-broker")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                await self._is_up.wait()
        return self._is_up.is_set()

    async def stop(self) -> None:
        """End it; what it has waits on the disk."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._place.leave()
        self.state = "stopped"

    async def _supervise(self) -> None:
        began = self._clock.monotonic()
        while True:
            if not await asyncio.to_thread(self._place.take):
                self.state = "shared"
                if not self._is_up.is_set() and await self._answers():
                    self._is_up.set()
                is_awaited = not self._is_up.is_set() and self._clock.monotonic() - began < _START_SECONDS
                await asyncio.sleep(_POLL_SECONDS if is_awaited else _LOOK_SECONDS)
                continue
            started = self._clock.monotonic()
            try:
                why = await self._run_once()
            except (PortalError, OSError) as error:
                why = str(error)
            delay = self._backoff.after(self._clock.monotonic() - started)
            logger.warning("the portal's own MQTT broker ended: %s Starting it again in %.1f s.", why, delay)
            self.state = "restarting"
            self.restarts += 1
            await asyncio.sleep(delay)

    async def _run_once(self) -> str:
        """Run it until it ends, and return why. Raises PortalError when the devices cannot be read."""
        accounts = await self._accounts()
        command = await asyncio.to_thread(self._place.prepare, self.program, accounts)
        child = _Child(self.program, command)
        try:
            if await self._listens(child):
                self.state = "running"
                self._is_up.set()
                logger.info(
                    "the portal's own MQTT broker listens on %s:%s", self._place.host, self._place.port
                )
            await child.ended
            return child.last_words
        finally:
            await child.stop()

    async def _listens(self, child: _Child) -> bool:
        give_up_at = self._clock.monotonic() + _READY_SECONDS
        while not child.ended.done() and self._clock.monotonic() < give_up_at:
            if await self._answers():
                return True
            await asyncio.sleep(_POLL_SECONDS)
        return False

    async def _answers(self) -> bool:
        """Tell whether something listens where the broker should."""
        if self._place.port is None:
            return False
        try:
            _, writer = await asyncio.open_connection(self._place.host, self._place.port)
        except OSError:
            return False
        writer.close()
        return True


class _Child:
    """The keeper's process with the broker under it, and the thread that reads what it says."""

    def __init__(self, program: Program, command: Sequence[str]) -> None:
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self._log: deque[str] = deque(maxlen=10)
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_KEEPER), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=program.environment,
            start_new_session=True,  # Ctrl-C in the terminal is for the portal, which stops the broker in order
        )
        self._reader = threading.Thread(target=self._read, name="own-broker-log", daemon=True)
        self._reader.start()
        threading.Thread(target=self._wait, name="own-broker", daemon=True).start()

    @property
    def last_words(self) -> str:
        return self._log[-1] if self._log else "it said nothing."

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        if self._process.poll() is None:
            self._process.terminate()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([self.ended], timeout=_STOP_SECONDS)
        self._end_all()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.readline()  # the process number
        for line in self._process.stdout:
            self._log.append(line.strip())
            logger.info("MQTT broker: %s", line.strip())

    def _wait(self) -> None:
        code = self._process.wait()
        self._end_all()
        self._reader.join()
        assert self._process.stdout is not None and self._process.stdin is not None
        self._process.stdin.close()
        self._process.stdout.close()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._over, code)

    def _end_all(self) -> None:
        """End what is left of the keeper and the broker: also a broker whose keeper was killed."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _over(self, code: int) -> None:
        if not self.ended.done():
            self.ended.set_result(code)
