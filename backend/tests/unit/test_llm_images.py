"""Images in prompts: only what is sent is loaded, and only when it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.llm.images import image_ids, image_part, with_images
from app.llm.turns import HistoryTurn, StoredMessage, TurnContext
from app.llm.types import Caller, ChatMessage, EngineSettings
from tests.fakes.engine import Engine, ask, run_engine
from tests.fakes.store import FakeStore
from tests.fakes.upstream import Reply


class PictureStore(FakeStore):
    """A question "look at a" has the image `a`."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[list[str]] = []

    async def load_context(self, turn_id: str, *, gives_way: bool = False) -> TurnContext:
        context = await super().load_context(turn_id, gives_way=gives_way)
        history = tuple(
            HistoryTurn(
                tuple(_with_picture(one) for one in turn.messages), turn.prefix_tokens, turn.prefix_key
            )
            for turn in context.history
        )
        return replace(context, history=history, new_message=_with_picture(context.new_message))

    async def load_images(self, caller: Caller, image_ids: Sequence[str]) -> dict[str, str]:
        self.loaded.append(list(image_ids))
        return {image_id: f"data:image/png;base64,{image_id}" for image_id in image_ids if image_id != "gone"}


def _with_picture(stored: StoredMessage) -> StoredMessage:
    text = stored.message.content
    if stored.message.role != "user" or not isinstance(text, str) or not text.startswith("look at "):
        return stored
    parts = [{"type": "text", "text": text}, image_part(text.removeprefix("look at "))]
    return replace(stored, message=ChatMessage("user", parts))


def _see(engine: Engine, can_see: bool = True) -> None:
    engine.routes.target = replace(engine.routes.target, can_see=can_see)


def _contents(engine: Engine, number: int = -1) -> list[Any]:
    return [message["content"] for message in engine.upstream.requests[number].body["messages"]]


def _url(image_id: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image_id}"}}


async def test_what_is_sent_has_the_bytes_and_a_lost_image_leaves_a_note() -> None:
    async with run_engine(store=PictureStore()) as engine:
        _see(engine)
        await engine.say("look at a")
        await engine.say("look at gone")
        assert _contents(engine)[0][1] == _url("a")
        assert _contents(engine)[2][1] == {"type": "text", "text": "[There was an image here.]"}


async def test_images_of_dropped_turns_are_not_loaded() -> None:
    store = PictureStore()
    async with run_engine(EngineSettings(max_history_tokens=2500, max_tokens=64), store=store) as engine:
        _see(engine)
        engine.upstream.default = Reply(
            text="I see.", has_usage=False
        )  # so that the estimate of 800 tokens stands
        for name in "abcd":
            result = await engine.say(f"look at {name}")
        assert result.outcome.ledger.messages_dropped
        assert store.loaded[:2] == [["a"], ["a", "b"]]
        assert "a" not in store.loaded[-1] and store.loaded[-1][-1] == "d"


async def test_an_image_is_loaded_when_the_turn_leaves_the_queue_and_not_before() -> None:
    store = PictureStore()
    async with run_engine(EngineSettings(max_concurrency=1), store=store) as engine:
        _see(engine)
        engine.upstream.queue(Reply(stall_before_first=True))
        first = await engine.sessions.start_turn(ask("hold on", "s1"))
        await engine.upstream.wait_until(lambda: engine.upstream.active == 1)
        second = await engine.sessions.start_turn(ask("look at a", "s2"))
        async for event in engine.sessions.events(second.turn_id):
            if b'"queued"' in event.data:
                break
        assert store.loaded == []
        await engine.sessions.cancel(first.turn_id)
        await asyncio.wait_for(engine.sessions.wait(second.turn_id), 5)
        assert store.loaded == [["a"]]


async def test_a_model_that_cannot_see_is_told_that_there_was_something() -> None:
    store = PictureStore()
    async with run_engine(store=store) as engine:
        await engine.say("look at a")
        await engine.say("and now?")
        note = {"type": "text", "text": "[There is an image here, which this model cannot see.]"}
        assert _contents(engine)[0] == [{"type": "text", "text": "look at a"}, note]
        assert store.loaded == []


async def test_a_guessed_length_does_not_spoil_what_is_learnt_of_messages() -> None:
    """The fake's images have 100 tokens, the guess is 800; the next text's count is still exact."""
    async with run_engine(store=PictureStore()) as engine:
        _see(engine)
        for number in range(4):
            await engine.say(f"plain words, number {number}")
        await engine.say("look at a")
        result = await engine.say("plain words again")
        ledger = result.outcome.ledger
        assert ledger.prompt_tokens_counted == ledger.prompt_tokens_reported


def test_parts_of_others_are_left_alone() -> None:
    parts = [
        {"type": "text", "text": "attachment:a"},
        {"type": "image_url", "image_url": {"url": "data:x"}},
        {},
    ]
    message = ChatMessage("user", parts)
    assert image_ids([message, ChatMessage("user", "attachment:b")]) == []
    assert with_images([message], {})[0] is message
