"""`make screenshots`: pictures of every page, wide and narrow, light and dark, from a real portal with the demo model."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from bench.portal_process import ROOT, RunningPortal, run_portal

FOLDER = ROOT / "docs" / "screenshots"
PASSWORD = "a few plain words"  # noqa: S105 - of an account that lives for these pictures
_EMAIL, _ONE_TIME = re.compile(r"Sign in +(\S+)"), re.compile(r"Password +(\S+)")
SIZES: dict[str, ViewportSize] = {
    "wide": {"width": 1280, "height": 800},
    "narrow": {"width": 390, "height": 844},
}
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


def first_admin(portal: RunningPortal) -> tuple[str, httpx.Client]:
    """Give the first administrator a password; return the address, and a client that is signed in."""
    log = portal.log.read_text()
    email, one_time = _EMAIL.search(log), _ONE_TIME.search(log)
    if email is None or one_time is None:
        raise RuntimeError(f"the portal printed no one-time password:\n{log}")
    client = httpx.Client(base_url=portal.base_url, timeout=30)
    for password in (one_time[1], PASSWORD):
        login = client.post("/api/auth/login", json={"email": email[1], "password": password})
        client.headers["authorization"] = f"Bearer {login.raise_for_status().json()['access_token']}"
        if password != PASSWORD:
            change = {"current_password": password, "new_password": PASSWORD}
            client.post("/api/auth/change-password", json=change).raise_for_status()
    return email[1], client


def fill(client: httpx.Client) -> None:
    """Put something on the pages that are not filled by chatting."""
    for path, body in (
        ("/api/keys", {"name": "maze game", "requests_per_minute": 60}),
        ("/api/keys", {"name": "build server"}),
        ("/api/devices", {"name": "arcade-1", "projects": ["maze"]}),
        ("/api/devices", {"name": "lab robot"}),
    ):
        client.post(path, json=body).raise_for_status()
    archived = client.post("/api/sessions", json={"title": "Notes of last spring"}).raise_for_status().json()
    client.patch(f"/api/sessions/{archived['id']}", json={"archived": True}).raise_for_status()


async def sign_in(page: Page, base_url: str, email: str) -> None:
    await page.goto(base_url)
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
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
    "devices": open_path("/devices"),
    "projects": open_path("/projects"),
    "playground": open_path("/playground"),
    "archive": open_path("/archive"),
    "admin": open_path("/admin"),
    "settings": open_path("/settings"),
}


async def take(browser: Browser, base_url: str, email: str) -> None:
    context = await browser.new_context(viewport=SIZES["wide"])
    page = await context.new_page()
    await sign_in(page, base_url, email)
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
            await sign_in(page, base_url, email)
            for name, show in PAGES.items():
                await show(page, base_url)
                await page.wait_for_timeout(700)
                await page.screenshot(path=FOLDER / f"{name}-{size}-{scheme}.png")
            await context.close()


async def run(base_url: str, email: str) -> None:
    async with async_playwright() as driver:
        executable = shutil.which("chromium") or shutil.which("google-chrome")
        browser = await driver.chromium.launch(executable_path=executable, args=FLAGS)
        await take(browser, base_url, email)
        await browser.close()


def main() -> int:
    """Write docs/screenshots/*.png; needs the built page and Chromium."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, run_portal(Path(folder), MQTT_OWN_BROKER="true") as portal:
        email, client = first_admin(portal)
        fill(client)
        client.close()
        asyncio.run(run(portal.base_url, email))
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
