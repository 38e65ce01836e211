"""The playground in the browser: MQTT through the portal's address, and a maze whose hints come over it."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.async_api import expect

from app.config import PROJECT_ROOT
from tests.e2e.conftest import PHONE, WIDE
from tests.fakes.upstream import Reply
from tests.fixtures.games import Games, games
from tests.fixtures.mosquitto import Device
from tests.fixtures.portal import PASSWORD
from tests.fixtures.programs import free_port

_EVERY_INNER_CELL = [[x, y] for x, y in itertools.product(range(1, 10), repeat=2)]
_WALLS_AROUND = 40  # of the first level, which is 11 cells wide
_PIT_WALL = {
    "title": "Pit wall",
    "content": "You speak to {{driver}} for {{laps}} laps. Be {{mood}}.",
    "variables": [
        {"name": "laps", "type": "number"},
        {"name": "mood", "type": "choice", "choices": ["kind", "stern"]},
    ],
}
_people = itertools.count(1)


class _QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""


@pytest.fixture(scope="module")
def example_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the example's folder, at an address of its own."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copy(PROJECT_ROOT / "examples" / "mqtt_page.html", folder)
    shutil.copy(PROJECT_ROOT / "frontend" / "node_modules" / "mqtt" / "dist" / "mqtt.esm.js", folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietFiles, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path, example_url: str
) -> Iterator[Games]:
    """A portal with its own Mosquitto, which lets the example's page in."""
    with games(tmp_path_factory.mktemp("playground"), _sqlite_template, has_broker=False) as made:
        made.add_portal(MQTT_LISTEN_PORT=str(free_port()), CORS_ORIGINS=example_url)
        yield made


async def _player(place: Games, visitor: Callable[..., Any], path: str) -> Any:
    email = f"player{next(_people)}@example.org"
    place.portal.register(email)
    person = await visitor(place.portal, reduced_motion="reduce")
    await person.sign_in(email)
    await expect(person.page.get_by_test_id("composer-input")).to_be_visible()
    await person.open(path)
    await _is_connected(person)
    return person


async def _is_connected(person: Any) -> None:
    await expect(person.page.get_by_test_id("mqtt-link")).to_have_attribute("data-status", "connected")


async def test_frames_are_watched_stopped_and_asked_again_after_the_line_broke(
    place: Games, visitor: Callable[..., Any]
) -> None:
    person = await _player(place, visitor, "/playground")
    page = person.page
    request = page.get_by_test_id("mqtt-request")

    async def ask(text: str) -> None:
        await page.get_by_test_id("mqtt-message").fill(text)
        await page.get_by_test_id("mqtt-ask").click()

    await ask("Which way is out?")
    await expect(request).to_have_attribute("data-outcome", "final")
    await expect(page.get_by_test_id("mqtt-answer")).to_have_text("You said: Which way is out?")
    await expect(page.get_by_test_id("mqtt-frame").last).to_contain_text("final")
    assert await page.get_by_test_id("mqtt-frame").count() > 1
    await expect(page.get_by_test_id("mqtt-latency")).to_contain_text("Latency of 1 answer")

    place.model.queue(Reply(chunks=["one ", "two ", "three"], stall_after=2))
    await ask("Count.")
    await expect(page.get_by_test_id("mqtt-answer")).to_contain_text("one")
    await page.get_by_test_id("mqtt-cancel").click()
    await expect(request).to_have_attribute("data-outcome", "cancelled")

    await page.get_by_test_id("mqtt-cut").click()
    await expect(page.get_by_test_id("mqtt-link")).to_contain_text("broke once")
    await _is_connected(person)
    await ask("Again?")
    await expect(page.get_by_test_id("mqtt-answer")).to_have_text("You said: Again?")
    assert await person.axe() == []
    assert person.problems == []


