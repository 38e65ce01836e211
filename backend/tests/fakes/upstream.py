"""A real local chat-completions server whose behaviour each request can be told: stall, refuse, cut, garble.

Speaks llama.cpp's dialect (usage, timings with cache_n, prompt progress, /props, /tokenize) or vLLM's or Ollama's.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Literal

import orjson
from aiohttp import web

from tests.fakes.completions import go_on
from tests.fakes.reply import (
    EventWriter,
    Recorded,
    Reply,
    count_tokens,
    last_text,
    overflow,
    pieces,
    progress_object,
    prompt_pieces,
    shared_prefix,
    unauthorized,
)

__all__ = ["FakeUpstream", "Recorded", "Reply", "count_tokens", "pieces", "threaded_upstream"]


class FakeUpstream:
    """The server; `async with FakeUpstream() as upstream: upstream.url`.

    `upstream.queue(Reply(...), …)` scripts the next requests in order; `upstream.respond` (a function of the recorded
    request) decides when the queue is empty; otherwise `upstream.default` does.
    """

    def __init__(
        self,
        *,
        kind: Literal["llama.cpp", "vllm", "ollama", "openai"] = "llama.cpp",
        model: str = "fake-model",
        context_window: int = 8192,
        api_key: str = "",
        has_vision: bool = False,
        prefix: str = "/v1",
        wraps_errors: bool = False,
    ) -> None:
        self.kind = kind
        self.model = model
        self.context_window = context_window
        self.api_key = api_key
        self.has_vision = has_vision
        self._prefix = prefix
        self._wraps_errors = wraps_errors  # Gemini's compatible endpoint puts its error into a list
        self.default = Reply()
        self.respond: Callable[[Recorded], Reply] | None = None
        self.is_healthy = True
        self.tokenize_delay_seconds = 0.0
        self.requests: list[Recorded] = []
        self.tokenize_calls: list[str] = []
        self.other_paths: list[str] = []
        self.active = 0
        self.max_active = 0
        self.url = ""
        self._scripted: deque[Reply] = deque()
        self._prompts: deque[list[str]] = deque(maxlen=32)
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()

    # What tests ask

    def queue(self, *replies: Reply) -> None:
        """Script the next requests, in order."""
        self._scripted.extend(replies)

    @property
    def aborted(self) -> list[Recorded]:
        """The requests whose client went away before the answer was complete."""
        return [request for request in self.requests if request.aborted_at is not None]

    async def wait_until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until a condition on the records holds; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - the condition may read another thread's records
                await asyncio.sleep(0.005)

    # Lifetime

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; `port` 0 takes a free one."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post(f"{self._prefix}/chat/completions", self._chat)
        app.router.add_post("/v1/completions", partial(go_on, self.requests))
        app.router.add_get(f"{self._prefix}/models", self._models)
        if self.kind in ("llama.cpp", "vllm"):
            app.router.add_get("/health", self._health)
            app.router.add_post("/tokenize", self._tokenize)
        if self.kind == "llama.cpp":
            app.router.add_get("/props", self._props)
        if self.kind == "vllm":
            app.router.add_get("/version", self._version)
        if self.kind == "ollama":
            app.router.add_get("/api/version", self._version)
        self._closing.clear()
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        host, bound = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{bound}"

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> FakeUpstream:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # Routes

    def _is_refused(self, request: web.Request) -> bool:
        if request.method == "GET" and request.headers.get("x-api-key") == self.api_key:
            return False  # Anthropic's own routes
        return bool(self.api_key) and request.headers.get("Authorization") != f"Bearer {self.api_key}"

    async def _health(self, request: web.Request) -> web.Response:
        if self.is_healthy:
            return web.json_response({"status": "ok"})
        return web.json_response(
            {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, status=503
        )

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "0.0.0-fake"}, status=200 if self.is_healthy else 503)

    async def _props(self, request: web.Request) -> web.Response:
        self.other_paths.append(request.path)
        if self._is_refused(request):
            return unauthorized()
        settings = {"n_ctx": self.context_window}
        return web.json_response(
            {
                "default_generation_settings": settings,
                "total_slots": 1,
                "model_alias": self.model,
                "modalities": {"vision": self.has_vision, "audio": False},
            }
        )

    async def _models(self, request: web.Request) -> web.Response:
        self.other_paths.append(request.path)
        if self._is_refused(request):
            return unauthorized()
        row: dict[str, Any] = {"id": self.model, "object": "model", "owned_by": "fake"}
        if self.kind == "llama.cpp":
            row["meta"] = {"n_ctx_train": 4 * self.context_window}
        if self.kind == "vllm":
            row["max_model_len"] = self.context_window
        return web.json_response({"object": "list", "data": [row]}, status=200 if self.is_healthy else 503)

    async def _tokenize(self, request: web.Request) -> web.Response:
        if self._is_refused(request):
            return unauthorized()
        body = await request.json()
        text = body.get("prompt", "") if self.kind == "vllm" else body.get("content", "")
        self.tokenize_calls.append(text)
        await asyncio.sleep(self.tokenize_delay_seconds)
        tokens = list(range(count_tokens(text)))
        if self.kind == "vllm":
            return web.json_response(
                {"count": len(tokens), "max_model_len": self.context_window, "tokens": tokens}
            )
        return web.json_response({"tokens": tokens})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        recorded = Recorded(request.path, dict(request.headers), body, time.monotonic())
        self.requests.append(recorded)
        if self._is_refused(request):
            return unauthorized()
        reply = self._next_reply(recorded)
        self.active += 1
        self.max_active = max(self.max_active, self.active)
        try:
            response = await self._answer(request, recorded, reply)
            recorded.ended_at = time.monotonic()
            return response
        except (asyncio.CancelledError, ConnectionError):
            if not self._closing.is_set():
                recorded.aborted_at = time.monotonic()
            raise
        finally:
            self.active -= 1

    def _next_reply(self, recorded: Recorded) -> Reply:
        if self._scripted:
            return self._scripted.popleft()
        return self.respond(recorded) if self.respond is not None else self.default

    # The answer

    async def _answer(self, request: web.Request, recorded: Recorded, reply: Reply) -> web.StreamResponse:
        prompt = prompt_pieces(recorded.body["messages"])
        recorded.prompt_tokens = len(prompt)
        recorded.cached_tokens = max((shared_prefix(prompt, earlier) for earlier in self._prompts), default=0)
        if reply.stall_before_headers:
            await self._stall()
        if reply.close_before_bytes:
            assert request.transport is not None
            request.transport.abort()
            raise ConnectionResetError
        if reply.status != 200:
            return self._refuse(reply)
        if len(prompt) >= self.context_window:
            return overflow(len(prompt), self.context_window)
        text = reply.text if reply.text is not None else f"You said: {last_text(recorded.body['messages'])}"
        if reply.chunks is not None:
            text = "".join(reply.chunks)
        self._prompts.append([*prompt, *pieces(text), "<|end|>"])
        if not recorded.body.get("stream"):
            await asyncio.sleep(reply.first_delay_seconds)
            return reply.whole(self._whole(recorded, reply, text))
        return await self._stream(request, recorded, reply, text)

    def _refuse(self, reply: Reply) -> web.Response:
        error = reply.error or {"code": reply.status, "message": "scripted refusal", "type": "server_error"}
        headers = {"Retry-After": reply.retry_after} if reply.retry_after is not None else {}
        body: Any = [{"error": error}] if self._wraps_errors else {"error": error}
        return web.json_response(body, status=reply.status, headers=headers)

    async def _stream(
        self, request: web.Request, recorded: Recorded, reply: Reply, text: str
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": reply.content_type})
        response.force_close()
        await response.prepare(request)
        writer = EventWriter(response, reply)
        if reply.raw is not None:
            await writer.write(reply.raw)
            await response.write_eof()
            return response
        if recorded.body.get("return_progress"):
            for fraction in reply.progress:
                await asyncio.sleep(reply.progress_delay_seconds)
                await writer.event(
                    {
                        **self._frame({"role": "assistant", "content": None}),
                        "prompt_progress": progress_object(fraction),
                    }
                )
        if reply.stall_before_first:
            await self._stall()
        await asyncio.sleep(reply.first_delay_seconds)
        await self._deltas(request, recorded, reply, writer, text)
        await self._ending(recorded, reply, writer, text)
        await response.write_eof()
        return response

    async def _deltas(
        self, request: web.Request, recorded: Recorded, reply: Reply, writer: EventWriter, text: str
    ) -> None:
        for number, delta in enumerate(self._plan(reply, text)):
            if number == reply.stall_after:
                await self._stall()
            if number == reply.cut_after:
                assert request.transport is not None
                await asyncio.sleep(0.02)
                request.transport.abort()
                raise ConnectionResetError
            if number == reply.malformed_after:
                await writer.write(b"data: {this is no JSON\n\n")
            if number == reply.error_after:
                await writer.event(
                    {
                        "error": reply.error
                        or {"code": 500, "message": "scripted failure", "type": "server_error"}
                    }
                )
            if reply.comments:
                await writer.write(b": ping\n\n")
            if reply.chunk_delay_seconds:
                await asyncio.sleep(reply.chunk_delay_seconds)
            await writer.event(self._frame(delta))
            recorded.chunks_sent += 1

    def _plan(self, reply: Reply, text: str) -> list[dict[str, Any]]:
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
        if reply.reasoning_field == "think" and reply.reasoning:
            text = f"<think>{reply.reasoning}</think>\n\n{text}"
        else:
            deltas += [{reply.reasoning_field: piece} for piece in pieces(reply.reasoning)]
        deltas += [
            {"content": piece} for piece in (reply.chunks if reply.chunks is not None else pieces(text))
        ]
        for index, call in enumerate(reply.tool_calls or []):
            arguments = call["function"]["arguments"]
            half = len(arguments) // 2
            head = {
                **call,
                "index": index,
                "function": {"name": call["function"]["name"], "arguments": arguments[:half]},
            }
            deltas.append({"tool_calls": [head]})
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": arguments[half:]}}]})
        return deltas

    async def _ending(self, recorded: Recorded, reply: Reply, writer: EventWriter, text: str) -> None:
        await writer.event(self._frame({}, reply.finish_reason))
        if reply.has_usage and recorded.body.get("stream_options", {}).get("include_usage"):
            usage, timings = self._usage(recorded, reply, text)
            last: dict[str, Any] = {**self._frame({}), "choices": [], "usage": usage}
            if self.kind == "llama.cpp":
                last["timings"] = timings
            await writer.event(last)
        if reply.has_done:
            await writer.write(b"data: [DONE]\n\n")

    def _usage(self, recorded: Recorded, reply: Reply, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
        reasoning = len(pieces(reply.reasoning))
        completion = len(pieces(text)) + reasoning + 1
        usage: dict[str, Any] = {
            "prompt_tokens": recorded.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": recorded.prompt_tokens + completion,
            "prompt_tokens_details": {"cached_tokens": recorded.cached_tokens},
        }
        if reasoning:
            usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
        timings = {
            "cache_n": recorded.cached_tokens,
            "prompt_n": recorded.prompt_tokens - recorded.cached_tokens,
        }
        return usage, {**timings, "predicted_n": completion, "predicted_per_second": 100.0}

    def _frame(self, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        head = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1, "model": self.model}
        return {**head, "choices": [choice]}

    def _whole(self, recorded: Recorded, reply: Reply, text: str) -> dict[str, Any]:
        usage, timings = self._usage(recorded, reply, text)
        message: dict[str, Any] = {"role": "assistant", "content": text}
        message["reasoning_content"] = reply.reasoning or None
        if reply.tool_calls:
            message["tool_calls"] = reply.tool_calls
        choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
        return {
            "id": "chatcmpl-fake",
            "model": self.model,
            "choices": [choice],
            "usage": usage,
            "timings": timings,
        }

    async def _stall(self) -> None:
        await self._closing.wait()
        raise ConnectionResetError


@contextlib.contextmanager
def threaded_upstream(**options: Any) -> Iterator[FakeUpstream]:
    """Run a FakeUpstream on a thread of its own, for tests without a running loop. Script it before requests come."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fake-upstream", daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=10)

    async def make() -> FakeUpstream:
        upstream = FakeUpstream(**options)
        await upstream.start()
        return upstream

    upstream = run(make())
    try:
        yield upstream
    finally:
        run(upstream.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        loop.close()
