"""Headless Chromium against a real portal. The page must be built (`npm run build` in frontend/)."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from app.config import PROJECT_ROOT
from tests.fixtures.portal import PASSWORD, PortalProcess

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
AXE = PROJECT_ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"

_HAS_FAILED = pytest.StashKey[bool]()

expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    if found is None:
        pytest.fail(
            "no Chromium on PATH; install the Debian package `chromium` (scripts/test does it as root)"
        )
    return found


@pytest.fixture
def database_kind() -> str:
    """Journeys run on SQLite; both databases have the API tests."""
    return "sqlite"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    if not (PROJECT_ROOT / "frontend" / "dist" / "index.html").exists():
        pytest.fail(
            "the page is not built; run `npm ci && npm run build` in frontend/ (scripts/test does it)"
        )
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=_chromium(), args=FLAGS)
        yield browser
        await browser.close()


@dataclass
class Visitor:
    """A person at a page: one browser profile, one portal."""

    page: Page
    portal: PortalProcess
    problems: list[str]

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.portal.base_url + path)

    async def sign_in(self, email: str, password: str = PASSWORD) -> None:
        await self.open("/")
        await self.page.get_by_label("Email").fill(email)
        await self.page.get_by_label("Password", exact=True).fill(password)
        await self.page.get_by_role("button", name="Sign in").click()

    async def say(self, text: str) -> None:
        box = self.page.get_by_test_id("composer-input")
        await box.fill(text)
        await self.page.get_by_test_id("send-button").click()

    def answers(self) -> Any:
        return self.page.get_by_test_id("assistant-message")

    async def wait_done(self) -> None:
        """Wait until the last answer has its figures and no stop button is left."""
        await expect(self.page.get_by_test_id("turn-figures").last).to_be_visible()
        await expect(self.page.get_by_test_id("stop-button")).to_have_count(0)

    async def assert_no_sideways_scroll(self) -> None:
        width = await self.page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
        assert width <= 0, f"the page scrolls sideways by {width} px"

    async def settled(self) -> None:
        """Wait until nothing was fetched for half a second; the stream of changes stays open, so "networkidle" never comes."""
        await self.page.evaluate(
            """async () => {
              const fetched = () => performance.getEntriesByType('resource').length;
              for (let before = -1; before !== fetched(); await new Promise((go) => setTimeout(go, 500)))
                before = fetched();
            }"""
        )

    async def axe(self) -> list[str]:
        """Return what axe-core finds wrong, WCAG 2.2 AA rules included."""
        # A colour on its way from one theme to the other is no finding.
        await self.page.evaluate(
            """async () => {
              const frame = () => new Promise((go) => requestAnimationFrame(go));
              const moving = () => document.getAnimations().filter((one) => one instanceof CSSTransition);
              await frame();
              do {
                await Promise.allSettled(moving().map((transition) => transition.finished));
                await frame();
              } while (moving().length > 0);
            }"""
        )
        # through the driver, which the page's own CSP does not bind
        await self.page.evaluate(AXE.read_text())
        found = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{violation['id']}: {node['html'][:120]}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]


async def make_visitor(browser: Browser, portal: PortalProcess, **context_options: Any) -> Visitor:
    """Open a fresh profile; console errors and uncaught exceptions are collected in `problems`."""
    context: BrowserContext = await browser.new_context(**{"viewport": WIDE, **context_options})
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(f"uncaught: {error}"))
    page.on(
        "console",
        lambda message: (
            problems.append(message.text) if message.type == "error" and _counts(message.text) else None
        ),
    )
    return Visitor(page, portal, problems)


def _counts(text: str) -> bool:
    """Chromium logs every 4xx and every lost connection as an error; what the page does about it is tested instead."""
    return "Failed to load resource" not in text and "net::ERR" not in text


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_HAS_FAILED] = report.failed
    return report


@pytest.fixture
async def visitor(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Callable[..., Any]]:
    """`await visitor(portal, viewport=PHONE, color_scheme="dark")` opens a profile at a portal.

    When the test fails, the report says what was on each page.
    """
    made: list[Visitor] = []

    async def make(portal: PortalProcess, **context_options: Any) -> Visitor:
        made.append(await make_visitor(browser, portal, **context_options))
        return made[-1]

    yield make
    if request.node.stash.get(_HAS_FAILED, False):
        for person in made:
            print(f"== {person.page.url} {person.problems}")
            print(await person.page.locator("body").aria_snapshot())
