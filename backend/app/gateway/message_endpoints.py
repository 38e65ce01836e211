"""`/v1/messages`: what Anthropic's SDKs call, over every model."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from app.auth.principal import Principal
from app.chat.stream import run_until_disconnect
from app.gateway.bodies import read_body
from app.gateway.direct import stream_of
from app.gateway.endpoints import Gateway, GatewayUser, LimitHeaders
from app.gateway.message_answers import MessageEncoder, to_message
from app.gateway.message_bodies import to_chat, to_prompt
from app.gateway.message_count import PromptCounter
from app.gateway.service import Begun, GatewayService, Passed

router = APIRouter(prefix="/v1", tags=["anthropic"])


class MessageTokens(BaseModel):
    """How long a prompt is."""

    input_tokens: int


_EXAMPLE = {
    "model": "prompt-portal-demo",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "Hello!"}],
}
_BODY = {"schema": {"type": "object", "additionalProperties": True}, "example": _EXAMPLE}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The message, or with `stream: true` server-sent events.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    400: {"description": "The body is wrong, or holds what cannot be translated; Anthropic's error shape."},
}


@router.post(
    "/messages",
    summary="Messages, as Anthropic's",
    description="Translated to chat completions and back, whole and streamed, tools and images included. Send the key "
    "as `Authorization: Bearer` (`auth_token` in Anthropic's SDKs).",
    responses=_RESPONSES,
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": _BODY}}},
)
async def messages(
    request: Request, principal: GatewayUser, gateway: Gateway, headers: LimitHeaders
) -> Response:
    body = to_chat(read_body(await request.body(), "messages"))
    if not body.get("stream", False):
        work = gateway.whole(principal, "chat/completions", body)
        answer = to_message(await run_until_disconnect(request.receive, work))
        return Response(answer, media_type="application/json", headers=headers)
    return await stream_of(_begin(gateway, principal, body), request.receive)


async def get_counter(request: Request) -> PromptCounter:
    return PromptCounter(request.app.state.runtime.routes)


@router.post(
    "/messages/count_tokens",
    summary="Count the tokens of messages",
    description="By the model server's own tokenizer where it has one (llama.cpp, vLLM), else estimated; what the "
    "template puts around each message, and images, are estimated always.",
    responses=_RESPONSES,
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": _BODY}}},
)
async def count_tokens(
    request: Request,
    principal: GatewayUser,
    counter: Annotated[PromptCounter, Depends(get_counter)],
    headers: LimitHeaders,
) -> MessageTokens:
    chat = to_prompt(read_body(await request.body(), "messages"))
    return MessageTokens(input_tokens=await counter.count(principal.caller, chat))


async def _begin(gateway: GatewayService, principal: Principal, body: dict[str, Any]) -> Begun:
    passed = await gateway.open(principal, "chat/completions", body)
    return Begun(_events(gateway, passed), partial(gateway.abandon, passed))


async def _events(gateway: GatewayService, passed: Passed) -> AsyncGenerator[bytes]:
    encoder = MessageEncoder()
    async with aclosing(gateway.pieces(passed)) as pieces:
        async for piece in pieces:
            if events := encoder.feed(piece):
                yield events
    yield encoder.finish()
