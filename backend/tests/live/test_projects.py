"""Projects as games meet them: edited while they play, in every bridge at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.upstream import Reply
from tests.fixtures.games import Games, games
from tests.fixtures.mosquitto import Device, wait_for

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Games]:
    """A portal at a broker that is open to everybody."""
    with games(tmp_path_factory.mktemp("projects"), _sqlite_template) as made:
        made.add_portal()
        yield made


@pytest.fixture(scope="module")
def admin(place: Games) -> str:
    return place.portal.admin()


def _save(place: Games, admin: str, name: str, **wish: Any) -> None:
    with place.portal.client(admin) as client:
        client.put(f"/api/projects/{name}", json=wish).raise_for_status()


def test_a_project_is_made_changed_and_removed_while_games_play(place: Games, admin: str) -> None:
    assert place.broker is not None
    key = place.key()
    schema = {"type": "object", "properties": {"roar": {"type": "string"}}}
    ask = {"sessionId": "d1", "token": key}
    _save(place, admin, "dragon", system_prompt="You are a dragon.", answer_schema=schema, max_tokens=33)
    with Device(place.broker.port, "dragon/assistant_response/#", "dragon/status") as game:
        assert game.next().payload == b"online"
        place.model.queue(Reply(text='{"roar": "loud"}'))
        game.send("dragon/user_input", {**ask, "message": "Hello"})
        assert game.next().payload == b'{"roar": "loud"}'
        body = place.model.requests[-1].body
        assert body["messages"][0] == {"role": "system", "content": "You are a dragon."}
        assert (body["max_tokens"], body["response_format"]["json_schema"]["schema"]) == (33, schema)

        _save(place, admin, "dragon", system_prompt="You are a kind dragon.")
        game.send("dragon/user_input", {**ask, "message": "Again"})
        assert game.next().payload == b"You said: Again"
        body = place.model.requests[-1].body
        assert body["messages"][0] == {"role": "system", "content": "You are a kind dragon."}
        assert "response_format" not in body

        game.send("dragon/template/d1", {"token": key, "content": "You are a sad dragon."})
        assert game.next().payload == b"OK"
        _save(place, admin, "dragon", system_prompt="You are a proud dragon.")
        game.send("dragon/user_input", {**ask, "message": "Still"})
        game.next()
        assert place.model.requests[-1].body["messages"][0]["content"] == "You are a sad dragon."

        asked = len(place.model.requests)
        with place.portal.client(admin) as client:
            client.delete("/api/projects/dragon").raise_for_status()
        assert game.next().payload == b"offline"
        game.send("dragon/user_input", {**ask, "message": "Anybody?"})
        game.send("general/user_input", {**ask, "sessionId": "g1", "message": "last"})
        wait_for(lambda: len(place.model.requests) > asked)
        assert place.model.requests[-1].body["messages"][-1]["content"] == "last"


def test_a_projects_deadline_ends_what_takes_too_long(place: Games, admin: str) -> None:
    assert place.broker is not None
    _save(place, admin, "racing", deadline_seconds=0.3)
    with Device(place.broker.port, "racing/assistant_response/#") as game:
        place.model.queue(Reply(stall_before_first=True))
        game.send("racing/user_input", {"sessionId": "r1", "token": place.key(), "message": "Box?"})
        assert game.next().payload.startswith(b"Error: The request's deadline has passed.")
