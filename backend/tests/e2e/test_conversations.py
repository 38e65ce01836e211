"""What one does with conversations: branches, order in the side bar, search, undo, links, files that leave and come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.fakes.upstream import FakeUpstream, Reply
from tests.fixtures.portal import PortalProcess


@pytest.fixture
async def person(
    portal: PortalProcess, threaded_model: FakeUpstream, upstream_url: str, visitor: Callable[..., Any]
) -> Any:
    """Somebody who is signed in at a portal with a scripted model."""
    portal.register()
    signed_in = await visitor(portal)
    await signed_in.sign_in("ada@example.org")
    await expect(signed_in.page.get_by_test_id("composer-input")).to_be_visible()
    return signed_in


async def ask(person: Any, text: str) -> None:
    await person.say(text)
    await person.wait_done()


async def choose(page: Page, title: str, item: str) -> None:
    """Open the menu of a conversation in the side bar, and choose from it."""
    await page.get_by_role("button", name=f"Options for {title}", exact=True).click()
    await page.get_by_role("menuitem", name=item, exact=True).click()


def row(page: Page, title: str) -> Any:
    return page.get_by_test_id("session-row").filter(has_text=title)


async def test_edits_and_further_answers_are_branches_that_one_can_go_back_to(
    person: Any, threaded_model: FakeUpstream
) -> None:
    page = person.page
    threaded_model.queue(*(Reply(text=text) for text in ("One.", "Two.", "Three.")))
    await ask(person, "first wording")

    await page.get_by_test_id("user-message").hover()
    await page.get_by_role("button", name="Edit message").click()
    await page.get_by_test_id("edit-input").fill("second wording")
    await page.keyboard.press("Control+Enter")
    await expect(person.answers().last).to_contain_text("Two.")
    await expect(page.get_by_test_id("branch-position").first).to_have_text("2/2")
    await person.wait_done()

    await page.get_by_role("button", name="Regenerate answer").click()
    await expect(person.answers().last).to_contain_text("Three.")
    await person.wait_done()
    await page.get_by_role("button", name="Previous version").last.click()
    await expect(person.answers().last).to_contain_text("Two.")

    await page.get_by_role("button", name="Previous version").first.click()
    await expect(page.get_by_test_id("user-message")).to_contain_text("first wording")
    await expect(person.answers()).to_have_count(1)
    await expect(person.answers().last).to_contain_text("One.")
    await page.reload()
    await expect(person.answers().last).to_contain_text("One.")
    threaded_model.queue(Reply(text="Four."))
    await ask(person, "and on")
    last = [request for request in threaded_model.requests if request.path.endswith("/chat/completions")][-1]
    spoken = [message["content"] for message in last.body["messages"] if message["role"] != "system"]
    assert spoken == ["first wording", "One.", "and on"]
    assert person.problems == []


async def test_the_side_bar_is_put_in_order_and_what_is_deleted_comes_back(person: Any) -> None:
    page = person.page
    for title in ("Apples", "Pears"):
        await ask(person, title)
        await page.get_by_test_id("new-chat").click()

    await choose(page, "Apples", "Rename")
    await page.get_by_test_id("rename-input").fill("Cherries")
    await page.keyboard.press("Enter")
    await choose(page, "Cherries", "Pin")
    await expect(page.get_by_text("Pinned", exact=True)).to_be_visible()

    await choose(page, "Pears", "Move to folder…")
    await page.get_by_test_id("folder-name").fill("Fruit")
    await page.get_by_role("button", name="Create and move").click()
    folder = page.get_by_test_id("folder")
    await expect(folder).to_contain_text("Fruit")
    await folder.get_by_role("button", name="Fruit").first.click()
    await expect(folder.get_by_test_id("session-row")).to_contain_text("Pears")
    await page.get_by_role("button", name="Options for folder Fruit").click()
    await page.get_by_role("menuitem", name="Remove folder").click()
    await expect(folder).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await expect(folder).to_contain_text("Fruit")
    await expect(folder.get_by_test_id("session-row")).to_contain_text("Pears")

    await choose(page, "Cherries", "Archive")
    await expect(row(page, "Cherries")).to_have_count(0)
    await page.get_by_test_id("user-menu").click()
    await page.get_by_role("menuitem", name="Archive").click()
    await expect(page.get_by_test_id("archived-row")).to_contain_text("Cherries")
    await page.get_by_role("button", name="Bring back Cherries").click()
    await expect(row(page, "Cherries")).to_be_visible()

    await choose(page, "Cherries", "Delete")
    await expect(row(page, "Cherries")).to_have_count(0)
    await expect(page.get_by_text("Deleted “Cherries”")).to_be_visible()
    await page.get_by_role("button", name="Undo").last.click()
    await expect(row(page, "Cherries")).to_be_visible()
    assert person.problems == []


async def test_the_search_leads_to_the_very_message(person: Any, threaded_model: FakeUpstream) -> None:
    page = person.page
    threaded_model.default = Reply(
        text="\n\n".join(f"Line {number} of a long answer." for number in range(40))
    )
    await ask(person, "where is the aardvark?")
    for question in ("and then?", "and after that?"):
        await ask(person, question)
    await page.get_by_test_id("new-chat").click()
    await page.keyboard.press("Control+k")
    await page.get_by_test_id("search-input").fill("AARDVARK")
    hit = page.get_by_test_id("search-hit").filter(has=page.locator("svg")).last
    await expect(hit).to_contain_text("aardvark")
    await hit.click()
    await expect(page.get_by_test_id("user-message").first).to_be_in_viewport()
    await expect(person.answers().last).not_to_be_in_viewport()


async def test_a_link_shows_a_conversation_to_strangers_until_it_is_withdrawn(
    person: Any, visitor: Callable[..., Any], portal: PortalProcess
) -> None:
    page = person.page
    await ask(person, "a thing to share")
    await choose(page, "a thing to share", "Share…")
    await page.get_by_role("button", name="Make a link").click()
    url = await page.get_by_test_id("share-link").input_value()

    stranger = await visitor(portal)
    answer = await stranger.page.goto(url)
    assert answer is not None
    assert "noindex" in (await answer.all_headers())["x-robots-tag"]
    await expect(stranger.page.get_by_test_id("shared-question")).to_have_text("a thing to share")
    await expect(stranger.page.get_by_test_id("shared-answer")).to_contain_text("You said")
    assert "ada@" not in await stranger.page.content()
    assert await stranger.axe() == []

    await page.get_by_role("button", name="Withdraw").click()
    await expect(page.get_by_test_id("share-link")).to_have_count(0)
    await stranger.page.reload()
    await expect(stranger.page.get_by_text("Nothing is shared here")).to_be_visible()
    assert person.problems == [] and stranger.problems == []


async def test_conversations_leave_as_files_and_come_back(
    person: Any, visitor: Callable[..., Any], portal: PortalProcess, tmp_path: Path
) -> None:
    page = person.page
    await ask(person, "take me along")
    async with page.expect_download() as waiting:
        await choose(page, "take me along", "Export as Markdown")
    markdown = (await (await waiting.value).path()).read_text(encoding="utf-8")
    assert "take me along" in markdown and "You said: take me along" in markdown
    await page.goto(portal.base_url + "/settings")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Export all").click()
    whole = tmp_path / "all.json"
    await (await waiting.value).save_as(whole)
    assert json.loads(whole.read_text(encoding="utf-8"))

    portal.register("eve@example.org")
    other = await visitor(portal)
    await other.sign_in("eve@example.org")
    await expect(other.page.get_by_test_id("composer-input")).to_be_visible()
    await other.open("/settings")
    await other.page.get_by_test_id("import-file").set_input_files(whole)
    await expect(other.page.get_by_test_id("import-result")).to_contain_text("1 conversation imported")
    await row(other.page, "take me along").click()
    await expect(other.answers().last).to_contain_text("You said: take me along")
    assert other.problems == []


async def test_what_was_typed_on_one_device_is_live_on_the_other_and_either_can_stop_it(
    person: Any, visitor: Callable[..., Any], portal: PortalProcess, threaded_model: FakeUpstream
) -> None:
    threaded_model.default = Reply(
        chunks=[f"word{number} " for number in range(200)], chunk_delay_seconds=0.1
    )
    await person.say("from the desk")
    await expect(person.answers().last).to_contain_text("word2 ")
    phone = await visitor(portal, viewport={"width": 390, "height": 844}, has_touch=True)
    await phone.sign_in("ada@example.org")
    await expect(phone.page.get_by_test_id("composer-input")).to_be_visible()
    await phone.page.goto(person.page.url)
    await expect(phone.answers().last).to_contain_text("word4 ")
    await phone.page.get_by_test_id("stop-button").click()
    await expect(phone.page.get_by_test_id("stopped-mark")).to_be_visible()
    await expect(person.page.get_by_test_id("stopped-mark")).to_be_visible()
    threaded_model.default = Reply(text="To both of you.")
    await phone.say("from the train")
    await expect(phone.answers().last).to_contain_text("To both of you.")
    # the desk shows it at once, without being touched
    await expect(person.page.get_by_test_id("user-message").last).to_contain_text("from the train")
    await expect(person.answers().last).to_contain_text("To both of you.")
    await phone.assert_no_sideways_scroll()
    assert person.problems == [] and phone.problems == []


async def test_files_go_with_a_message_and_what_cannot_be_read_is_said_before_it_is_sent(
    person: Any, threaded_model: FakeUpstream, tmp_path: Path
) -> None:
    page = person.page
    notes, program, picture = tmp_path / "notes.md", tmp_path / "tool.bin", tmp_path / "dot.png"
    notes.write_text("The password of the maze is **otter**.", encoding="utf-8")
    program.write_bytes(b"\x7fELF\x00\x01\x02" * 40)
    picture.write_bytes(_PNG)
    await page.get_by_test_id("attach-input").set_input_files([notes, program])
    refused = page.locator('[data-testid="attachment"][data-status="refused"]')
    await expect(refused).to_contain_text("tool.bin")
    await expect(refused.get_by_role("alert")).not_to_be_empty()
    await page.get_by_role("button", name="Remove tool.bin").click()
    await expect(page.locator('[data-testid="attachment"][data-status="ready"]')).to_have_count(1)
    await ask(person, "what is the password?")
    await expect(page.get_by_test_id("message-files")).to_contain_text("notes.md")
    assert "otter" in json.dumps(threaded_model.requests[-1].body)

    await page.get_by_test_id("attach-input").set_input_files(picture)
    await expect(refused).to_contain_text("cannot see images")
    await expect(page.get_by_test_id("send-button")).to_be_disabled()
    assert await person.axe() == []
    await page.get_by_role("button", name="Remove dot.png").click()
    await ask(person, "then without it")
    assert person.problems == []


async def test_a_key_is_shown_once_works_and_ends_when_it_is_revoked(
    person: Any, portal: PortalProcess
) -> None:
    page = person.page
    await person.open("/keys")
    await page.get_by_test_id("create-key").click()
    await page.get_by_label("Name").fill("Maze game")
    await page.get_by_role("button", name="Create key").click()
    key = await page.get_by_test_id("new-key").inner_text()
    await page.get_by_role("button", name="Done").click()
    assert key not in await page.content()
    with portal.client(key) as program:
        body = {"messages": [{"role": "user", "content": "hello"}]}
        assert program.post("/api/llm/chat", json=body).json()["response"] == "You said: hello"
        await page.get_by_role("button", name="Revoke Maze game").click()
        await page.get_by_role("button", name="Revoke for good").click()
        await expect(page.get_by_test_id("key-row")).to_have_count(0)
        assert program.post("/api/llm/chat", json=body).status_code == 401
    assert person.problems == []


async def test_the_language_and_the_theme_stay_and_an_account_goes_with_all_it_had(
    person: Any, portal: PortalProcess
) -> None:
    page = person.page
    await ask(person, "remember me")
    await person.open("/settings")
    await page.get_by_text("Dark", exact=True).click()
    await page.get_by_text("Deutsch", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Einstellungen")
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Einstellungen")
    assert await page.evaluate("document.documentElement.lang") == "de"
    assert await page.evaluate("document.documentElement.classList.contains('dark')")
    assert await person.axe() == []
    await page.get_by_text("English", exact=True).click()
    await page.get_by_role("button", name="Delete account").click()
    await page.get_by_label("Your password").fill("a few plain words")
    await page.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_label("Email")).to_be_visible()
    with pytest.raises(httpx.HTTPStatusError):
        portal.sign_in("ada@example.org")


async def test_everything_can_be_done_by_keyboard(
    portal: PortalProcess, threaded_model: FakeUpstream, upstream_url: str, visitor: Callable[..., Any]
) -> None:
    portal.register()
    person = await visitor(portal)
    page = person.page
    await person.open("/")
    await page.get_by_label("Email").focus()
    await page.keyboard.type("ada@example.org")
    await page.keyboard.press("Tab")
    await page.keyboard.type("a few plain words")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("composer-input")).to_be_focused()
    threaded_model.default = Reply(chunks=[f"w{number} " for number in range(300)], chunk_delay_seconds=0.1)
    await page.keyboard.type("by hand")
    await page.keyboard.press("Enter")
    await expect(person.answers().last).to_contain_text("w1 ")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("stopped-mark")).to_be_visible()
    await expect(page.get_by_test_id("turn-status")).to_have_text("Answer stopped")
    await expect(page.get_by_test_id("composer-input")).to_be_focused()

    await page.keyboard.press("Control+k")
    await expect(page.get_by_test_id("search-input")).to_be_focused()
    await page.keyboard.type("by hand")
    await expect(page.get_by_test_id("search-hit").first).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("search-input")).to_have_count(0)

    await page.get_by_role("button", name="Options for by hand").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Rename")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    focused = "document.activeElement && document.activeElement !== document.body"
    assert await page.evaluate(focused)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menuitem")).to_have_count(0)
    assert await page.evaluate(focused)
    assert person.problems == []


async def test_the_service_worker_keeps_the_page_and_nothing_of_the_api(person: Any) -> None:
    page = person.page
    await ask(person, "keep this to yourself")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await page.reload()
    await expect(person.answers().last).to_contain_text("keep this to yourself")
    kept = await page.evaluate(
        """(async () => {
             const urls = [];
             for (const name of await caches.keys())
               for (const request of await (await caches.open(name)).keys()) urls.push(new URL(request.url).pathname);
             return urls;
           })()"""
    )
    assert any(path.startswith("/assets/") for path in kept)
    assert [path for path in kept if path.startswith(("/api", "/v1", "/s/", "/share"))] == []


_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c626001000000ffff03000006000557bfabd40000000049454e44ae426082"
)
