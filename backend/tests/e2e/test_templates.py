"""Templates from the first line to a chat, and two answers compared: in the browser, down to what the model reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.fakes.upstream import FakeUpstream
from tests.fixtures.portal import PortalProcess


@pytest.fixture
async def person(
    portal: PortalProcess, threaded_model: FakeUpstream, upstream_url: str, visitor: Callable[..., Any]
) -> Any:
    """Somebody who is signed in at a portal with a scripted model."""
    portal.register()
    signed_in = await visitor(portal)
    await signed_in.sign_in("ada@example.org")
    return signed_in


def prompts(model: FakeUpstream) -> list[list[dict[str, Any]]]:
    """Return the messages of each request to the model, oldest first."""
    return [
        request.body["messages"] for request in model.requests if request.path.endswith("/chat/completions")
    ]


def systems(model: FakeUpstream) -> list[str | None]:
    return [
        next((message["content"] for message in messages if message["role"] == "system"), None)
        for messages in prompts(model)
    ]


async def write_template(page: Page, title: str, text: str) -> None:
    await page.get_by_role("link", name="Templates").click()
    await page.get_by_test_id("new-template").click()
    await page.get_by_label("Title").fill(title)
    await page.get_by_test_id("template-content").fill(text)
    await page.get_by_test_id("save-template").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)


async def test_a_template_is_written_tried_and_used_in_a_chat_until_it_is_taken_away(
    person: Any, threaded_model: FakeUpstream
) -> None:
    page = person.page
    await write_template(page, "Maze guide", "You guide {{player}} through a maze.")

    await page.get_by_text("Try it", exact=True).click()
    await page.get_by_label("player").fill("Ada")
    await page.get_by_test_id("try-message").fill("Which way?")
    await page.get_by_test_id("try-ask").click()
    await expect(page.get_by_test_id("ask-answer")).to_have_attribute("data-status", "done")
    assert systems(threaded_model) == ["You guide Ada through a maze."]

    await page.get_by_test_id("use-template").click()
    await page.get_by_test_id("use-template-submit").click()
    await expect(page.get_by_role("dialog").get_by_label("player")).to_have_attribute("aria-invalid", "true")
    await page.get_by_role("dialog").get_by_label("player").fill("Bo")
    await page.get_by_test_id("use-template-submit").click()
    await person.say("Which way?")
    await person.wait_done()
    await page.reload()
    await expect(page.get_by_test_id("template-tool")).to_contain_text("Maze guide")
    await person.say("And then?")
    await expect(person.answers()).to_have_count(2)
    await person.wait_done()
    assert systems(threaded_model)[1:] == ["You guide Bo through a maze."] * 2
    first, second = prompts(threaded_model)[1:]
    assert second[: len(first)] == first, "the second prompt begins with the first"

    await page.get_by_role("button", name="Stop using Maze guide").click()
    await person.say("And now?")
    await expect(person.answers()).to_have_count(3)
    await person.wait_done()
    assert systems(threaded_model)[-1] is None
    assert person.problems == []


async def test_an_edit_makes_a_version_and_an_old_one_comes_back_as_a_new_one(person: Any) -> None:
    page = person.page
    await write_template(page, "Greeting", "Greet {{name}}.")
    await page.get_by_test_id("template-content").fill("Greet {{name}} warmly.")
    await page.get_by_test_id("save-template").click()
    await page.get_by_text("Versions", exact=True).click()
    await expect(page.get_by_test_id("template-version")).to_have_count(2)
    await page.get_by_role("button", name="Restore version 1").click()
    await expect(page.get_by_test_id("template-version")).to_have_count(3)
    await page.get_by_text("Write", exact=True).click()
    await expect(page.get_by_test_id("template-content")).to_have_value("Greet {{name}}.")
    assert await person.axe() == []
    assert person.problems == []


async def test_two_answers_are_compared_and_the_conversation_goes_on_with_the_chosen_one(
    person: Any, threaded_model: FakeUpstream
) -> None:
    page = person.page
    await write_template(page, "Pirate", "Answer as a pirate.")
    await page.get_by_role("link", name="Compare").click()
    await page.get_by_test_id("template-tool").first.click()
    await page.get_by_test_id("template-choice").click()
    await page.get_by_test_id("use-template-submit").click()
    await page.get_by_test_id("compare-question").fill("Which way?")
    await page.get_by_test_id("compare-start").click()
    await expect(page.get_by_test_id("keep-answer")).to_have_count(2)
    assert systems(threaded_model) == ["Answer as a pirate.", None]
    assert await person.axe() == []

    await page.get_by_role("button", name="Go on with this one: side B").click()
    await expect(page.get_by_test_id("branch-position")).to_have_text("2/2")
    await person.say("And then?")
    await expect(person.answers()).to_have_count(2)
    await person.wait_done()
    assert systems(threaded_model)[-1] is None
    assert person.problems == []
