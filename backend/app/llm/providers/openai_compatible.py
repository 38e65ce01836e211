"""The adapter to any server that speaks OpenAI's chat completions: llama.cpp, vLLM, Ollama, and generic ones.

Works on the raw stream, not through an SDK: building objects for every chunk costs more than all the rest.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha1
from typing import Any
from urllib.parse import urlsplit

from app.llm.errors import (
    LLMError,
    ProviderAuthenticationError,
    ProviderProtocolError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnreachableError,
    UnknownModelError,
)
from app.llm.needs import has_images
from app.llm.providers.additions import Additions
from app.llm.providers.base import Health, Timeouts
from app.llm.providers.first_content import BLANKS, FirstContent, check_whole
from app.llm.providers.registry import GENERIC, KINDS, PROBED, KindName, OwnRoute, ServerKind
from app.llm.providers.stream_reader import StreamReader
from app.llm.providers.transport import Answer, Endpoint, Transport
from app.llm.providers.wire import renamed, request_body, without_thinking
from app.llm.types import Chunk, CompletionRequest

_PROBE_SECONDS = 3.0
_ASK_SECONDS = 15.0
_CHAT = "/v1/chat/completions"
_TOKENIZE_SECONDS = 2.0
_TOKENIZE_PAUSE_SECONDS = 30.0
_TOKEN_CACHE_ENTRIES = 8192
_MAX_BYTES = 128 * 1024 * 1024
_NO_IMAGES = "This model takes no images. Choose one that does, or send the message without them."


class OpenAICompatibleProvider:
    """One server. The address may change while it lives: the embedded server restarts on another port.

    Args:
        name: names the target in errors and ledgers.
        base_url: with or without `/v1`; empty means "not there yet" and answers ProviderUnreachableError.
        kind: the kind of server; None asks the server on first use.
        is_private_allowed: whether connections may go to private addresses; None checks none of them.
        skip_thinking: switch thinking off in chats that are relayed, unless they speak of it themselves.
        own_routes: what the server has besides chat completions; None goes by its kind.
    """

    def __init__(
        self,
        name: str,
        base_url: str = "",
        api_key: str = "",
        *,
        kind: KindName | None = None,
        timeouts: Timeouts | None = None,
        is_private_allowed: bool | None = None,
        skip_thinking: bool = False,
        own_routes: Iterable[OwnRoute] | None = None,
    ) -> None:
        self.name = name
        self._own_routes = None if own_routes is None else frozenset(own_routes)
        self._skip_thinking = skip_thinking
        self._timeouts = timeouts or Timeouts()
        self._transport = Transport(name, self._timeouts, is_private_allowed)
        self._endpoint = Endpoint.of(base_url, api_key) if base_url else None
        self._fixed_kind = KINDS[kind] if kind is not None else None
        self._kind = self._fixed_kind
        self._is_blind = False
        self._additions = Additions()
        self._detecting = asyncio.Lock()
        self._token_counts: OrderedDict[tuple[str, bytes], int] = OrderedDict()
        self._tokenize_again_at = 0.0

    def set_endpoint(self, base_url: str | None, api_key: str = "") -> None:
        """Point at another address; None says that the server is away. Running streams end as their sockets do."""
        self._endpoint = Endpoint.of(base_url, api_key) if base_url else None
        self._kind = self._fixed_kind
        self._additions = Additions()

    @property
    def kind_name(self) -> KindName | None:
        """The kind of server, once known."""
        return self._kind.name if self._kind is not None else None

    def has_own(self, route: OwnRoute) -> bool:
        """Whether the server is asked on this route of its own; not as long as its kind is not known."""
        if self._own_routes is not None:
            return route in self._own_routes
        return self._kind is not None and route in self._kind.own_routes

    async def ask_own(self, method: str, path: str) -> Any:
        """Send a short request without a body, as of a response that is stored there, and return its JSON.

        Raises LLMError.
        """
        endpoint = self._required_endpoint()
        kind = await self._known_kind(endpoint)
        return await self._transport.ask(
            _keyed(endpoint, kind), method, kind.path(path), seconds=_ASK_SECONDS
        )

    async def close(self) -> None:
        await self._transport.close()

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[Chunk]:
        """Yield the answer's chunks; closing the iterator closes the connection, which stops the server's work."""
        endpoint = self._required_endpoint()
        kind = await self._known_kind(endpoint)
        started = asyncio.get_running_loop().time()
        ask = partial(
            self._transport.open_stream, endpoint, kind.path(_CHAT), closes_after=kind.closes_after_stream
        )
        body = request_body(request, kind)
        response = await self._additions.opened(kind, body, request.sampling.extra, ask)
        reader = StreamReader(self.name, response, self._timeouts, started, endpoint.secrets)
        try:
            while (chunks := await reader.next_chunks()) is not None:
                for chunk in chunks:
                    yield chunk
        finally:
            reader.close()

    async def relay(
        self,
        path: str,
        body: dict[str, Any],
        *,
        is_stream: bool,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[bytes]:
        """Yield the answer's bytes as the server sends them; closing the iterator closes the connection.

        The first ones come when the answer says something (a whole answer, when it is complete): what fails before can
        be asked of another target, and nothing is said twice.
        """
        endpoint = self._required_endpoint()
        kind = await self._known_kind(endpoint)
        came = body
        if path == _CHAT:
            body = _adapted(body, kind, is_thinking_skipped=self._skip_thinking)
        else:
            endpoint = _keyed(endpoint, kind, headers)
        ask = partial(
            self._transport.open_relay,
            endpoint,
            kind.path(path),
            closes_after=is_stream and kind.closes_after_stream,
            is_stream=is_stream,
        )
        try:
            response = await self._additions.opened(kind, body, came, ask)
        except LLMError as error:
            if error.status == 500 and self._is_blind and has_images(body.get("messages")):
                raise ProviderRejectedError(_NO_IMAGES, provider=self.name, status=500) from error
            raise
        try:
            yield await self._beginning(response, endpoint, is_stream=is_stream)
            while piece := await self._transport.next_piece(response):
                yield piece
        finally:
            response.close()

    async def _beginning(self, response: Answer, endpoint: Endpoint, *, is_stream: bool) -> bytes:
        """Return the bytes up to the first content, or of a whole answer. Raises LLMError."""
        next_piece, held = self._transport.next_piece, b""
        patience = _Patience(self.name, self._timeouts)
        if not is_stream or response.content_type == "application/json":
            parts = []
            while piece := await next_piece(response):
                parts.append(piece)
                patience.check(len(piece))
            if held := b"".join(parts).lstrip(BLANKS):
                check_whole(self.name, held, endpoint.secrets)
                return held
        content = FirstContent(self.name, endpoint.secrets)
        while piece := await next_piece(response, has_begun=False):
            held += piece
            if content.is_in(piece):
                return held
            patience.check(len(piece), content.events)
        if held and content.is_left():
            return held
        raise ProviderUnreachableError(
            "The model server ended its answer before it said anything.",
            provider=self.name,
            is_retryable=True,
        )

    async def count_tokens(self, text: str, model: str) -> int | None:
        """Count by the server's `/tokenize`; None where it has none or does not answer (then not asked for a while)."""
        key = (model, sha1(text.encode(), usedforsecurity=False).digest())
        cached = self._token_counts.get(key)
        if cached is not None:
            self._token_counts.move_to_end(key)
            return cached
        endpoint, now = self._endpoint, asyncio.get_running_loop().time()
        if endpoint is None or now < self._tokenize_again_at:
            return None
        try:
            count = await self._ask_tokens(endpoint, text, model)
        except LLMError:
            self._tokenize_again_at = now + _TOKENIZE_PAUSE_SECONDS
            return None
        if count is not None:
            self._token_counts[key] = count
            if len(self._token_counts) > _TOKEN_CACHE_ENTRIES:
                self._token_counts.popitem(last=False)
        return count

    async def models(self) -> list[dict[str, Any]]:
        """List `{id, context_window|None, can_see}`; raises LLMError."""
        endpoint = self._required_endpoint()
        kind = await self._known_kind(endpoint)
        answer = await self._transport.ask(
            _keyed(endpoint, kind), "GET", kind.path("/v1/models"), seconds=_PROBE_SECONDS
        )
        rows = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise ProviderProtocolError(
                "The model server's list of models makes no sense.", provider=self.name
            )
        window, can_see = await self._props(endpoint) if kind.name == "llama.cpp" else (None, False)
        return [
            {
                "id": str(row["id"]),
                "context_window": row.get("max_model_len") or window,
                "can_see": can_see,
            }
            for row in rows
            if isinstance(row, dict) and "id" in row
        ]

    async def check_health(self) -> Health:
        """Ask the server's own health route; never raises LLMError."""
        started = asyncio.get_running_loop().time()
        try:
            endpoint = self._required_endpoint()
            kind = await self._known_kind(endpoint)
            await self._transport.check(_keyed(endpoint, kind), kind.health_path, seconds=_PROBE_SECONDS)
        except LLMError as error:
            message = self._advice(error) or error.message
            return Health(False, 1000 * (asyncio.get_running_loop().time() - started), message)
        return Health(True, 1000 * (asyncio.get_running_loop().time() - started))

    def _advice(self, error: LLMError) -> str | None:
        """Return what is most often wrong when a server refuses even to say that it is well."""
        if isinstance(error, UnknownModelError) and self._kind is not None:
            path = self._kind.path(self._kind.health_path)
            return f"The server has no {path}. Is the address that of its API, and the kind the right one?"
        is_keyless = self._endpoint is not None and not self._endpoint.api_key
        if isinstance(error, ProviderAuthenticationError) and is_keyless:
            return "The model server wants an API key, and none is entered."
        return None

    def _required_endpoint(self) -> Endpoint:
        if self._endpoint is None:
            raise ProviderUnreachableError(
                "The model server is not running yet; try again in a moment.",
                provider=self.name,
                is_retryable=True,
                retry_after_seconds=2,
            )
        return self._endpoint

    async def _known_kind(self, endpoint: Endpoint) -> ServerKind:
        """Return the kind, asking the server once; an answer from an address that was replaced meanwhile is not kept."""
        if self._kind is not None:
            return self._kind
        async with self._detecting:
            kind = KINDS.get(self.kind_name or "") or await self._detect(endpoint)
            if endpoint is self._endpoint:
                self._kind = kind
            return kind

    async def _detect(self, endpoint: Endpoint) -> ServerKind:
        host = urlsplit(endpoint.base_url).hostname
        if (
            known := next((kind for kind in KINDS.values() if kind.host and kind.host == host), None)
        ) is not None:
            return known
        unreachable: LLMError | None = None
        for kind in PROBED:
            try:
                answer = await self._transport.ask(endpoint, "GET", kind.probe_path, seconds=_PROBE_SECONDS)
            except (ProviderUnreachableError, ProviderTimeoutError) as error:
                if error.status is None:
                    raise
                # 503 while the model loads: the route may be there, so nothing is decided yet.
                unreachable = error
                continue
            except LLMError:
                continue
            if isinstance(answer, dict) and kind.probe_field in answer:
                return kind
        if unreachable is not None:
            raise unreachable
        return GENERIC

    async def _props(self, endpoint: Endpoint) -> tuple[int | None, bool]:
        """Return llama.cpp's context of one slot, which is what one request can use, and whether it takes images."""
        try:
            props = await self._transport.ask(endpoint, "GET", "/props", seconds=_PROBE_SECONDS)
        except LLMError:
            return None, False
        self._is_blind = _is_blind(props)
        settings = props.get("default_generation_settings") if isinstance(props, dict) else None
        window = settings.get("n_ctx") if isinstance(settings, dict) else None
        modalities = props.get("modalities") if isinstance(props, dict) else None
        can_see = isinstance(modalities, dict) and modalities.get("vision") is True
        return window if isinstance(window, int) else None, can_see

    async def _ask_tokens(self, endpoint: Endpoint, text: str, model: str) -> int | None:
        tokenize = (await self._known_kind(endpoint)).tokenize
        if tokenize is None:
            return None
        if tokenize == "vllm":
            body: dict[str, Any] = {"model": model, "prompt": text, "add_special_tokens": False}
        else:
            body = {"content": text, "add_special": False, "parse_special": True}
        answer = await self._transport.ask(
            endpoint, "POST", "/tokenize", seconds=_TOKENIZE_SECONDS, body=body
        )
        try:
            return int(answer["count"]) if "count" in answer else len(answer["tokens"])
        except (KeyError, TypeError, ValueError) as error:
            raise ProviderProtocolError(
                "The tokenizer's answer makes no sense.", provider=self.name
            ) from error


