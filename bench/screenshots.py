"""`make screenshots`: pictures of every page, wide and narrow, light and dark, from a real portal with the demo model."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from bench.portal_process import ROOT, run_portal

FOLDER = ROOT / "docs" / "screenshots"
EMAIL, PASSWORD = "ada@example.org", "a few plain words"
SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 390, "height": 844}}
CONVERSATIONS = [
    ["What is the capital of Iceland?", "And of Portugal?"],
    ["Hi there, my name is Wilhelmina.", "What is my name?"],
    ["Which MQTT topics are there?"],
    ["How do I use /v1 from Python?", "How do I make an API key?"],
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


async def ask(page: Page, text: str) -> None:
    """Say something and wait for the answer's figures."""
    before = await page.get_by_test_id("turn-figures").count()
    await page.get_by_test_id("composer-input").fill(text)
    await page.get_by_test_id("send-button").click()
    await page.get_by_test_id("turn-figures").nth(before).wait_for(timeout=20_000)


async def talk(page: Page, base_url: str) -> None:
    for conversation in CONVERSATIONS:
        await page.goto(base_url)
        for text in conversation:
            await ask(page, text)


async def write_template(page: Page, base_url: str) -> None:
    """Save the starter for games: the first template of a fresh portal."""
    await page.goto(f"{base_url}/templates/new?from=game")
    await page.get_by_test_id("save-template").click()
    await page.get_by_test_id("use-template").wait_for()


async def sign_in(page: Page, base_url: str, *, is_new: bool) -> None:
    await page.goto(f"{base_url}/register" if is_new else base_url)
    await page.get_by_label("Email").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create account" if is_new else "Sign in").click()
    await page.get_by_test_id("composer-input").wait_for()


async def last_conversation(page: Page, base_url: str) -> None:
    answer = await page.evaluate(
        """async () => {
          const token = await (await fetch('/api/auth/refresh', {method: 'POST'})).json();
          const headers = {authorization: 'Bearer ' + token.access_token};
          return (await (await fetch('/api/sessions?limit=1', {headers})).json()).items[0].id;
        }"""
    )
    await page.goto(f"{base_url}/c/{answer}")
    await page.get_by_test_id("turn-figures").last.wait_for()


def open_path(path: str) -> Callable[[Page, str], Awaitable[Any]]:
    async def open_it(page: Page, base_url: str) -> None:
        await page.goto(base_url + path)

    return open_it


PAGES: dict[str, Callable[[Page, str], Awaitable[Any]]] = {
    "new-chat": open_path("/"),
    "chat": last_conversation,
    "templates": open_path("/templates"),
    "template": open_path("/templates/1"),
    "models": open_path("/models"),
    "compare": open_path("/compare"),
    "keys": open_path("/keys"),
    "settings": open_path("/settings"),
}


async def take(browser: Browser, base_url: str) -> None:
    context = await browser.new_context(viewport=SIZES["wide"])
    page = await context.new_page()
    await sign_in(page, base_url, is_new=True)
    await talk(page, base_url)
    await write_template(page, base_url)
    await context.close()
    for size, viewport in SIZES.items():
        for scheme in ("light", "dark"):
            context = await browser.new_context(viewport=viewport, color_scheme=scheme)
            page = await context.new_page()
            await page.goto(f"{base_url}/sign-in")
            await page.get_by_role("button", name="Sign in").wait_for()
            await page.screenshot(path=FOLDER / f"sign-in-{size}-{scheme}.png")
            await sign_in(page, base_url, is_new=False)
            for name, show in PAGES.items():
                await show(page, base_url)
                await page.wait_for_timeout(700)
                await page.screenshot(path=FOLDER / f"{name}-{size}-{scheme}.png")
            await context.close()


async def run(base_url: str) -> None:
    async with async_playwright() as driver:
        executable = shutil.which("chromium") or shutil.which("google-chrome")
        browser = await driver.chromium.launch(executable_path=executable, args=FLAGS)
        await take(browser, base_url)
        await browser.close()


def main() -> int:
    """Write docs/screenshots/*.png; needs the built page and Chromium."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, run_portal(Path(folder)) as portal:
        asyncio.run(run(portal.base_url))
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