async def test_the_maze_is_played_with_hints_over_mqtt_and_read_as_the_conversation_it_is(
    place: Games, visitor: Callable[..., Any]
) -> None:
    person = await _player(place, visitor, "/playground?view=maze&seed=7")
    page = person.page
    board = page.get_by_test_id("maze-board")
    await page.get_by_test_id("maze-go").click()
    start = await board.get_attribute("data-player")
    for key in ("ArrowDown", "ArrowRight"):
        await page.keyboard.press(key)
    await expect(board).not_to_have_attribute("data-player", start)

    hint = {
        "hint": "Straight on!",
        "break_walls": _EVERY_INNER_CELL,
        "show_path": True,
        "freeze_germs_ms": 60_000,
    }
    place.model.queue(Reply(text=orjson.dumps(hint).decode()))
    await page.keyboard.press("h")
    await expect(page.get_by_test_id("maze-words")).to_have_text("Straight on!")
    await expect(board).to_have_attribute("data-walls", str(_WALLS_AROUND))
    await expect(page.get_by_test_id("maze-way")).to_have_count(1)
    await expect(page.get_by_test_id("maze-hint")).to_contain_text("breaks a wall")
    state = orjson.loads(place.model.requests[-1].body["messages"][-1]["content"])
    assert ",".join(str(part) for part in state["player_pos"]) == await board.get_attribute("data-player")

    x, y = (int(part) for part in str(await board.get_attribute("data-exit")).split(","))
    for step in ["ArrowRight"] * (x - state["player_pos"][0]) + ["ArrowDown"] * (y - state["player_pos"][1]):
        await page.keyboard.press(step)
    for step in ["ArrowLeft"] * (state["player_pos"][0] - x) + ["ArrowUp"] * (state["player_pos"][1] - y):
        await page.keyboard.press(step)
    await expect(page.get_by_test_id("maze-figures")).to_have_attribute("data-phase", "won")
    await page.get_by_test_id("maze-go").click()
    await expect(board).to_have_attribute("data-level", "2")

    for size, scheme in ((WIDE, "light"), (PHONE, "dark")):
        await page.set_viewport_size(size)
        await page.emulate_media(color_scheme=scheme)
        assert await person.axe() == []
        await person.assert_no_sideways_scroll()
    await page.get_by_text("Conversation", exact=True).click()
    await expect(page.get_by_test_id("maze-conversation")).to_contain_text("Straight on!")
    await page.get_by_test_id("maze-say").fill("Who are you?")
    await expect(page.get_by_test_id("maze-figures")).to_have_attribute("data-phase", "paused")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("maze-conversation")).to_contain_text("You said: Who are you?")
    await page.get_by_test_id("maze-chat").click()
    await expect(page.get_by_test_id("assistant-message").first).to_contain_text("Straight on!")
    assert person.problems == []


async def test_a_project_is_tried_changed_filled_in_and_put_back(
    place: Games, visitor: Callable[..., Any]
) -> None:
    with place.portal.client(place.portal.admin()) as client:
        email = client.get("/api/auth/me").json()["email"]
        client.post("/api/templates", json=_PIT_WALL).raise_for_status()
        made = client.post("/api/devices", json={"name": "Car", "projects": ["racing"]}).json()
        port = client.get("/api/mqtt").json()["port"]
    person = await visitor(place.portal)
    await person.sign_in(email, PASSWORD)
    await expect(person.page.get_by_test_id("composer-input")).to_be_visible()
    await person.open("/projects")
    page = person.page
    row = page.locator("[data-testid=project-row][data-name=racing]")
    await page.get_by_role("button", name="Edit racing").click()
    await page.get_by_test_id("project-prompt").fill("You are the pit wall.")
    await page.get_by_label("Temperature").fill("7")
    await expect(page.get_by_text("A number from 0 to 2.")).to_be_visible()
    await page.get_by_label("Temperature").fill("0,3")
    await page.get_by_label("What a player might say").fill("Box?")
    await page.get_by_role("button", name="Try it").click()
    await expect(page.get_by_test_id("ask-answer")).to_have_attribute("data-status", "done")
    asked = place.model.requests[-1].body
    assert (asked["messages"][0]["content"], asked["temperature"]) == ("You are the pit wall.", 0.3)
    assert await person.axe() == []
    await page.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("You are the pit wall.")
    await expect(row).to_contain_text("changed")

    await page.get_by_role("button", name="Edit racing").click()
    await page.get_by_label("Template in its place").select_option("Pit wall")
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()
    await page.get_by_label("driver").fill("Ada")
    await page.get_by_label("laps").fill("12")
    await page.get_by_label("mood").select_option("stern")
    await page.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("from a template")
    topic = "racing/assistant_response/radio"
    with Device(port, topic, username=made["client"], password=made["secret"]) as game:
        game.send("racing/user_input", {"token": made["secret"], "sessionId": "radio", "message": "Box?"})
        await asyncio.to_thread(game.next)
    prompt = place.model.requests[-1].body["messages"][0]["content"]
    assert prompt == "You speak to Ada for 12 laps. Be stern."

    await page.get_by_role("button", name="Edit racing").click()
    await expect(page.get_by_label("laps")).to_have_value("12")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Reset racing").click()
    await page.get_by_role("button", name="Put it back").click()
    await expect(row).not_to_contain_text("You are the pit wall.")
    assert person.problems == []


