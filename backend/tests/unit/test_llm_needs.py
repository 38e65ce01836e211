"""Who answers: by what a request needs, together with its conversation, and elsewhere when that server is full."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from app.kit.answer_headers import answer_headers_var
from app.kit.clock import SystemClock
from app.llm.needs import Needs, needs_of
from app.llm.providers.base import Timeouts
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.routing import Target, Weighed, compile_order, spilled
from app.llm.types import Caller
from app.models.auto import choose
from app.models.definitions import Definitions
from app.models.pool import ProviderPool
from app.models.routes import ModelRoutes
from app.models.targets import OfferedModel, TargetTable

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
MODELS = {
    "small": OfferedModel("small", "small", 4096),
    "eyes": OfferedModel("eyes", "eyes", 8192, can_see=True),
    "coder": OfferedModel("coder", "coder", 32_000),
    "vectors": OfferedModel("vectors", "vectors", None),
}
ABLE = {
    "small": ["chat"],
    "eyes": ["chat", "vision"],
    "coder": ["chat", "code", "tools", "json"],
    "vectors": ["embeddings"],
}


def asked(content: Any, **more: Any) -> Needs:
    return needs_of({"messages": [{"role": "user", "content": content}], **more})


@pytest.mark.parametrize(
    ("needs", "chosen", "why"),
    [
        (asked("Hello!"), "small", "default"),
        (asked([{"type": "text", "text": "What is it?"}, IMAGE]), "eyes", "vision"),
        (asked("Hello!", tools=[{"type": "function"}]), "coder", "tools"),
        (asked("Hello!", response_format={"type": "json_object"}), "coder", "json"),
        (asked("Why?\n```py\nx = 1\n```"), "coder", "code"),
        (asked("word " * 5000), "eyes", "context"),
        (asked("word " * 20_000), "coder", "context"),
        (asked([IMAGE], tools=[{"type": "function"}]), "eyes", "vision"),
        (needs_of({"input": ["a text"]}), "vectors", "embeddings"),
        (needs_of({"prompt": "a text"}), "small", "default"),
    ],
)
def test_auto_picks_what_the_request_needs_and_says_why(needs: Needs, chosen: str, why: str) -> None:
    model, reason = choose([*MODELS.values()], MODELS["small"], needs, lambda one: ABLE[one.alias])
    assert (model.alias, reason) == (chosen, why)


def test_only_what_the_caller_may_use_is_picked() -> None:
    model, _ = choose([MODELS["small"]], MODELS["small"], asked([IMAGE]), lambda one: ABLE[one.alias])
    assert model.alias == "small"


def target(name: str, **more: Any) -> Target:
    return Target(name, OpenAICompatibleProvider("away"), "m", "m", **more)


def test_a_conversation_stays_with_its_server_and_conversations_are_spread_by_weight() -> None:
    weighed = [Weighed(target("a"), weight=3), Weighed(target("b"), weight=1)]
    first = Counter(compile_order(weighed, affinity=f"conversation {n}")[0].name for n in range(2000))
    assert first["a"] / 2000 == pytest.approx(0.75, abs=0.05)
    again = {compile_order(weighed, affinity="conversation 7")[0].name for _ in range(20)}
    assert len(again) == 1
    # when another server joins, only those that go to it move
    wider = [*weighed, Weighed(target("c"), weight=1)]
    for n in range(200):
        before, after = (compile_order(one, affinity=f"conversation {n}")[0].name for one in (weighed, wider))
        assert after in (before, "c")


def test_the_same_conversation_has_the_same_affinity_as_it_grows() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One."},
    ]
    longer = [*messages, {"role": "assistant", "content": "1"}, {"role": "user", "content": "Two."}]
    other = [messages[0], {"role": "user", "content": "Else."}]
    heads = [needs_of({"messages": one}).affinity for one in (messages, longer, other)]
    assert heads[0] == heads[1] != heads[2]


def test_a_full_server_spills_over_to_its_equals_alone() -> None:
    weighed = [Weighed(target("a")), Weighed(target("b")), Weighed(target("dear"), priority=1)]
    order = compile_order(weighed, affinity="x")
    names = [one.name for one in order]
    assert names[2] == "dear"
    assert [one.name for one in spilled(order, lambda name: name == names[0])] == [names[1], names[0], "dear"]
    everything = spilled(order, lambda name: name != "dear")
    assert [one.name for one in everything] == names


async def test_targets_that_cannot_take_a_request_come_last_and_auto_is_told_in_a_header() -> None:
    pool = ProviderPool(Timeouts(), SystemClock())
    provider = {"kind": "vllm", "base_url": "http://127.0.0.1:9"}
    definitions = Definitions.model_validate(
        {
            "providers": {"one": provider, "two": provider},
            "models": {
                "chat": {"targets": [{"provider": "one"}, {"provider": "two", "priority": 1}]},
                "eyes": {"capabilities": ["chat", "vision"], "targets": [{"provider": "two"}]},
            },
        }
    )
    pool.apply(definitions.providers)
    routes = ModelRoutes(TargetTable(OpenAICompatibleProvider("away"), "configured"), pool, "chat")
    routes.define(definitions.models)
    headers: dict[str, str] = {}
    token = answer_headers_var.set(headers)
    try:
        [found] = routes.candidates(None, Caller(1), lambda: asked([IMAGE]))
        plain = routes.candidates(None, Caller(1), lambda: asked("Hello!"))
    finally:
        answer_headers_var.reset(token)
        await pool.close()
    assert found.name == "two/eyes" and [one.name for one in plain] == ["one/chat", "two/chat"]
    assert headers == {"x-portal-route": "chat; default"}
