"""Administration in the browser: health as it changes, what runs now, people, invitations, and who did what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import PHONE
from tests.fakes.upstream import FakeUpstream, Reply, threaded_upstream
from tests.fixtures.portal import PASSWORD, PortalProcess


@pytest.fixture
async def admin(
    portal: PortalProcess, threaded_model: FakeUpstream, upstream_url: str, visitor: Callable[..., Any]
) -> Any:
    """The first administrator, at the admin page."""
    with portal.client(portal.admin()) as client:
        email = client.get("/api/auth/me").json()["email"]
    person = await visitor(portal)
    await person.sign_in(email)
    await person.page.get_by_test_id("user-menu").click()
    await person.page.get_by_role("menuitem", name="Administration").click()
    await expect(person.page.get_by_test_id("admin-status")).to_be_visible()
    return person


async def test_health_and_what_runs_are_live_and_anything_can_be_stopped(
    admin: Any, portal: PortalProcess, threaded_model: FakeUpstream
) -> None:
    page = admin.page
    await expect(page.get_by_test_id("component").filter(has_text="Database")).to_have_attribute(
        "data-state", "ok"
    )
    threaded_model.default = Reply(chunks=["one ", "two"], stall_after=1)
    async with portal.async_client(portal.register("eve@example.org")) as eve:
        body = {"session_id": "s", "message": "count"}
        async with eve.stream("POST", "/api/llm/chat/session/stream", json=body):
            row = page.get_by_test_id("live-turn").filter(has_text="eve@example.org")
            await expect(row).to_be_visible()
            assert await admin.axe() == []
            await page.get_by_role("button", name="Stop the request of eve@example.org").click()
            await expect(row).to_have_count(0)
    await threaded_model.wait_until(lambda: len(threaded_model.aborted) == 1)
    charts = page.get_by_role("region", name="The last ten minutes").get_by_test_id("chart")
    await expect(charts).to_have_count(7)
    await expect(charts.locator("canvas")).to_have_count(7)
    await page.get_by_role("region", name="Who and what").get_by_text("Person", exact=True).click()
    by_person = page.get_by_test_id("group-charts").get_by_test_id("chart")
    await expect(by_person).to_have_count(6)
    await expect(by_person.first).to_contain_text("eve@example.org")
    await page.get_by_text("Figures", exact=True).click()
    await expect(page.get_by_test_id("figures")).to_contain_text("All together")
    assert admin.problems == []


async def test_people_are_invited_shut_off_and_let_in_and_the_log_says_who_did_it(
    admin: Any, portal: PortalProcess
) -> None:
    page = admin.page
    token = portal.register("eve@example.org")
    await page.get_by_text("People", exact=True).click()
    await page.get_by_test_id("invite").click()
    await expect(page.get_by_test_id("invitation")).not_to_be_empty()
    await page.get_by_role("button", name="Shut off: eve@example.org").click()
    again = page.get_by_role("button", name="Let in again: eve@example.org")
    await expect(again).to_be_visible()
    with portal.client(token) as eve:
        assert eve.get("/api/auth/me").status_code == 401
    await again.click()
    await expect(page.get_by_role("button", name="Shut off: eve@example.org")).to_be_visible()
    assert portal.sign_in("eve@example.org", PASSWORD)
    assert await admin.axe() == []
    await page.get_by_text("Announcements", exact=True).click()
    await page.get_by_label("What everybody is to read").fill("Down on Friday")
    await page.get_by_test_id("announce").click()
    banner = page.get_by_test_id("announcement").filter(has_text="Down on Friday")
    await expect(banner).to_be_visible()
    await banner.get_by_role("button", name="Dismiss").click()
    await expect(banner).to_have_count(0)
    assert await admin.axe() == []
    await page.get_by_text("Audit log", exact=True).click()
    await expect(page.get_by_test_id("audit-line").first).to_be_visible()
    async with page.expect_download() as saved:
        await page.get_by_role("button", name="CSV").click()
    assert (await saved.value).suggested_filename == "audit-log.csv"
    await expect(page.get_by_test_id("audit-line").filter(has_text="eve@example.org").first).to_be_visible()
    assert admin.problems == []


async def test_it_fits_a_phone_and_is_closed_to_others(
    admin: Any, portal: PortalProcess, visitor: Callable[..., Any]
) -> None:
    await admin.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for view in ("Health", "Figures", "People", "Announcements", "Audit log"):
        await admin.page.get_by_text(view, exact=True).click()
        await admin.assert_no_sideways_scroll()
    portal.register("eve@example.org")
    eve = await visitor(portal)
    await eve.sign_in("eve@example.org")
    await expect(eve.page.get_by_test_id("composer-input")).to_be_visible()
    await eve.page.get_by_test_id("user-menu").click()
    await expect(eve.page.get_by_role("menuitem", name="Settings")).to_be_visible()
    await expect(eve.page.get_by_role("menuitem", name="Administration")).to_have_count(0)
    await eve.open("/admin")
    await expect(eve.page.get_by_test_id("composer-input")).to_be_visible()


async def test_a_provider_is_entered_tried_used_and_removed(
    admin: Any, portal: PortalProcess, threaded_model: FakeUpstream
) -> None:
    page = admin.page
    with threaded_upstream(model="second-model") as second:
        await page.get_by_text("Providers", exact=True).click()
        await page.get_by_test_id("add-provider").click()
        await page.get_by_label("Name").fill("gpu-1")
        await page.get_by_role("textbox", name="Address").fill(second.url)
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Add a provider").click()
        await expect(dialog.get_by_role("alert")).to_be_visible()  # a private address, and nobody allowed it
        await page.get_by_text("It is in a private network").click()
        await dialog.get_by_role("button", name="Add a provider").click()
        row = page.get_by_test_id("provider").filter(has_text="gpu-1")
        await expect(row).to_be_visible()
        await page.get_by_role("button", name="Try it: gpu-1").click()
        await expect(row).to_contain_text("second-model")
        assert await admin.axe() == []
        second.default = Reply(text="From the second server.")
        with portal.client(portal.register("eve@example.org")) as eve:
            body = {"model": "second-model", "messages": [{"role": "user", "content": "hello"}]}
            assert eve.post("/api/llm/chat", json=body).json()["response"] == "From the second server."
        await page.get_by_role("button", name="Remove gpu-1").click()
        await page.get_by_role("button", name="Remove gpu-1").click()
        await expect(row).to_have_count(0)
    assert admin.problems == []


async def test_a_device_gets_its_secret_once_and_is_removed(admin: Any, portal: PortalProcess) -> None:
    page = admin.page
    await admin.open("/devices")
    await page.get_by_test_id("create-device").click()
    await page.get_by_label("Name").fill("Maze robot")
    await page.get_by_role("dialog").get_by_role("button", name="New device").click()
    secret = await page.get_by_test_id("device-secret").inner_text()
    client = await page.get_by_test_id("device-client").inner_text()
    await expect(page.get_by_test_id("device-topic")).to_have_text(f"pp/v1/{client}/req")
    await page.get_by_role("button", name="Done").click()
    row = page.get_by_test_id("device-row")
    await expect(row).to_contain_text(client)
    assert secret not in await page.content()
    assert await admin.axe() == []
    await page.get_by_role("button", name="New secret for Maze robot").click()
    await page.get_by_role("button", name="End the old secret").click()
    assert await page.get_by_test_id("device-secret").inner_text() != secret
    await page.get_by_role("button", name="Done").click()
    await page.get_by_role("button", name="Remove Maze robot").click()
    await page.get_by_role("button", name="Remove for good").click()
    await expect(row).to_have_count(0)
    assert admin.problems == []
