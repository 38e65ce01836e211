"""The settings' temperature and top_p, which nobody asked for: models that refuse them answer all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.llm.defaults import REMEMBERED_SECONDS, Defaults
from app.llm.errors import ProviderRejectedError
from app.llm.prompt import filled_sampling
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.turns import ChatRequest
from app.llm.types import ChatMessage, CompletionRequest, EngineSettings, Sampling
from app.services.llm_service import LLMService
from tests.fakes.engine import ALICE, Engine, run_engine
from tests.fakes.upstream import FakeUpstream, Recorded, Reply

HELLO = ChatMessage("user", "Hello!")
OF_TEMPERATURE: dict[str, Any] = {
    "message": "Unsupported value: 'temperature' does not support 0.6 with this model.",
    "type": "invalid_request_error",
    "param": "temperature",
    "code": "unsupported_value",
}
OF_BOTH: dict[str, Any] = {"type": "invalid_request_error", "message": "temperature and top_p: choose one."}


def thinks(request: Recorded) -> Reply:
    """Take no temperature, as OpenAI's models that think."""
    return Reply(status=400, error=OF_TEMPERATURE) if "temperature" in request.body else Reply(text="Well.")


def chooses(request: Recorded) -> Reply:
    """Take temperature or top_p, as Anthropic's models."""
    is_both = {"temperature", "top_p"} <= request.body.keys()
    return Reply(status=400, error=OF_BOTH) if is_both else Reply(text="Well.")


def chat(**sampling: Any) -> ChatRequest:
    return ChatRequest(ALICE, (HELLO,), sampling=Sampling(**sampling))


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with run_engine() as running:
        yield running


@pytest.mark.parametrize("model", [thinks, chooses])
async def test_who_refuses_the_defaults_is_asked_without_them(engine: Engine, model: Any) -> None:
    engine.upstream.respond = model
    assert (await engine.sessions.complete(chat())).content == "Well."
    first, second = (request.body for request in engine.upstream.requests)
    assert {"temperature", "top_p", "max_tokens"} <= first.keys()
    assert not {"temperature", "top_p"} & second.keys() and second["max_tokens"] == first["max_tokens"]
    said = await engine.say("Hello!")
    assert said.outcome.content == "Well." and len(engine.upstream.requests) == 3  # known by now


async def test_what_the_caller_asked_for_is_never_left_out(engine: Engine) -> None:
    engine.upstream.respond = chooses
    assert (await engine.sessions.complete(chat(temperature=0))).content == "Well."
    assert engine.upstream.requests[-1].body["temperature"] == 0
    engine.upstream.respond = thinks
    with pytest.raises(ProviderRejectedError) as caught:
        await engine.sessions.complete(chat(temperature=0, top_p=1))
    assert caught.value.details == {"param": "temperature"} and "does not support" in caught.value.message
    assert len(engine.upstream.requests) == 3


@pytest.mark.parametrize(
    "reply", [Reply(status=400, error={"message": "no", "param": "messages"}), Reply(status=500)]
)
async def test_other_refusals_are_told_at_once(reply: Reply) -> None:
    async with run_engine(EngineSettings(max_retries=0)) as engine:
        engine.upstream.default = reply
        said = await engine.say("Hello!")
        assert said.error is not None and len(engine.upstream.requests) == 1


class Clock:
    """Stands until it is turned."""

    instant = 0.0

    def monotonic(self) -> float:
        return self.instant


async def test_they_are_tried_again_after_a_while() -> None:
    clock = Clock()
    defaults = Defaults(clock)  # type: ignore[arg-type]
    request = CompletionRequest("m", (HELLO,), filled_sampling(Sampling(), EngineSettings()))
    async with FakeUpstream() as upstream:
        upstream.respond = chooses
        provider = OpenAICompatibleProvider("main", upstream.url, kind="openai")
        asked = []
        for instant in (0.0, REMEMBERED_SECONDS - 1, REMEMBERED_SECONDS + 1):
            clock.instant = instant
            _ = [chunk async for chunk in defaults.stream("main", request, provider.stream)]
            asked.append(len(upstream.requests))
        await provider.close()
    assert asked == [2, 3, 5]


async def test_the_python_service_goes_the_same_way() -> None:
    async with FakeUpstream(kind="openai") as upstream:
        upstream.respond = chooses
        service = LLMService()
        config = {"provider": "openai", "endpoint": upstream.url, "model": "m"}
        for _ in range(2):
            assert (await service.chat(config, [HELLO.to_wire()]))["text"] == "Well."
        assert len(upstream.requests) == 3
        with pytest.raises(ProviderRejectedError):
            await service.chat({**config, "temperature": 0.2}, [HELLO.to_wire()], top_p=0.5)
        assert len(upstream.requests) == 4
        await service.aclose()
