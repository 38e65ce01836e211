"""Chromium for benchmarks: a profile that is signed in, a slower network and processor, and what is read off the page."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, ViewportSize, async_playwright

EMAIL, PASSWORD = "ada@example.org", "a few plain words"
SIZE: ViewportSize = {"width": 1280, "height": 800}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MEGABIT = 1_000_000 / 8

# Times are the page's own. "Shown" is after the frame that holds it: a task that comes behind the frame's callbacks.
INSTRUMENTS = """
window.bench = {longTasks: [], keys: []};
bench.afterFrame = (then) => requestAnimationFrame(() => {
  const {port1, port2} = new MessageChannel();
  port1.onmessage = then;
  port2.postMessage(null);
});
bench.whenShown = (isThere) => new Promise((resolve) => {
  const look = () => {
    if (!isThere()) return false;
    observer.disconnect();
    bench.afterFrame(() => resolve(performance.now()));
    return true;
  };
  const observer = new MutationObserver(look);
  if (!look()) observer.observe(document, {childList: true, subtree: true, attributes: true});
});
bench.composer = bench.whenShown(() => document.querySelector('[data-testid=composer-input]')?.offsetHeight > 0);
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) bench.longTasks.push(entry.duration);
}).observe({type: 'longtask'});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.name === 'keydown') bench.keys.push(entry.duration);
}).observe({type: 'event', durationThreshold: 16});
bench.countFrames = (milliseconds) => new Promise((resolve) => {
  const frames = [];
  const frame = (now) => {
    frames.push(now);
    if (now - frames[0] < milliseconds) requestAnimationFrame(frame);
    else resolve(frames);
  };
  requestAnimationFrame(frame);
});
"""


@dataclass(frozen=True, slots=True)
class SlowNetwork:
    """As CDP emulates it: each way, before a request's first byte."""

    megabits_per_second: float = 5
    latency_ms: float = 80


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the system's Chromium, headless."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        raise RuntimeError("no Chromium on PATH: install the Debian package `chromium`")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def signed_in(browser: Browser, base_url: str) -> AsyncIterator[Page]:
    """Open a page of a fresh profile (an empty cache) whose person is signed in."""
    context: BrowserContext = await browser.new_context(viewport=SIZE)
    answer = await context.request.post(
        f"{base_url}/api/auth/login", data={"email": EMAIL, "password": PASSWORD}
    )
    if not answer.ok:
        raise RuntimeError(f"signing in failed with {answer.status}")
    await context.add_init_script(INSTRUMENTS)
    page = await context.new_page()
    page.set_default_timeout(60_000)
    yield page
    await context.close()


async def slow_down(page: Page, *, cpu: float, network: SlowNetwork | None = None) -> CDPSession:
    """Throttle the page's processor, and its network if one is given."""
    session = await page.context.new_cdp_session(page)
    if network is not None:
        rate = network.megabits_per_second * MEGABIT
        await session.send("Network.enable")
        await session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": network.latency_ms,
                "downloadThroughput": rate,
                "uploadThroughput": rate,
            },
        )
    await session.send("Emulation.setCPUThrottlingRate", {"rate": cpu})
    return session