async def test_the_examples_page_asks_from_an_address_of_its_own(
    place: Games, visitor: Callable[..., Any], example_url: str
) -> None:
    place.portal.register("visitor@example.org")
    person = await visitor(place.portal)
    await person.page.goto(f"{example_url}/mqtt_page.html?portal={place.portal.base_url}")
    await person.page.get_by_label("Email").fill("visitor@example.org")
    await person.page.get_by_label("Password").fill(PASSWORD)
    await person.page.get_by_role("button", name="Connect").click()
    await person.page.get_by_label("Question").fill("Which way?")
    await person.page.get_by_role("button", name="Ask").click()
    await expect(person.page.get_by_role("status")).to_have_text("You said: Which way?")
    assert person.problems == []


async def test_a_device_is_made_seen_changed_and_thrown_out(
    place: Games, visitor: Callable[..., Any]
) -> None:
    place.portal.register("maker@example.org")
    person = await visitor(place.portal)
    await person.sign_in("maker@example.org")
    await expect(person.page.get_by_test_id("composer-input")).to_be_visible()
    await person.open("/devices")
    page = person.page
    row = page.get_by_test_id("device-row")
    await page.get_by_test_id("create-device").click()
    await page.get_by_label("Name").fill("Maze robot")
    await page.get_by_label("maze").check()
    await page.get_by_label("Requests a minute").fill("60")
    await page.get_by_label("A month").fill("2,5")
    assert await person.axe() == []
    await page.get_by_role("dialog").get_by_role("button", name="New device").click()
    shell = ["bash", "-c", await page.get_by_test_id("device-snippet").inner_text()]
    answer = await asyncio.to_thread(subprocess.check_output, shell, timeout=20)
    assert "You said: Hello!" in answer.decode()
    client = await page.get_by_test_id("device-client").inner_text()
    secret = await page.get_by_test_id("device-secret").inner_text()
    await page.get_by_role("button", name="Done").click()
    with place.portal.client(place.portal.sign_in("maker@example.org")) as api:
        port = api.get("/api/mqtt").json()["port"]
    await expect(page.get_by_test_id("broker-line")).to_contain_text(f":{port}")

    with Device(port, f"pp/v1/{client}/res/#", username=client, password=secret) as device:
        device.send(f"pp/v1/{client}/status", b"online", retain=True)
        await page.get_by_role("button", name="Change Maze robot").click()
        await page.get_by_label("racing").check()
        await page.get_by_role("button", name="Save").click()
        await expect(row).to_contain_text("maze, racing · 60 requests/min · $0.00 of $2.50 this month")
        await page.reload()
        presence = page.get_by_test_id("device-presence")
        await expect(presence).to_have_attribute("data-state", "online")
        await page.get_by_role("button", name="Last requests of Maze robot").click()
        await expect(page.get_by_test_id("device-requests")).to_contain_text("fake-model", timeout=15_000)
        for size, scheme in ((WIDE, "light"), (PHONE, "dark")):
            await page.set_viewport_size(size)
            await page.emulate_media(color_scheme=scheme)
            assert await person.axe() == []
            await person.assert_no_sideways_scroll()
        await page.get_by_role("button", name="Remove Maze robot").click()
        await page.get_by_role("button", name="Remove for good").click()
        await expect(row).to_have_count(0)
        assert await asyncio.to_thread(device.left.get, True, 10)
    assert person.problems == []
