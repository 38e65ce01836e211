"""The seed's LLMService: chat, stream, images, reasoning, retries, fallback models, configs from the database, objects."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.config import get_settings
from app.db.base import Base
from app.llm.accounting import Spent
from app.llm.errors import LLMError, ProviderProtocolError
from app.models.tables import Provider
from app.models.vault import Vault
from app.services.llm_service import LLMService, OllamaProvider, OpenAIProvider
from tests.fakes.upstream import FakeUpstream, Reply

HELLO: list[dict[str, Any]] = [{"role": "user", "content": "What is Python?"}]


class City(BaseModel):
    name: str
    people: int


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream(kind="openai", api_key="sk-secret") as server:
        yield server


@pytest.fixture
def config(upstream: FakeUpstream) -> dict[str, Any]:
    return {
        "provider": "openai",
        "endpoint": upstream.url,
        "api_key": "sk-secret",
        "model": "gpt-4",
        "temperature": 0,
        "max_tokens": 1000,
        "initial_retry_delay": 0.0,
    }


@pytest.fixture
async def service() -> AsyncIterator[LLMService]:
    service = LLMService()
    yield service
    await service.aclose()


async def test_a_chat_has_the_seeds_format(
    service: LLMService, config: dict[str, Any], upstream: FakeUpstream
) -> None:
    upstream.default = Reply(text="A language.", reasoning="Which one?")
    response = await service.chat(config, HELLO, seed=7)
    assert (response["text"], response["reasoning"]) == ("A language.", "Which one?")
    assert response["usage"]["total_tokens"] > 0
    assert response["response"]["choices"][0]["message"]["content"] == "A language."
    sent = upstream.requests[-1].body
    assert (sent["model"], sent["temperature"], sent["seed"]) == ("gpt-4", 0, 7)
    assert service.extract_answer_and_cot(response) == {"answer": "A language.", "cot": "Which one?"}
    assert service.extract_answer_and_cot({"text": "<think>Hm.</think>Yes."}) == {
        "answer": "Yes.",
        "cot": "Hm.",
    }


async def test_a_stream_yields_text_and_closes_when_left(
    service: LLMService, config: dict[str, Any], upstream: FakeUpstream
) -> None:
    upstream.default = Reply(text="one two three")
    assert "".join([piece async for piece in service.chat_stream(config, HELLO)]) == "one two three"
    upstream.default = Reply(chunks=["one ", "two"], stall_after=2)
    stream = service.chat_stream(config, HELLO)
    assert await anext(stream) == "one "
    await stream.aclose()
    await upstream.wait_until(lambda: bool(upstream.aborted), seconds=1)


async def test_images_go_as_data_urls(
    service: LLMService, config: dict[str, Any], upstream: FakeUpstream
) -> None:
    plain = base64.b64encode(b"pixels").decode()
    for data in (b"pixels", plain, f"data:image/png;base64,{plain}"):
        await service.vision_chat(config, prompt="What is it?", image_data=data, mime_type="image/png")
        [text, image] = upstream.requests[-1].body["messages"][0]["content"]
        assert (text["text"], image["image_url"]["url"]) == ("What is it?", f"data:image/png;base64,{plain}")


async def test_what_may_pass_is_tried_again_and_then_the_other_models(
    service: LLMService, config: dict[str, Any], upstream: FakeUpstream
) -> None:
    upstream.queue(Reply(status=503), Reply(status=500), Reply(text="at last"))
    assert (await service.chat(config, HELLO))["text"] == "at last"
    upstream.queue(*[Reply(status=500)] * 2, Reply(text="from another"))
    other = {**config, "max_retries": 1, "fallback_models": ["gpt-3.5-turbo"]}
    assert (await service.chat(other, HELLO))["text"] == "from another"
    assert upstream.requests[-1].body["model"] == "gpt-3.5-turbo"
    asked = len(upstream.requests)
    upstream.queue(Reply(status=400, error={"message": "no", "param": "messages"}))
    with pytest.raises(LLMError):
        await service.chat(config, HELLO)
    assert len(upstream.requests) == asked + 1
    upstream.queue(Reply(chunks=["half ", "an"], cut_after=2))
    with pytest.raises(LLMError):
        await service.chat(config, HELLO)
    assert len(upstream.requests) == asked + 2


async def test_an_object_is_checked_and_repaired_once(
    service: LLMService, config: dict[str, Any], upstream: FakeUpstream
) -> None:
    upstream.queue(Reply(text='{"name": "Oslo"}'), Reply(text='{"name": "Oslo", "people": 717710}'))
    city = await service.chat_structured(config, HELLO, City)
    assert (city.name, city.people) == ("Oslo", 717710)
    assert "people" in upstream.requests[-1].body["messages"][-1]["content"]
    assert upstream.requests[0].body["response_format"]["json_schema"]["name"] == "City"
    upstream.queue(Reply(text='Here it is:\n```json\n{"name": "Oslo", "people": 1}\n```'))
    assert (await service.chat_structured(config, HELLO, City)).people == 1
    upstream.default = Reply(text="never JSON")
    with pytest.raises(ProviderProtocolError):
        await service.chat_structured(config, HELLO, City)


async def test_a_config_comes_from_the_portals_database(
    upstream: FakeUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    settings = get_settings().model_copy(update={"encryption_key": type(get_settings().encryption_key)(key)})
    monkeypatch.setattr("app.services.llm_service.get_settings", lambda: settings)
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    Base.metadata.create_all(engine, tables=[Provider.metadata.tables["providers"]])
    with Session(engine) as session:
        now = datetime(2026, 11, 21, tzinfo=UTC)
        session.add(
            Provider(
                id="abc123",
                name="gpu",
                kind="openai",
                base_url=upstream.url,
                sealed_key=Vault(key).seal("sk-secret", "abc123"),
                allow_private_network=True,
                offer_all=False,
                is_enabled=True,
                models=[{"name": "big", "model": "qwen-72b"}],
                created_at=now,
                updated_at=now,
            )
        )
        session.commit()
        service = LLMService(db_session=session)
        response = await service.chat_with_config_id(model_config_id="abc123", messages=HELLO)
        assert response["text"] == "You said: What is Python?"
        assert upstream.requests[-1].body["model"] == "qwen-72b"
        with pytest.raises(KeyError):
            service.load_config_from_db("nobody")
        await service.aclose()
    with pytest.raises(ValueError, match="db_session"):
        LLMService().load_config_from_db("abc123")


async def test_providers_alone_and_configs_that_cannot_be(
    config: dict[str, Any], upstream: FakeUpstream, service: LLMService
) -> None:
    alone = OpenAIProvider({name: value for name, value in config.items() if name != "provider"})
    assert (await alone.chat(HELLO))["text"].startswith("You said")
    await alone.aclose()
    assert OllamaProvider({"model": "llama2"}).config["provider"] == "ollama"
    with pytest.raises(ValueError, match="nothing-like-it"):
        await service.chat({**config, "provider": "nothing-like-it"}, HELLO)
    with pytest.raises(ValueError, match="temprature"):
        await service.chat({**config, "temprature": 1}, HELLO)


async def test_who_keeps_accounts_is_told_of_every_request(
    upstream: FakeUpstream, config: dict[str, Any]
) -> None:
    told: list[Spent] = []
    service = LLMService(on_spent=told.append)
    answer = await service.chat(config, HELLO)
    upstream.default = Reply(text="a b c d e f g h", stall_after=4)
    stream = service.chat_stream(config, HELLO)
    assert [await anext(stream) for _ in range(3)]
    await stream.aclose()
    upstream.default = Reply(status=401)
    with pytest.raises(LLMError):
        await service.chat(config, HELLO)
    await service.aclose()
    whole, cut, refused = told
    assert whole.usage.prompt_tokens == answer["usage"]["prompt_tokens"] > 0
    assert (whole.door, whole.model, whole.target, whole.status) == ("python", "gpt-4", "openai", "done")
    assert (cut.status, cut.is_estimated) == ("cancelled", True)
    assert 3 <= cut.usage.completion_tokens < 8
    assert (refused.status, refused.usage.completion_tokens) == ("failed", 0) and refused.error_code
