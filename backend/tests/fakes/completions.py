"""`/v1/completions` of the fake model server: goes on with a prompt by a few words, always streamed."""

from __future__ import annotations

import time
from typing import Any

import orjson
from aiohttp import web

from tests.fakes.reply import Recorded

WORDS = (" and", " so", " on")


async def go_on(requests: list[Recorded], request: web.Request) -> web.StreamResponse:
    body = orjson.loads(await request.read())
    requests.append(Recorded(request.path, dict(request.headers), body, time.monotonic()))
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "text": word}]} for word in WORDS]
    chunks.append({"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]})
    usage = {"prompt_tokens": len(body["prompt"].split()), "completion_tokens": len(WORDS)}
    chunks.append({"choices": [], "usage": usage})
    for chunk in chunks:
        data = orjson.dumps({"object": "text_completion", "model": body.get("model"), **chunk})
        await response.write(b"data: " + data + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response
