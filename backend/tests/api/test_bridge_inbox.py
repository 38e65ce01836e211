"""The bridge's inbox, shared by two bridges: of a game's states the newest counts, and who spoke in a session is known."""

from __future__ import annotations

from typing import Any

import pytest

from app.bridge.inbox import Inbox, NewRequest
from app.bridge.lines import Lines
from app.bridge.replies import ReplyTo
from app.db.session import Database
from app.users.tables import User
from tests.api.auth_portal import ManualClock


@pytest.fixture
async def user_id(database: Database) -> int:
    async with database.transaction() as session:
        user = User(
            email="player@example.org", password_hash="-", role="user", created_at=ManualClock().now()
        )
        session.add(user)
        await session.flush()
        return user.id


def _state(user_id: int, number: int, came_at: float, **other: Any) -> NewRequest:
    given: dict[str, Any] = {
        "user_id": user_id,
        "key_id": "k",
        "client": "maze",
        "request": f"s{number}",
        "payload_hash": "h",
        "ask": {"op": "session", "body": {"session_id": "s1"}},
        "reply": ReplyTo("maze/hint/s1", "hint").as_json(),
        "deadline_seconds": None,
        "came_at": came_at,
        "is_state": True,
    }
    return NewRequest(**{**given, **other})


async def test_a_state_that_came_first_is_not_answered_after_a_later_one(
    database: Database, user_id: int
) -> None:
    clock = ManualClock()
    one, other, lines = (
        Inbox(database, "a", "1", clock),
        Inbox(database, "b", "2", clock),
        Lines(database),
    )
    now = clock.monotonic()
    newer, _ = await one.claim(_state(user_id, 2, now))
    older, _ = await other.claim(_state(user_id, 1, now - 5))  # it waited for a bridge that is gone
    elsewhere, _ = await other.claim(
        _state(user_id, 3, now - 9, ask={"op": "session", "body": {"session_id": "s2"}})
    )
    question, _ = await other.claim(_state(user_id, 4, now + 1, is_state=False))
    superseded = [await lines.is_superseded(row, clock.now()) for row in (newer, older, elsewhere)]
    assert superseded == [False, True, False]
    assert await one.answer(newer, {"text": "new"})
    assert not await other.answer(older, {"text": "old"})
    assert await other.answer(elsewhere, {"text": "other session"})
    assert await other.answer(question, {"text": "no state"})
    await one.close()
    await other.close()


async def test_states_go_on_after_the_clock_was_put_back(database: Database, user_id: int) -> None:
    clock = ManualClock()
    inbox, lines = Inbox(database, "a", "1", clock), Lines(database)
    ahead, _ = await inbox.claim(_state(user_id, 1, clock.monotonic() + 3600))
    assert await inbox.answer(ahead, {"text": "while the clock was wrong"})
    row, _ = await inbox.claim(_state(user_id, 2, clock.monotonic()))
    assert not await lines.is_superseded(row, clock.now())
    assert await inbox.answer(row, {"text": "now"})
    await inbox.close()


async def test_who_spoke_in_a_session_is_known_to_every_bridge(database: Database, user_id: int) -> None:
    clock = ManualClock()
    inbox = Inbox(database, "a", "1", clock)
    now = clock.monotonic()
    for number, client in enumerate(["robot", "maze", "robot"]):
        reply = ReplyTo(f"pp/v1/{client}/res/{number}").as_json()
        asked = _state(user_id, number, now + number, client=client, reply=reply, is_state=False)
        await inbox.claim(asked)
    await inbox.close()
    lines = Lines(database)
    found = await lines.speakers_of(user_id, "s1", 8)
    assert [(row.client, row.reply["topic"]) for row in found] == [
        ("maze", "pp/v1/maze/res/1"),
        ("robot", "pp/v1/robot/res/2"),
    ]
    assert [row.client for row in await lines.speakers_of(user_id, "s1", 1)] == ["robot"]
    assert not await lines.speakers_of(user_id + 1, "s1", 8)
