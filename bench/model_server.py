"""A model server of its own process that can be killed: it answers with the last message, in pieces. It keeps nothing."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from aiohttp import web

PIECES = 6
INTERVAL_SECONDS = 0.02


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return (
        b"data: "
        + json.dumps({"id": "c", "object": "chat.completion.chunk", "choices": [choice]}).encode()
        + b"\n\n"
    )


async def complete(request: web.Request) -> web.StreamResponse:
    """Answer one chat completion, streamed or whole."""
    body: dict[str, Any] = await request.json()
    content = body["messages"][-1]["content"]
    said = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    words = f"You said: {said}".split(" ")
    usage = {"prompt_tokens": 20, "completion_tokens": len(words), "total_tokens": 20 + len(words)}
    if not body.get("stream"):
        await asyncio.sleep(PIECES * INTERVAL_SECONDS)
        message = {"role": "assistant", "content": " ".join(words)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response(
            {"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}
        )
    answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await answer.prepare(request)
    for index, word in enumerate(words):
        await answer.write(_chunk({"content": word if index == 0 else f" {word}"}))
        await asyncio.sleep(INTERVAL_SECONDS)
    await answer.write(_chunk({}, "stop"))
    await answer.write(
        b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\ndata: [DONE]\n\n"
    )
    return answer


async def models(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": "echo", "object": "model"}]})


async def health(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def main() -> None:
    app = web.Application()
    app.add_routes(
        [
            web.post("/v1/chat/completions", complete),
            web.get("/v1/models", models),
            web.get("/health", health),
        ]
    )
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
