"""How busy the portal is, all replicas together: each tells the others its last two seconds, and keeps ten minutes of all.

Nobody is asked for anything while the charts are watched: a hundred administrators cost what one costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.admin.live import LiveAsk, heard, told
from app.admin.schemas import PulsePoint, ReplicaRead
from app.admin.step import STEP_SECONDS, Step, joined, point_of, read_step
from app.coord.base import CoordUnavailableError, Signals
from app.kit.clock import Clock
from app.llm.accounting import Spent
from app.llm.in_flight import RunningAsk

logger = logging.getLogger(__name__)

POINTS_KEPT = 300
SILENT_SECONDS = 4.5
"""After two steps without a word a replica counts as silent."""
_GRACE_SECONDS = 0.5  # for the others' words to arrive
_FORGET_SECONDS = POINTS_KEPT * STEP_SECONDS
_MAX_REPLICAS = 100
_TOPIC = "admin.pulse"


@dataclass
class _Peer:
    """Another replica, or this one."""

    first_heard: float
    last_heard: float
    version: str
    newest: Step
    asks: list[LiveAsk]


class Pulse:
    """One for the process. Counting is a few additions; the steps end whether or not anybody watches."""

    def __init__(
        self,
        load: Callable[[], tuple[int, int]],
        clock: Clock,
        signals: Signals,
        replica: str,
        version: str = "",
        asks: Callable[[], list[RunningAsk]] = list,
    ) -> None:
        self._asks = asks
        self._load = load
        self._clock = clock
        self._signals = signals
        self._replica = replica
        self._version = version
        self._step = Step()
        self._began = clock.monotonic()
        self._slots: dict[int, dict[str, Step]] = {}
        self._peers: dict[str, _Peer] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        for work in (self._listen(), self._beats()):
            self._tasks.append(asyncio.create_task(work, name="admin-pulse"))

    async def close(self) -> None:
        """Tell the others that this replica leaves on purpose."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._tasks:
            await self._tell({"bye": True})

    @property
    def points(self) -> Sequence[PulsePoint]:
        """The last ten minutes of all replicas, the oldest first; of the running step nothing."""
        until = self._clock.now().timestamp() - _GRACE_SECONDS
        return [point_of(at, steps.values()) for at, steps in sorted(self._slots.items()) if at <= until]

    @property
    def newest(self) -> PulsePoint | None:
        until = self._clock.now().timestamp() - _GRACE_SECONDS
        at = max((slot for slot in self._slots if slot <= until), default=None)
        return None if at is None else point_of(at, self._slots[at].values())

    def replicas(self) -> list[ReplicaRead]:
        """Return who was heard within ten minutes; one that went silent until another began in its place."""
        now = self._clock.monotonic()
        silent = sorted(
            (peer.last_heard, name)
            for name, peer in self._peers.items()
            if now - peer.last_heard > SILENT_SECONDS
        )
        begun = sorted(peer.first_heard for peer in self._peers.values())
        for last_heard, name in silent:
            successor = next((first for first in begun if first > last_heard), None)
            if successor is not None or now - last_heard > _FORGET_SECONDS:
                del self._peers[name]
                if successor is not None:
                    begun.remove(successor)
        return [self._read(name, peer, now) for name, peer in sorted(self._peers.items())]

    def live_asks(self) -> list[LiveAsk]:
        """Return the asks without a session that run now: here, and as the others told two seconds ago at most."""
        now = self._clock.monotonic()
        found = heard(told(self._asks()), self._replica)
        for name, peer in self._peers.items():
            if name != self._replica and now - peer.last_heard <= SILENT_SECONDS:
                found += peer.asks
        return sorted(found, key=lambda ask: ask.began_at)

    def count_request(self, status: int) -> None:
        self._step.count_request(status)

    def count_spent(self, spent: Spent) -> None:
        self._step.count_spent(spent)

    def beat(self) -> Step:
        """End the running step, keep it, and return it."""
        now = self._clock.monotonic()
        step, self._step = self._step, Step()
        step.seconds, self._began = round(now - self._began, 3), now
        step.active, step.queued = self._load()
        self._take(self._replica, self._version, self._clock.now().timestamp(), step, [])
        return step

    def hear(self, message: bytes) -> bool:
        """Take another replica's word; True when it has just come and wants to know what was. Never raises."""
        try:
            word = orjson.loads(message)
            name = str(word["replica"])
            if name == self._replica:
                return False
            if word.get("bye"):
                self._peers.pop(name, None)
                return False
            now = self._clock.now().timestamp()  # by our own clock: theirs may be wrong
            if (newest := word.get("newest")) is not None:
                asks = heard(word.get("asks", ()), name)
                self._take(name, str(word.get("version", ""))[:40], now, read_step(newest), asks)
            for age, given in word.get("past", ()):
                self._slot(now - float(age)).setdefault(name, read_step(given))
            return bool(word.get("hello"))
        except (ValueError, TypeError, KeyError, AttributeError):
            logger.warning("a replica's figures could not be read: %d bytes", len(message))
            return False

    def _take(self, name: str, version: str, at: float, step: Step, asks: list[LiveAsk]) -> None:
        now = self._clock.monotonic()
        peer = self._peers.get(name)
        if peer is not None:
            peer.last_heard, peer.newest, peer.asks = now, step, asks
        elif len(self._peers) < _MAX_REPLICAS:
            self._peers[name] = _Peer(now, now, version, step, asks)
        steps = self._slot(at)
        steps[name] = joined(steps[name], step) if name in steps else step

    def _slot(self, at: float) -> dict[str, Step]:
        """Return what replicas did at a time, and forget what is too old."""
        oldest = self._clock.now().timestamp() - _FORGET_SECONDS
        for old in [known for known in self._slots if known < oldest]:
            del self._slots[old]
        return self._slots.setdefault(round(at / STEP_SECONDS) * STEP_SECONDS, {})

    def _read(self, name: str, peer: _Peer, now: float) -> ReplicaRead:
        silence = now - peer.last_heard
        is_silent = silence > SILENT_SECONDS
        return ReplicaRead(
            replica=name,
            version=peer.version,
            is_this=name == self._replica,
            silent_seconds=round(silence) if is_silent else None,
            active=0 if is_silent else peer.newest.active,
            queued=0 if is_silent else peer.newest.queued,
        )

    async def _beats(self) -> None:
        await self._tell({"hello": True})
        while True:
            now = self._clock.now().timestamp()
            await asyncio.sleep(STEP_SECONDS - now % STEP_SECONDS)  # all replicas at the same time
            await self._tell({"newest": self.beat().plain(), "asks": told(self._asks())})

    async def _listen(self) -> None:
        async with self._signals.listen(_TOPIC) as messages:
            async for message in messages:
                if self.hear(message):
                    await self._tell({"past": self._own_past()})

    def _own_past(self) -> list[tuple[float, dict[str, Any]]]:
        now = self._clock.now().timestamp()
        return [
            (round(now - at, 2), steps[self._replica].plain())
            for at, steps in self._slots.items()
            if self._replica in steps
        ]

    async def _tell(self, word: dict[str, Any]) -> None:
        about = {"replica": self._replica, "version": self._version, **word}
        with contextlib.suppress(CoordUnavailableError):  # alone, it shows its own
            await self._signals.publish(_TOPIC, orjson.dumps(about, option=orjson.OPT_NON_STR_KEYS))
