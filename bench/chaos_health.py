"""Looks at every portal's health four times a second, and says when a fault was seen there and when it was over."""

from __future__ import annotations

import asyncio
import time

import httpx

_INTERVAL_SECONDS = 0.25


class HealthWatch:
    """One look is what each portal says of itself; a portal that says nothing has a fault."""

    def __init__(self, urls: list[str], token: str) -> None:
        self._clients = [
            httpx.AsyncClient(base_url=url, timeout=4, headers={"authorization": f"Bearer {token}"})
            for url in urls
        ]
        self.states: list[tuple[float, bool]] = []
        """When a look was taken, and whether all was well."""
        self.last_fault = ""
        """What was wrong at the last look at which something was."""
        self._looked = asyncio.Event()

    async def watch(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            began = time.monotonic()
            faults = [fault for fault in await asyncio.gather(*map(self._fault, self._clients)) if fault]
            self.states.append((began, not faults))
            self.last_fault = "; ".join(faults) or self.last_fault
            self._looked.set()
            await asyncio.sleep(_INTERVAL_SECONDS)

    def seen_after(self, since: float) -> float | None:
        """Return the seconds until a fault was first seen; None when it was not."""
        return next((when - since for when, is_well in self.states if when >= since and not is_well), None)

    def gone_after(self, since: float) -> float | None:
        """Return the seconds until all was well, and stayed so up to now; None while it is not."""
        last_bad = max((when for when, is_well in self.states if not is_well), default=0.0)
        good = next(
            (when for when, is_well in self.states if when >= since and when > last_bad and is_well), None
        )
        return None if good is None else good - since

    async def wait_until_gone(self, since: float, limit_seconds: float) -> float | None:
        """Return the seconds until all was well; None when it was not within the limit."""
        while (gone := self.gone_after(since)) is None and time.monotonic() - since < limit_seconds:
            self._looked.clear()
            await self._looked.wait()
        return gone

    async def _fault(self, client: httpx.AsyncClient) -> str:
        try:
            answer = await client.get("/api/admin/health")
            if answer.status_code != 200:
                return f"{client.base_url.port} answers {answer.status_code}"
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            return f"{client.base_url.port} says nothing ({type(error).__name__})"
        wrong = [
            f"{one['name']}: {one['message']}"
            for one in told["components"]
            if one["state"] not in ("ok", "off")
        ]
        return (
            ""
            if told["status"] == "ok"
            else f"{client.base_url.port} has {told['status']} ({' '.join(wrong)})"
        )
