"""Streams that outlive the page: reload, stop, two tabs, a model server that dies, being offline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import expect

from tests.fakes.upstream import FakeUpstream, Recorded, Reply
from tests.fixtures.portal import PortalProcess

WORDS = [f"word{number} " for number in range(1, 61)]
WHOLE = "".join(WORDS).strip()


def chats(model: FakeUpstream) -> list[Recorded]:
    return [request for request in model.requests if request.path.endswith("/chat/completions")]


@pytest.fixture
async def person(
    portal: PortalProcess, threaded_model: FakeUpstream, upstream_url: str, visitor: Callable[..., Any]
) -> Any:
    """Somebody who is signed in at a portal whose model answers slowly."""
    portal.register()
    threaded_model.default = slow()
    signed_in = await visitor(portal)
    await signed_in.sign_in("ada@example.org")
    return signed_in


def slow() -> Reply:
    """60 words in about six seconds."""
    return Reply(chunks=list(WORDS), chunk_delay_seconds=0.1)


async def test_a_reload_in_the_middle_goes_on_where_it_was_and_nothing_is_twice(
    person: Any, threaded_model: FakeUpstream
) -> None:
    await person.say("count")
    await expect(person.answers().last).to_contain_text("word5 ")
    await person.page.reload()
    await expect(person.answers().last).to_contain_text("word5 ")
    await person.wait_done()
    await expect(person.answers().last.get_by_test_id("markdown")).to_have_text(WHOLE)
    assert len(chats(threaded_model)) == 1, "the reload asked the model again"
    assert person.problems == []


async def test_leaving_the_page_does_not_cancel_and_the_answer_is_there_afterwards(
    person: Any, threaded_model: FakeUpstream
) -> None:
    await person.say("count")
    await expect(person.answers().last).to_contain_text("word3 ")
    await person.page.goto("about:blank")
    await person.page.wait_for_timeout(7000)
    await person.open("/")
    await person.page.get_by_test_id("session-row").first.click()
    await expect(person.answers().last.get_by_test_id("markdown")).to_have_text(WHOLE)
    assert threaded_model.aborted == []


async def test_stop_keeps_the_partial_marks_it_and_the_model_server_sees_it_within_a_second(
    person: Any, threaded_model: FakeUpstream
) -> None:
    await person.say("count")
    await expect(person.answers().last).to_contain_text("word3 ")
    await person.page.get_by_test_id("stop-button").click()
    await expect(person.page.get_by_test_id("stopped-mark")).to_be_visible(timeout=2000)
    await threaded_model.wait_until(lambda: len(threaded_model.aborted) == 1, 1)
    await expect(person.answers().last).to_contain_text("word3")
    await person.page.reload()
    await expect(person.page.get_by_test_id("stopped-mark")).to_be_visible()
    await expect(person.answers().last).not_to_contain_text("word60")


async def test_two_tabs_of_one_conversation_both_show_the_answer_while_it_streams(
    person: Any, threaded_model: FakeUpstream
) -> None:
    await person.say("count")
    await expect(person.answers().last).to_contain_text("word2 ")
    second = await person.page.context.new_page()
    await second.goto(person.page.url)
    last = second.get_by_test_id("assistant-message").last
    await expect(last).to_contain_text("word2 ")
    await person.wait_done()
    await expect(last.get_by_test_id("markdown")).to_have_text(WHOLE)
    assert len(chats(threaded_model)) == 1


async def test_a_server_that_dies_in_the_middle_is_said_the_partial_is_kept_and_retry_works(
    person: Any, threaded_model: FakeUpstream
) -> None:
    threaded_model.queue(Reply(chunks=list(WORDS), chunk_delay_seconds=0.05, cut_after=10))
    await person.say("count")
    await expect(person.page.get_by_test_id("turn-error")).to_be_visible()
    await expect(person.answers().last).to_contain_text("word9")
    await expect(person.page.get_by_test_id("user-message")).to_contain_text("count")
    threaded_model.default = Reply(text="All is well again.")
    await person.page.get_by_test_id("retry-button").click()
    await expect(person.answers().last).to_contain_text("All is well again.")
    sent = chats(threaded_model)[-1].body["messages"]
    assert [message["content"] for message in sent if message["role"] != "system"] == ["count"]


async def test_offline_is_said_and_the_stream_comes_back_by_itself(
    person: Any, threaded_model: FakeUpstream
) -> None:
    await person.say("count")
    await expect(person.answers().last).to_contain_text("word3 ")
    await person.page.context.set_offline(True)
    await expect(person.page.get_by_test_id("offline-notice")).to_be_visible()
    await person.page.context.set_offline(False)
    await person.wait_done()
    await expect(person.answers().last.get_by_test_id("markdown")).to_have_text(WHOLE)
    await expect(person.page.get_by_test_id("offline-notice")).to_have_count(0)


async def test_a_portal_on_this_machine_needs_no_network(person: Any, threaded_model: FakeUpstream) -> None:
    page = person.page
    threaded_model.default = Reply()
    await expect(page.get_by_test_id("composer-input")).to_be_visible()
    await page.evaluate("Object.defineProperty(navigator, 'onLine', {get: () => false})")
    await page.evaluate("dispatchEvent(new Event('offline'))")
    await person.say("in flight mode")
    await expect(page.get_by_test_id("session-row")).to_contain_text("in flight mode")
    await person.wait_done()
    await expect(page.get_by_test_id("offline-notice")).to_have_count(0)


async def test_the_portal_killed_in_the_middle_comes_back_and_the_conversation_goes_on(
    person: Any, portal: PortalProcess, threaded_model: FakeUpstream
) -> None:
    await person.say("count")
    await expect(person.answers().last).to_contain_text("word25 ")
    portal.kill()
    portal.start()
    await expect(person.page.get_by_test_id("turn-error")).to_be_visible(timeout=20_000)
    threaded_model.default = Reply(text="Here I am again.")
    await person.say("are you there?")
    await expect(person.answers().last).to_contain_text("Here I am again.")
