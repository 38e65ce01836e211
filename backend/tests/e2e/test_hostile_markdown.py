"""A model that means harm: nothing it answers runs, covers the page or asks another machine, and its text can still be read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.e2e.hostile import ANSWERS, answer, marker
from tests.fakes.upstream import FakeUpstream, Reply
from tests.fixtures.portal import PortalProcess

WATCH = """
window.owned = 0;
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
});
"""
# Everything in an answer that the page's own components would never make.
FOREIGN = """() => {
  const found = [];
  const forbidden = new Set(['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'FORM', 'META', 'BASE', 'LINK', 'STYLE', 'INPUT',
    'TEXTAREA', 'VIDEO', 'AUDIO', 'SOURCE', 'IMG', 'ANIMATE', 'USE', 'FOREIGNOBJECT', 'TEMPLATE', 'MARQUEE', 'DETAILS']);
  for (const answer of document.querySelectorAll('[data-testid=markdown]')) {
    for (const element of answer.querySelectorAll('*')) {
      const shown = element.outerHTML.slice(0, 200);
      if (forbidden.has(element.tagName.toUpperCase())) found.push(`element ${shown}`);
      for (const {name, value} of element.attributes) {
        if (name.startsWith('on')) found.push(`handler ${shown}`);
        if (/(^|:)(href|src|action|formaction|srcdoc|data|poster)$/.test(name) && !/^(https?:[/][/]|#)/.test(value))
          found.push(`address ${shown}`);
        if (name === 'style' && /url[(]|position:|@import/i.test(value)) found.push(`style ${shown}`);
      }
    }
  }
  return found;
}"""


class Watched:
    """A page of which every dialog, request and window is written down."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.events: list[str] = []
        page.on("dialog", lambda dialog: self.events.append(f"dialog {dialog.message}"))
        page.on("popup", lambda popup: self.events.append(f"window {popup.url}"))
        page.context.on(
            "request",
            lambda request: None if request.url.startswith(origin) else self.events.append(request.url),
        )

    async def assert_unharmed(self, where: str) -> None:
        assert await self.page.evaluate("window.owned") == 0, f"{where}: script of the answer ran"
        assert await self.page.evaluate(FOREIGN) == [], where
        assert await self.page.evaluate("violations") == [], f"{where}: only the CSP stood in between"
        assert self.events == [], where


def _cut(text: str, size: int = 7) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


async def show_earlier_turns(page: Page, count: int) -> None:
    """Scroll up until every answer is drawn; a conversation opens at its end."""
    answers = page.get_by_test_id("assistant-message")
    await expect(answers.last).to_be_visible()
    async with asyncio.timeout(20):
        while await answers.count() < count:
            await page.get_by_test_id("transcript").evaluate("(element) => element.scrollTo(0, 0)")
            await page.wait_for_timeout(50)


def _share(portal: PortalProcess, client: httpx.Client) -> str:
    session = client.get("/api/sessions").raise_for_status().json()["items"][0]["id"]
    token = client.post(f"/api/sessions/{session}/share").raise_for_status().json()["token"]
    return f"{portal.base_url}/s/{token}"


@pytest.mark.usefixtures("upstream_url")
async def test_nothing_of_a_hostile_answer_runs_or_asks_elsewhere_streamed_stored_and_shared(
    portal: PortalProcess, threaded_model: FakeUpstream, visitor: Callable[..., Any]
) -> None:
    token = portal.register()
    for name, cases in ANSWERS.items():
        threaded_model.queue(Reply(chunks=_cut(answer(name, cases)), chunk_delay_seconds=0.0005))
    person = await visitor(portal)
    await person.page.add_init_script(WATCH)
    watched = Watched(person.page, portal.base_url)
    await person.sign_in("ada@example.org")
    for name, cases in ANSWERS.items():
        await person.say("What do you say?")
        await expect(person.answers().last).to_contain_text(marker(name, len(cases) - 1), timeout=30_000)
        await person.wait_done()
        await watched.assert_unharmed(f"{name}, streamed")
        readable = await person.answers().last.inner_text()
        swallowed = [number for number in range(len(cases)) if marker(name, number) not in readable]
        assert swallowed == [], name
        if name == "markup":
            assert "<marquee onstart=" in readable, "HTML is shown as the text that it is"

    await person.page.reload()
    await show_earlier_turns(person.page, len(ANSWERS))
    await watched.assert_unharmed("stored")
    await person.assert_no_sideways_scroll()

    with portal.client(token) as client:
        await person.page.goto(_share(portal, client))
    await expect(person.page.get_by_test_id("shared-answer")).to_have_count(len(ANSWERS))
    await expect(person.page.get_by_test_id("shared-answer").first).to_contain_text(marker("markup", 30))
    await watched.assert_unharmed("shared")
    assert person.problems == []

    # The watch itself: what it looks for, planted by hand, is seen.
    await person.page.evaluate(
        "document.querySelector('[data-testid=markdown]').innerHTML = '<img src=x onerror=\"window.owned=1\">'"
    )
    await person.page.wait_for_timeout(200)
    assert len(await person.page.evaluate(FOREIGN)) == 3, "the element, its address and its handler"
    assert await person.page.evaluate("violations") == ["script-src-attr inline"]
