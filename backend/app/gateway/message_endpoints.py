"""`/v1/messages`: what Anthropic's SDKs call, over every model."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from app.chat.stream import run_until_disconnect
from app.gateway.bodies import read_body
from app.gateway.direct import stream_of
from app.gateway.endpoints import GatewayUser, LimitHeaders
from app.gateway.message_asker import MessageAsker
from app.gateway.message_bodies import to_prompt
from app.gateway.message_count import PromptCounter
from app.gateway.message_work import count_shape, passed_headers
from app.kit.answer_headers import add_answer_headers
from app.kit.logging import request_id_var


async def _name_request() -> None:
    """Tell the request's id where Anthropic's SDKs look for it as well."""
    add_answer_headers({"request-id": request_id_var.get()})


router = APIRouter(prefix="/v1", tags=["anthropic"], dependencies=[Depends(_name_request)])


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


async def get_asker(request: Request) -> MessageAsker:
    asker: MessageAsker = request.app.state.messages
    return asker


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
    request: Request,
    principal: GatewayUser,
    asker: Annotated[MessageAsker, Depends(get_asker)],
    headers: LimitHeaders,
) -> Response:
    body = read_body(await request.body(), "messages")
    work, wish = asker.check(principal, body, request.headers), asker.wish(request.scope, body)
    if work.is_stream:
        return await stream_of(asker.begin(principal, work, wish), request.receive)
    answer = await run_until_disconnect(request.receive, asker.whole(principal, work, wish))
    return Response(answer, media_type="application/json", headers=headers)


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
    reshape = partial(count_shape, body, passed_headers(request.headers))
    tokens = await counter.ask(principal.caller, body.get("model"), reshape)
    if tokens is None:
        tokens = await counter.count(principal.caller, to_prompt(body))
    return MessageTokens(input_tokens=tokens)
