"""`make bench-page`: how quick the page is in headless Chromium, at a quarter of this machine's speed, beside its budgets."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.page_browser import EMAIL, PASSWORD, chromium
from bench.page_content import MESSAGES, long_conversation
from bench.page_measures import first_screen, streaming
from bench.page_measures import long_conversation as measure_conversation
from bench.portal_process import ROOT, run_portal, run_upstream

DIST = ROOT / "frontend" / "dist"
TOKENS_PER_SECOND = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: every run's value, and what its median may be at most."""

    name: str
    values: list[float]
    limit: float | None
    unit: str
    places: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        shown = f"{self.median:.{self.places}f} {self.unit}"
        limit = "" if self.limit is None else f"≤ {self.limit:g} {self.unit}"
        verdict = "" if self.limit is None else "kept" if self.median <= self.limit else "MISSED"
        runs = " ".join(f"{value:.{self.places}f}" for value in self.values)
        return f"{self.name:<52} {shown:>12}  {limit:<10} {verdict:<7} {runs}"


async def measure(base_url: str, runs: int) -> list[Row]:
    """Run every measurement so many times."""
    async with chromium() as browser:
        screens = [await first_screen(browser, base_url, DIST) for _ in range(runs)]
        streams = [await streaming(browser, base_url) for _ in range(runs)]
        long = [await measure_conversation(browser, base_url, MESSAGES // 2) for _ in range(runs)]
    return [
        Row("JavaScript until the composer is there (gzip)", [kb for _, kb in screens], 170, "kB", 1),
        Row("composer visible (5 Mbit/s, 80 ms, empty cache)", [s for s, _ in screens], 1.2, "s", 2),
        Row("frames dropped at 200 tokens/s", [100 * share for share, _, _ in streams], 15, "%", 1),
        Row("key press to frame, p95, meanwhile", [key for _, key, _ in streams], 100, "ms"),
        Row("characters drawn a second, meanwhile", [rate for _, _, rate in streams], None, "/s"),
        Row("1,000 messages: from the click to the last answer", [s for s, _, _ in long], 1, "s", 2),
        Row("1,000 messages: longest task while opening", [task for _, task, _ in long], None, "ms"),
        Row("1,000 messages: longest task while scrolling all", [task for _, _, task in long], 100, "ms"),
    ]


def prepare(base_url: str) -> None:
    """Make the account and the long conversation."""
    credentials = {"email": EMAIL, "password": PASSWORD}
    with httpx.Client(base_url=base_url, timeout=60) as client:
        client.post("/api/auth/register", json=credentials).raise_for_status()
        token = client.post("/api/auth/login", json=credentials).raise_for_status().json()["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        answer = client.post("/api/sessions/import", json=long_conversation(), headers=headers)
        if answer.raise_for_status().json()["skipped"]:
            raise RuntimeError(f"the portal refused the conversation: {answer.text}")


def main() -> int:
    """Print the table; a budget of time that is passed is printed, not an error: the machine may be busy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    if not (DIST / "index.html").exists():
        sys.exit("the page is not built: run `npm ci && npm run build` in frontend/")
    with (
        tempfile.TemporaryDirectory() as folder,
        run_upstream(
            chunks=20 * TOKENS_PER_SECOND,
            interval_seconds=1 / TOKENS_PER_SECOND,
            module="bench.page_upstream",
        ) as upstream,
        run_portal(Path(folder), LLM_SERVER_URL=upstream) as portal,
    ):
        prepare(portal.base_url)
        rows = asyncio.run(measure(portal.base_url, runs))
    print(f"headless Chromium, processor at 1/4, median of {runs} runs (each at the right)")
    for row in rows:
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
