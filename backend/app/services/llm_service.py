"""One interface to every provider for Python programs: chat, streams, images, reasoning apart, answers as objects.

Stands on the portal's own adapters (`app.llm.providers`), and needs no running portal. A `config` names the provider, the
model and how to ask it; see `ProviderConfig`.
"""

from __future__ import annotations

import asyncio
import base64
import random
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.config import get_settings
from app.kit.clock import SystemClock
from app.llm.accounting import OnSpent, spent_on, tell_nobody
from app.llm.answer import Answer
from app.llm.defaults import Defaults
from app.llm.errors import LLMError, ProviderProtocolError
from app.llm.events import EventEncoder
from app.llm.prompt_size import prompt_tokens_of
from app.llm.providers.base import Timeouts
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.providers.registry import KindName
from app.llm.reasoning import ThinkSplitter
from app.llm.timings import Stopwatch
from app.llm.turns import ChatRequest
from app.llm.types import Caller, ChatMessage, Chunk, CompletionRequest, Sampling
from app.models.tables import Provider
from app.models.vault import create_vault

Message = Mapping[str, Any]
_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)\n\s*```", re.DOTALL)
Structure = TypeVar("Structure", bound=BaseModel)

# provider → (kind of server, its usual address)
_PROVIDERS: dict[str, tuple[KindName | None, str]] = {
    "openai": ("openai", "https://api.openai.com/v1"),
    "anthropic": ("anthropic", "https://api.anthropic.com"),
    "ollama": ("ollama", "http://localhost:11434"),
    "openrouter": ("openrouter", "https://openrouter.ai/api/v1"),
    "gemini": ("gemini", ""),  # its OpenAI-compatible address is the config's `endpoint`
    "litellm": ("generic", "http://localhost:4000"),
    "llama.cpp": ("llama.cpp", "http://localhost:8080"),
    "vllm": ("vllm", "http://localhost:8000"),
    "localai": ("localai", "http://localhost:8080"),
    "lm-studio": ("lm-studio", "http://localhost:1234"),
    "generic": (None, ""),
}


class ProviderConfig(BaseModel):
    """Which model to ask, and how.

    Args:
        provider: openai, anthropic, ollama, openrouter, litellm (its proxy), gemini, llama.cpp, vllm, localai, lm-studio
            or generic.
        endpoint: the server's address; its usual one when empty.
        fallback_models: asked in turn when `model` fails before it has said anything.
        max_retries: further attempts after a failure that may pass; between them the delay grows from
            `initial_retry_delay` by `retry_multiplier` to `max_retry_delay` seconds, with full jitter.
    """

    model_config = ConfigDict(extra="forbid")

    provider: str = "openai"
    endpoint: str = ""
    api_key: str = Field("", repr=False)
    model: str = ""
    fallback_models: list[str] = []
    temperature: float = 0.7
    top_p: float = 0.9
    max_tokens: int = 8192
    top_k: int | None = None
    max_retries: int = Field(3, ge=0)
    initial_retry_delay: float = Field(1.0, ge=0)
    max_retry_delay: float = Field(60.0, ge=0)
    retry_multiplier: float = Field(2.0, ge=1)


class LLMService:
    """Asks models by configs. Adapters are kept between calls; `clear_cache` lets go of them.

    Args:
        db_session: a SQLAlchemy session on the portal's database, for `load_config_from_db`.
        on_spent: told of every request that ended: its model, tokens and times. In the portal's own process
            `runtime.meter.on_spent` writes it down with those of every other door.
    """

    def __init__(self, db_session: Any = None, on_spent: OnSpent = tell_nobody) -> None:
        self._db_session = db_session
        self._on_spent = on_spent
        self._defaults = Defaults(SystemClock())
        self._adapters: dict[tuple[int, str, str, str], OpenAICompatibleProvider] = {}

    async def chat(
        self, config: Mapping[str, Any], messages: Sequence[Message], **options: Any
    ) -> dict[str, Any]:
        """Return `{"text", "reasoning", "usage", "response"}`. `options` go to the server, as OpenAI names them.

        Raises LLMError, and ValueError for a config that cannot be.
        """
        parts = [part async for part in self._counted(_checked(config), messages, options)]
        text = "".join(part.content for part in parts)
        reasoning = "".join(part.reasoning for part in parts)
        usage = next((part.usage for part in reversed(parts) if part.usage is not None), None)
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if calls := _merged_calls(parts):
            message["tool_calls"] = calls
        finish = next((part.finish_reason for part in reversed(parts) if part.finish_reason), None)
        figures = usage.as_dict() if usage is not None else {}
        counted = {
            name: figures.get(name, 0) for name in ("prompt_tokens", "completion_tokens", "total_tokens")
        }
        return {
            "text": text,
            "reasoning": reasoning,
            "usage": counted,
            "response": {
                "model": next((part.model for part in parts if part.model), None),
                "choices": [{"index": 0, "message": message, "finish_reason": finish}],
                "usage": figures,
            },
        }

    async def chat_stream(
        self, config: Mapping[str, Any], messages: Sequence[Message], **options: Any
    ) -> AsyncGenerator[str]:
        """Yield the answer's text as it comes; reasoning is left out. Raises LLMError."""
        async with aclosing(self._counted(_checked(config), messages, options)) as chunks:
            async for chunk in chunks:
                if chunk.content:
                    yield chunk.content

    async def vision_chat(
        self,
        config: Mapping[str, Any],
        prompt: str,
        image_data: str | bytes,
        mime_type: str = "image/jpeg",
        **options: Any,
    ) -> dict[str, Any]:
        """Ask about an image: a data URL, base64, a web address, or the bytes themselves."""
        if isinstance(image_data, bytes):
            image_data = base64.b64encode(image_data).decode()
        is_address = image_data.startswith(("data:", "http://", "https://"))
        url = image_data if is_address else f"data:{mime_type};base64,{image_data}"
        content = [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": url}}]
        return await self.chat(config, [{"role": "user", "content": content}], **options)

    async def chat_structured(
        self, config: Mapping[str, Any], messages: Sequence[Message], model: type[Structure], **options: Any
    ) -> Structure:
        """Return the answer as an object of a Pydantic model; one that does not fit is sent back for repair, once.

        Raises ProviderProtocolError when the second one does not fit either.
        """
        schema = {"name": model.__name__, "schema": model.model_json_schema()}
        options = {"response_format": {"type": "json_schema", "json_schema": schema}, **options}
        answer = await self.chat(config, messages, **options)
        try:
            return model.model_validate_json(_json_in(answer["text"]))
        except ValidationError as error:
            problem = str(error)
        complaint = (
            f"This is not valid for the schema:\n{problem}\nAnswer again with the corrected JSON alone."
        )
        repair = [
            *messages,
            {"role": "assistant", "content": answer["text"]},
            {"role": "user", "content": complaint},
        ]
        answer = await self.chat(config, repair, **options)
        try:
            return model.model_validate_json(_json_in(answer["text"]))
        except ValidationError as error:
            raise ProviderProtocolError("The model's answer does not fit the schema, asked twice.") from error

    def extract_answer_and_cot(self, response: Mapping[str, Any]) -> dict[str, str]:
        """Return `{"answer", "cot"}` of a response of `chat`: thinking in `<think>` tags is told apart as well."""
        splitter = ThinkSplitter()
        fed, held = splitter.feed(response["text"]), splitter.flush()
        cot = [response.get("reasoning") or "", fed[1] + held[1]]
        return {
            "answer": (fed[0] + held[0]).strip(),
            "cot": "\n".join(part.strip() for part in cot if part.strip()),
        }

    def load_config_from_db(self, model_config_id: str) -> dict[str, Any]:
        """Return the config of a provider that an administrator has entered, with its first model.

        Raises ValueError without a session, KeyError for an unknown id, SealedSecretError.
        """
        if self._db_session is None:
            raise ValueError("give LLMService a db_session to read configs from")
        row: Provider | None = self._db_session.get(Provider, model_config_id)
        if row is None:
            raise KeyError(f"there is no provider of the id {model_config_id}")
        key = ""
        if row.sealed_key is not None:
            key = create_vault(get_settings()).open(row.sealed_key, row.id)
        first = row.models[0] if row.models else {}
        return {
            "provider": row.kind or "generic",
            "endpoint": row.base_url,
            "api_key": key,
            "model": first.get("model") or first.get("name", ""),
        }

    async def chat_with_config_id(
        self, model_config_id: str, messages: Sequence[Message], **options: Any
    ) -> dict[str, Any]:
        """`chat` with the config of `load_config_from_db`."""
        return await self.chat(self.load_config_from_db(model_config_id), messages, **options)

    def clear_cache(self) -> None:
        """Forget the adapters; their idle connections close with their loop, or by `aclose`."""
        self._adapters.clear()

    async def aclose(self) -> None:
        """Close the connections of this loop's adapters, and forget them."""
        here = id(asyncio.get_running_loop())
        for key in [key for key in self._adapters if key[0] == here]:
            await self._adapters.pop(key).close()

    async def _counted(
        self, config: ProviderConfig, messages: Sequence[Message], options: dict[str, Any]
    ) -> AsyncGenerator[Chunk]:
        """Yield an answer's chunks, and tell what it came to, however it ends."""
        answer = Answer(EventEncoder(), lambda event: None, Stopwatch(SystemClock()))
        failure: BaseException | None = None
        try:
            async with aclosing(self._attempts(config, messages, options)) as chunks:
                async for chunk in chunks:
                    answer.take(chunk)
                    yield chunk
        except BaseException as error:
            failure = error
            raise
        finally:
            outcome = answer.outcome(config.model)
            outcome.ledger.prompt_tokens_counted = prompt_tokens_of(messages)
            if failure is not None:
                outcome.status = "failed" if isinstance(failure, Exception) else "cancelled"
                outcome.error_code = getattr(failure, "code", None)
            request = ChatRequest(Caller(0), (), config.model, door="python")
            self._on_spent(replace(spent_on(request, outcome, None, "chat"), target=config.provider))

    async def _attempts(
        self, config: ProviderConfig, messages: Sequence[Message], options: dict[str, Any]
    ) -> AsyncGenerator[Chunk]:
        """Yield an answer's chunks; before the first one failures are tried again, then the other models."""
        adapter = self._adapter(config)
        models = [config.model, *config.fallback_models]
        for position, model in enumerate(models):
            delay = config.initial_retry_delay
            for attempt in range(config.max_retries + 1):
                has_begun = False
                try:
                    request = _request(config, model, messages, options)
                    server = f"{config.provider} {config.endpoint} {model}"
                    stream = self._defaults.stream(server, request, adapter.stream)
                    async with aclosing(stream) as chunks:
                        async for chunk in chunks:
                            has_begun = has_begun or bool(
                                chunk.content or chunk.reasoning or chunk.tool_calls
                            )
                            yield chunk
                    return
                except LLMError as error:
                    is_last = attempt == config.max_retries or not error.is_retryable
                    if has_begun or (is_last and position == len(models) - 1):
                        raise
                    if is_last:
                        break
                    wait = error.retry_after_seconds or random.uniform(0, delay)
                    await asyncio.sleep(min(wait, config.max_retry_delay))
                    delay = min(delay * config.retry_multiplier, config.max_retry_delay)

    def _adapter(self, config: ProviderConfig) -> OpenAICompatibleProvider:
        kind, usual = _PROVIDERS[config.provider]
        endpoint = config.endpoint or usual
        key = (id(asyncio.get_running_loop()), config.provider, endpoint, config.api_key)
        if key not in self._adapters:
            self._adapters[key] = OpenAICompatibleProvider(
                config.provider, endpoint, config.api_key, kind=kind, timeouts=Timeouts()
            )
        return self._adapters[key]


class BaseLLMProvider:
    """One provider by one config; `LLMService` is the better choice where there are several."""

    provider: Literal["openai", "ollama", "openrouter", "litellm", "gemini"]

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = {**config, "provider": self.provider}
        self._service = LLMService()

    async def chat(self, messages: Sequence[Message], **options: Any) -> dict[str, Any]:
        """See `LLMService.chat`."""
        return await self._service.chat(self.config, messages, **options)

    def chat_stream(self, messages: Sequence[Message], **options: Any) -> AsyncGenerator[str]:
        """See `LLMService.chat_stream`."""
        return self._service.chat_stream(self.config, messages, **options)

    async def aclose(self) -> None:
        """Close its connections."""
        await self._service.aclose()


class OpenAIProvider(BaseLLMProvider):
    provider = "openai"


class OllamaProvider(BaseLLMProvider):
    provider = "ollama"


class OpenRouterProvider(BaseLLMProvider):
    provider = "openrouter"


class LiteLLMProvider(BaseLLMProvider):
    provider = "litellm"


class GeminiProvider(BaseLLMProvider):
    provider = "gemini"


def _json_in(text: str) -> str:
    """Return the JSON of an answer: models whose server knows no schemas like to put it into a fenced block."""
    fenced = _FENCED.search(text)
    return fenced[1] if fenced is not None else text


def _checked(config: Mapping[str, Any]) -> ProviderConfig:
    checked = ProviderConfig.model_validate(dict(config))
    if checked.provider not in _PROVIDERS:
        raise ValueError(f"provider: {checked.provider!r} is not one of {', '.join(_PROVIDERS)}")
    if not (checked.endpoint or _PROVIDERS[checked.provider][1]):
        raise ValueError("endpoint: this provider has no usual address; give one")
    return checked


def _request(
    config: ProviderConfig, model: str, messages: Sequence[Message], options: dict[str, Any]
) -> CompletionRequest:
    given: dict[str, Any] = {
        "temperature": config.temperature,
        "top_p": config.top_p,
        "max_tokens": config.max_tokens,
        **options,
    }
    known = ("temperature", "top_p", "max_tokens", "response_format", "tools", "tool_choice")
    sampling = {name: given.pop(name) for name in known if name in given}
    sampling["filled"] = tuple(
        name for name in ("temperature", "top_p") if name not in config.model_fields_set | options.keys()
    )
    extra = {**({"top_k": config.top_k} if config.top_k is not None else {}), **given}
    spoken = tuple(ChatMessage(**message) for message in messages)
    return CompletionRequest(model, spoken, Sampling(**sampling, extra=extra), skip_thinking=False)


def _merged_calls(parts: Sequence[Chunk]) -> list[dict[str, Any]]:
    """Put the pieces of streamed tool calls together."""
    calls: dict[int, dict[str, Any]] = {}
    for piece in (piece for part in parts for piece in part.tool_calls or []):
        call = calls.setdefault(
            piece.get("index", 0), {"type": "function", "function": {"name": "", "arguments": ""}}
        )
        call["id"] = piece.get("id") or call.get("id", "")
        function = piece.get("function") or {}
        call["function"]["name"] += function.get("name") or ""
        call["function"]["arguments"] += function.get("arguments") or ""
    return [orjson.loads(orjson.dumps(calls[index])) for index in sorted(calls)]