class _Patience:
    """How long an answer may go on without saying anything, in seconds and bytes: blanks and comments are no answer."""

    def __init__(self, provider: str, timeouts: Timeouts) -> None:
        self._provider = provider
        self._timeouts = timeouts
        self._clock = asyncio.get_running_loop().time
        self._began = self._heard = self._clock()
        self._events = 0
        self._left_bytes = _MAX_BYTES

    def check(self, received: int, events: int | None = None) -> None:
        """Take note of what came: bytes of a whole answer, or of a stream whose events so far say nothing. Raises LLMError."""
        now = self._clock()
        if events != self._events:
            self._heard, self._events = now, events or 0
        self._left_bytes -= received
        if self._left_bytes < 0:
            raise ProviderProtocolError(
                "The model server's answer has no end.", provider=self._provider, is_retryable=True
            )
        first, total = self._timeouts.first_token_seconds, self._timeouts.total_seconds
        is_first_late = events is not None and now - self._heard > first
        if is_first_late or now - self._began > total:
            seconds, wait = (first, "first_token") if is_first_late else (total, "total")
            message = f"No answer from the model server within {seconds:g} s."
            raise ProviderTimeoutError(
                message, provider=self._provider, is_retryable=True, details={"wait": wait}
            )


def _is_blind(props: Any) -> bool:
    """Whether llama.cpp says that its model takes no images; it answers 500 to one, as if it were not well."""
    modalities = props.get("modalities") if isinstance(props, dict) else None
    return isinstance(modalities, dict) and modalities.get("vision") is False


def _keyed(endpoint: Endpoint, kind: ServerKind, headers: Mapping[str, str] | None = None) -> Endpoint:
    """Return where a server's own routes are asked, with the headers that they take."""
    if not kind.key_header and not kind.headers and not headers:
        return endpoint
    extra = {**dict(kind.headers), **(headers or {})}
    return replace(endpoint, key_header=kind.key_header, extra_headers=tuple(extra.items()))


def _adapted(body: dict[str, Any], kind: ServerKind, *, is_thinking_skipped: bool) -> dict[str, Any]:
    """Return a caller's body with what this kind of server calls otherwise."""
    if kind.unknown_max_tokens_field and kind.unknown_max_tokens_field in body:
        body = renamed(body, kind.unknown_max_tokens_field, kind.max_tokens_field)
    return without_thinking(body, kind) if is_thinking_skipped else body
