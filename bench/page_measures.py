"""The measurements of `make bench-page`, each of one visit of the page."""

from __future__ import annotations

import asyncio
import math
from itertools import pairwise
from pathlib import Path

from playwright.async_api import Browser, Page

from bench.page_browser import SlowNetwork, signed_in, slow_down

CPU = 4
FRAME_MS = 1000 / 60
KEY_FLOOR_MS = 16.0  # quicker ones are not reported by the browser
STREAM_SECONDS = 8.0
_LAST_ANSWER_IS_DRAWN = """() => {
  const last = [...document.querySelectorAll('[data-testid=assistant-message]')].at(-1);
  return last?.querySelector('.prose-answer p, .prose-answer pre') != null;
}"""


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def dropped_share(frames: list[float]) -> float:
    """Return which share of the frames a 60 Hz screen would have shown were not drawn."""
    due = sum(max(1, round((after - before) / FRAME_MS)) for before, after in pairwise(frames))
    return 1 - (len(frames) - 1) / due


async def first_screen(browser: Browser, base_url: str, dist: Path) -> tuple[float, float]:
    """Open the page with an empty cache; return (composer visible in s, kB of gzipped scripts that came until then)."""
    async with signed_in(browser, base_url) as page:
        await slow_down(page, cpu=CPU, network=SlowNetwork())
        await page.goto(base_url, wait_until="commit")
        shown_ms = await page.evaluate("bench.composer")
        scripts: list[str] = await page.evaluate(
            """(end) => performance.getEntriesByType('resource')
                 .filter((entry) => entry.name.endsWith('.js') && entry.responseEnd <= end)
                 .map((entry) => new URL(entry.name).pathname)""",
            shown_ms,
        )
        return shown_ms / 1000, sum(_gzipped_bytes(dist, path) for path in set(scripts)) / 1000


def _gzipped_bytes(dist: Path, path: str) -> int:
    file = dist / path.lstrip("/")
    twin = file.with_name(file.name + ".gz")
    return (twin if twin.exists() else file).stat().st_size


async def streaming(browser: Browser, base_url: str) -> tuple[float, float, float]:
    """Watch an answer stream while typing; return (share of frames dropped, key press p95 in ms, tokens/s drawn)."""
    async with signed_in(browser, base_url) as page:
        await page.goto(base_url)
        await page.get_by_test_id("composer-input").fill("Go.")
        await slow_down(page, cpu=CPU)
        await page.get_by_test_id("send-button").click()
        await page.evaluate(f"bench.whenShown({_LAST_ANSWER_IS_DRAWN})")
        await page.get_by_test_id("composer-input").focus()
        before = await _drawn_characters(page)
        counting = asyncio.ensure_future(page.evaluate(f"bench.countFrames({STREAM_SECONDS * 1000})"))
        pressed = await _type_until(page, counting)
        frames = await counting
        drawn = await _drawn_characters(page) - before
        if not await page.get_by_test_id("stop-button").is_visible():
            raise RuntimeError("the answer ended before the measurement did")
        keys = await page.evaluate("bench.keys")
        waits = [*keys, *[KEY_FLOOR_MS] * max(0, pressed - len(keys))]
        return dropped_share(frames), percentile(waits, 0.95), drawn / STREAM_SECONDS


async def _type_until(page: Page, end: asyncio.Future[list[float]]) -> int:
    pressed = 0
    while not end.done():
        await page.keyboard.press("abcdefgh"[pressed % 8])
        pressed += 1
        await asyncio.sleep(0.12)
    return pressed


async def _drawn_characters(page: Page) -> int:
    drawn = "document.querySelector('[data-testid=assistant-message] .prose-answer').textContent.length"
    return int(await page.evaluate(drawn))


async def long_conversation(browser: Browser, base_url: str, turns: int) -> tuple[float, float, float]:
    """Open 1,000 messages and scroll through all; return (open in s, longest task opening, longest task scrolling, ms)."""
    async with signed_in(browser, base_url) as page:
        await page.goto(base_url)
        row = page.get_by_test_id("session-row").filter(has_text="A thousand messages").locator("a")
        await row.wait_for()
        await page.wait_for_timeout(
            1500
        )  # the list and what the page warms up; its stream of changes stays open
        await slow_down(page, cpu=CPU)
        seconds = await row.evaluate(
            f"""async (link) => {{
              bench.longTasks.length = 0;
              const start = performance.now();
              link.click();
              return (await bench.whenShown({_LAST_ANSWER_IS_DRAWN}) - start) / 1000;
            }}"""
        )
        await page.wait_for_timeout(1500)
        opening = await _longest_task(page)
        await _scroll_to_the_first(page, turns)
        return seconds, opening, await _longest_task(page)


async def _longest_task(page: Page) -> float:
    """Return the longest task since the last call in ms; 0 when none was longer than the browser's 50 ms."""
    return float(await page.evaluate("Math.max(0, ...bench.longTasks.splice(0))"))


async def _scroll_to_the_first(page: Page, turns: int) -> None:
    await page.mouse.move(700, 400)
    for _ in range(2000):
        await page.mouse.wheel(0, -1500)
        await page.wait_for_timeout(30)
        shown, top = await page.evaluate(
            """[document.querySelectorAll('[data-turn]').length,
                document.querySelector('[data-testid=transcript]').scrollTop]"""
        )
        if shown == turns and top == 0:
            return
    raise RuntimeError(
        f"after 2,000 turns of the wheel {shown} of {turns} turns are drawn, {top} px from the top"
    )
