"""Notices a model server that is alive and answers no more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp


@dataclass(frozen=True, slots=True)
class Watch:
    """How often to ask, how long to wait for an answer, and how many silences in a row mean that it hangs.

    llama.cpp answers `/health` beside its work, also in the middle of a long prefill.
    """

    interval_seconds: float = 5.0
    timeout_seconds: float = 10.0
    silences: int = 3


async def until_silent(base_url: str, watch: Watch) -> None:
    """Return when the server did not answer `watch.silences` times in a row; any HTTP status is an answer."""
    silent = 0
    timeout = aiohttp.ClientTimeout(total=watch.timeout_seconds)
    async with aiohttp.ClientSession(
        timeout=timeout, connector=aiohttp.TCPConnector(force_close=True)
    ) as http:
        while silent < watch.silences:
            await asyncio.sleep(watch.interval_seconds)
            try:
                async with http.get(f"{base_url}/health"):
                    silent = 0
            except (aiohttp.ClientError, TimeoutError, OSError):
                silent += 1
