"""A local server with `/v1/responses` (stored, in the background) and `/v1/messages` of its own, in those APIs' formats."""

from __future__ import annotations

import asyncio
import base64
import struct
from types import TracebackType
from typing import Any

import orjson
from aiohttp import web

Event = dict[str, Any]
USAGE = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 5},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 27,
}


class OwnServer:
    """`async with OwnServer() as server: server.url`. What it is told to do counts for the requests that follow.

    Args of a test: `cut_after` pieces the connection breaks; `refuse` is a status; `fail` tells a failure in the stream's
    first event; `hold` keeps an answer open until it is set.
    """

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.asked: list[str] = []
        self.stored: dict[str, dict[str, Any]] = {}
        self.cut_after: int | None = None
        self.refuse: int | None = None
        self.fail: str | None = None
        self.hold: asyncio.Event | None = None
        self.left = asyncio.Event()
        self._works: dict[str, asyncio.Task[None]] = {}
        self._runner: web.AppRunner | None = None

    def reset(self) -> None:
        """Forget what was asked and told."""
        self.bodies.clear()
        self.headers.clear()
        self.asked.clear()
        self.cut_after = self.refuse = self.fail = self.hold = None
        self.left.clear()

    async def __aenter__(self) -> OwnServer:
        app = web.Application()
        app.router.add_post("/v1/responses", self._respond)
        app.router.add_post("/v1/responses/input_tokens", self._count)
        app.router.add_get("/v1/responses/{id}", self._read)
        app.router.add_delete("/v1/responses/{id}", self._delete)
        app.router.add_post("/v1/responses/{id}/cancel", self._cancel)
        app.router.add_post("/v1/messages", self._message)
        app.router.add_post("/v1/messages/count_tokens", self._count)
        app.router.add_post("/v1/embeddings", self._embed)
        app.router.add_post("/v1/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for work in self._works.values():
            work.cancel()
        assert self._runner is not None
        await self._runner.cleanup()

    async def _taken(self, request: web.Request) -> dict[str, Any]:
        body: dict[str, Any] = orjson.loads(await request.read())
        self.asked.append(f"{request.method} {request.path}")
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        return body

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "own-model"}]})

    # Responses

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        body = await self._taken(request)
        if self.refuse is not None:
            error = {"message": "scripted refusal", "type": "server_error", "code": None}
            return web.json_response({"error": error}, status=self.refuse)
        previous = body.get("previous_response_id")
        if previous is not None and previous not in self.stored:
            error = {"message": f"Previous response with id '{previous}' not found.", "code": "not_found"}
            return web.json_response({"error": error}, status=400)
        response = self._begun(body)
        if not body.get("stream"):
            if self.hold is not None:
                try:
                    await self.hold.wait()
                except asyncio.CancelledError:
                    self.left.set()
                    raise
            if self.fail is not None:
                failed = {
                    **response,
                    "status": "failed",
                    "error": {"code": self.fail, "message": "it failed"},
                }
                return web.json_response(failed)
            return web.json_response(self._ended(response))
        return await self._stream(request, response)

    def _begun(self, body: dict[str, Any]) -> dict[str, Any]:
        response_id = f"resp_theirs{len(self.bodies)}_{len(self.stored)}"
        response = {
            "id": response_id,
            "object": "response",
            "created_at": 1,
            "status": "queued" if body.get("background") else "in_progress",
            "background": bool(body.get("background")),
            "error": None,
            "incomplete_details": None,
            "instructions": body.get("instructions"),
            "metadata": body.get("metadata") or {},
            "model": body["model"],
            "output": [],
            "parallel_tool_calls": True,
            "previous_response_id": body.get("previous_response_id"),
            "store": body.get("store", True),
            "temperature": 1.0,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": body.get("tools") or [],
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": None,
            "a_field_of_tomorrow": {"kept": True},
        }
        if response["store"]:
            self.stored[response_id] = response
        return response

    def _ended(self, response: dict[str, Any]) -> dict[str, Any]:
        search = {
            "id": "ws_1",
            "type": "web_search_call",
            "status": "completed",
            "action": {"type": "search"},
        }
        part = {"type": "output_text", "text": "Hello from here", "annotations": [], "logprobs": []}
        message = {
            "id": "msg_theirs",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [part],
        }
        ended = {**response, "status": "completed", "output": [search, message], "usage": USAGE}
        if response["store"]:
            self.stored[response["id"]] = ended
        return ended

    def _events(self, response: dict[str, Any]) -> list[Event]:
        ended = self._ended({**response})
        search, message = ended["output"]
        if response["store"]:
            self.stored[response["id"]] = response
        events: list[Event] = [{"type": "response.created", "response": response}]
        if response["background"]:
            events.append({"type": "response.queued", "response": response})
        events.append({"type": "response.in_progress", "response": {**response, "status": "in_progress"}})
        if self.fail is not None:
            error = {"code": self.fail, "message": "it failed"}
            failed = {**response, "status": "failed", "error": error}
            return [*events, {"type": "response.failed", "response": failed}]
        for position, item in enumerate((search, message)):
            events.append({"type": "response.output_item.added", "output_index": position, "item": item})
            if item is message:
                part = {"item_id": item["id"], "output_index": position, "content_index": 0}
                empty = {"type": "output_text", "text": "", "annotations": []}
                events.append({"type": "response.content_part.added", **part, "part": empty})
                for text in ("Hello", " from", " here"):
                    delta = {"delta": text, "logprobs": [], "obfuscation": "xyz"}
                    events.append({"type": "response.output_text.delta", **part, **delta})
            events.append({"type": "response.output_item.done", "output_index": position, "item": item})
        return [*events, {"type": "response.completed", "response": ended}]

    async def _stream(self, request: web.Request, response: dict[str, Any]) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        answer.force_close()
        await answer.prepare(request)
        deltas = 0
        try:
            for number, event in enumerate(self._events(response)):
                if event["type"] == "response.output_text.delta":
                    deltas += 1
                    if self.cut_after is not None and deltas > self.cut_after:
                        assert request.transport is not None
                        await asyncio.sleep(0.02)
                        request.transport.abort()
                        raise ConnectionResetError
                    if self.hold is not None and deltas > 1:
                        await self.hold.wait()
                if event["type"] == "response.completed" and response["store"]:
                    self.stored[response["id"]] = event["response"]
                data = orjson.dumps({"sequence_number": number, **event})
                await answer.write(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), data))
        except (asyncio.CancelledError, ConnectionResetError):
            self.left.set()
            raise
        await answer.write_eof()
        return answer

    def finish(self, response_id: str) -> None:
        """End a response that goes on without its stream."""
        self._ended(self.stored[response_id])

    async def _read(self, request: web.Request) -> web.Response:
        return self._found(request, lambda found: found)

    async def _cancel(self, request: web.Request) -> web.Response:
        return self._found(request, lambda found: {**found, "status": "cancelled", "background": True})

    async def _delete(self, request: web.Request) -> web.Response:
        answer = self._found(request, lambda found: {"id": found["id"], "deleted": True})
        self.stored.pop(request.match_info["id"], None)
        return answer

    def _found(self, request: web.Request, change: Any) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        found = self.stored.get(request.match_info["id"])
        if found is None:
            return web.json_response({"error": {"message": "not found"}}, status=404)
        return web.json_response(change(found))

    # Embeddings and completions of a text

    async def _embed(self, request: web.Request) -> web.Response:
        body = await self._taken(request)
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        vector = [0.25 * number for number in range(body.get("dimensions") or 4)]
        is_packed = body.get("encoding_format") == "base64"
        packed = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        data = [
            {"object": "embedding", "index": index, "embedding": packed if is_packed else vector}
            for index in range(len(texts))
        ]
        usage = {"prompt_tokens": 3, "total_tokens": 3}
        return web.json_response({"object": "list", "data": data, "model": body["model"], "usage": usage})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await self._taken(request)
        text = (body["prompt"] if body.get("echo") else "") + " on"
        logprobs = {
            "tokens": [" on"],
            "token_logprobs": [-0.5],
            "top_logprobs": [{" on": -0.5}],
            "text_offset": [0],
        }
        choices = [
            {"index": index, "text": text, "finish_reason": "stop", "logprobs": logprobs}
            for index in range(body.get("n") or 1)
        ]
        head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": body["model"]}
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        if not body.get("stream"):
            return web.json_response({**head, "choices": choices, "usage": usage})
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        for choice in choices:
            await answer.write(b"data: " + orjson.dumps({**head, "choices": [choice]}) + b"\n\n")
        await answer.write(b"data: " + orjson.dumps({**head, "choices": [], "usage": usage}) + b"\n\n")
        await answer.write(b"data: [DONE]\n\n")
        await answer.write_eof()
        return answer

    # Messages

    async def _count(self, request: web.Request) -> web.Response:
        await self._taken(request)
        return web.json_response({"input_tokens": 42})

    async def _message(self, request: web.Request) -> web.StreamResponse:
        body = await self._taken(request)
        if self.refuse is not None:
            error = {"type": "overloaded_error", "message": "scripted refusal"}
            return web.json_response({"type": "error", "error": error}, status=self.refuse)
        usage = {"input_tokens": 20, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 0}
        message = {
            "id": "msg_theirs",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [{"type": "text", "text": "Hello from here", "citations": None}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {**usage, "output_tokens": 7},
        }
        if not body.get("stream"):
            return web.json_response(message)
        begun = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
        events: list[Event] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
        if self.fail is not None:
            events.append({"type": "error", "error": {"type": self.fail, "message": "it failed"}})
        block = {"index": 0, "content_block": {"type": "text", "text": ""}}
        events.append({"type": "content_block_start", **block})
        for text in ("Hello", " from", " here"):
            delta = {"type": "text_delta", "text": text}
            events.append({"type": "content_block_delta", "index": 0, "delta": delta})
        events.append({"type": "content_block_stop", "index": 0})
        stop = {"stop_reason": "end_turn", "stop_sequence": None}
        events.append({"type": "message_delta", "delta": stop, "usage": {"output_tokens": 7}})
        events.append({"type": "message_stop"})
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        answer.force_close()
        await answer.prepare(request)
        for number, event in enumerate(events):
            if self.cut_after is not None and number > self.cut_after:
                assert request.transport is not None
                await asyncio.sleep(0.02)
                request.transport.abort()
                raise ConnectionResetError
            await answer.write(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)))
        await answer.write_eof()
        return answer
