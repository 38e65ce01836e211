"""`/v1/messages`: what Anthropic's SDKs call, over every model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
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
from app.gateway.errors import InvalidBodyError
from app.gateway.message_answers import MessageEncoder, to_message
from app.gateway.message_bodies import to_chat, to_prompt
from app.gateway.message_count import PromptCounter
from app.gateway.message_work import MessageWork, passed_headers
from app.gateway.own_stream import MESSAGES
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
    description="Passed as it came to a server that has Messages itself; else translated to chat completions and back, "
    "whole and streamed, tools and images included. Send the key as `Authorization: Bearer` (`auth_token` in Anthropic's "
    "SDKs).",
    responses=_RESPONSES,
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": _BODY}}},
)
async def messages(
    request: Request, principal: GatewayUser, gateway: Gateway, headers: LimitHeaders
) -> Response:
    work = _checked(gateway, principal, read_body(await request.body(), "messages"), request.headers)
    if not work.is_stream:
        answer = await run_until_disconnect(request.receive, _whole(gateway, principal, work))
        return Response(answer, media_type="application/json", headers=headers)
    return await stream_of(_begin(gateway, principal, work), request.receive)


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
    body = read_body(await request.body(), "messages")
    tokens = await counter.count_own(principal.caller, body, passed_headers(request.headers))
    if tokens is None:
        tokens = await counter.count(principal.caller, to_prompt(body))
    return MessageTokens(input_tokens=tokens)


def _checked(
    gateway: GatewayService, principal: Principal, body: dict[str, Any], headers: Mapping[str, str]
) -> MessageWork:
    """Translate a request; one that cannot be is only for servers that have Messages themselves. Raises InvalidBodyError."""
    chat: dict[str, Any] | None = None
    try:
        chat = to_chat(body)
    except InvalidBodyError:
        if not gateway.has_own(principal, body.get("model"), "messages"):
            raise
    return MessageWork(body, chat, passed_headers(headers))


async def _open(gateway: GatewayService, principal: Principal, work: MessageWork) -> Passed:
    return await gateway.open(principal, "chat/completions", work.sizes, reshape=work.shape)


async def _whole(gateway: GatewayService, principal: Principal, work: MessageWork) -> bytes:
    passed = await _open(gateway, principal, work)
    answer = await gateway.read_whole(passed)
    return answer if passed.answer.shape.path == MESSAGES else to_message(answer)


async def _begin(gateway: GatewayService, principal: Principal, work: MessageWork) -> Begun:
    passed = await _open(gateway, principal, work)
    if passed.answer.shape.path == MESSAGES:
        return Begun(gateway.pieces(passed), partial(gateway.abandon, passed))
    return Begun(_events(gateway, passed), partial(gateway.abandon, passed))


async def _events(gateway: GatewayService, passed: Passed) -> AsyncGenerator[bytes]:
    encoder = MessageEncoder()
    async with aclosing(gateway.pieces(passed)) as pieces:
        async for piece in pieces:
            if events := encoder.feed(piece):
                yield events
    yield encoder.finish()
