"""From the first visit to an answer of a real model, as a person who just installed the portal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import PHONE
from tests.fixtures.portal import PASSWORD, PortalProcess


@pytest.fixture
def embedded(make_portal: Callable[..., PortalProcess]) -> PortalProcess:
    """A portal whose answers come from the demo model through llama.cpp."""
    return make_portal(LLM_SERVER_URL="")


async def test_the_first_admin_changes_the_one_time_password_and_gets_an_answer_of_a_real_model(
    embedded: PortalProcess, visitor: Callable[..., Any]
) -> None:
    log = embedded.log()
    email = re.search(r"Sign in +(\S+)", log)
    one_time = re.search(r"Password +(\S+)", log)
    assert email and one_time
    person = await visitor(embedded)
    await person.sign_in(email[1], one_time[1])
    await person.page.get_by_label("One-time password").fill(one_time[1])
    await person.page.get_by_label("New password", exact=True).fill(PASSWORD)
    await person.page.get_by_label("Repeat new password").fill(PASSWORD)
    await person.page.get_by_role("button", name="Change password").click()
    await expect(person.page.get_by_test_id("demo-notice")).to_contain_text("demo model")
    await person.say("How do I make an API key?")
    await person.wait_done()
    # what it knows is tests/live/test_demo_model.py's matter; here, that it is the model that speaks
    await expect(person.answers().last.get_by_test_id("markdown")).not_to_be_empty()
    await expect(person.page.get_by_test_id("turn-figures").last).to_contain_text("prompt-portal-demo")
    await expect(person.page.get_by_test_id("session-row").first).to_contain_text("make an API key")
    assert person.problems == []


async def test_a_new_person_registers_chats_and_finds_the_conversation_after_signing_in_again(
    embedded: PortalProcess, visitor: Callable[..., Any]
) -> None:
    person = await visitor(embedded, viewport=PHONE)
    await person.open("/register")
    await person.page.get_by_label("Email").fill("grace@example.org")
    await person.page.get_by_label("Password", exact=True).fill(PASSWORD)
    await person.page.get_by_role("button", name="Create account").click()
    await person.say("Hello!")
    await person.wait_done()
    await person.assert_no_sideways_scroll()
    answer = await person.answers().last.inner_text()

    other_device = await visitor(embedded)
    await other_device.sign_in("grace@example.org")
    await other_device.page.get_by_test_id("session-row").first.click()
    await expect(other_device.answers().last).to_contain_text(answer.splitlines()[0][:30])
    assert person.problems + other_device.problems == []


async def test_a_wrong_password_is_said_and_the_email_is_kept(
    embedded: PortalProcess, visitor: Callable[..., Any]
) -> None:
    person = await visitor(embedded)
    await person.sign_in("nobody@example.org", "not the password at all")
    await expect(person.page.get_by_test_id("auth-error")).to_be_visible()
    await expect(person.page.get_by_label("Email")).to_have_value("nobody@example.org")
