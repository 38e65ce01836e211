"""`/v1/responses`: what OpenAI's SDKs call as `client.responses`, over every model."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from app.chat.deps import IdempotencyKey
from app.chat.stream import run_until_disconnect
from app.gateway.bodies import read_body
from app.gateway.direct import stream_of
from app.gateway.endpoints import AskedPage, GatewayUser, LimitHeaders, as_json
from app.gateway.message_count import PromptCounter
from app.gateway.message_endpoints import get_counter
from app.gateway.response_service import ResponseService
from app.gateway.responses import ByteStream

router = APIRouter(prefix="/v1/responses", tags=["openai"])

_EXAMPLE = {"model": "prompt-portal-demo", "input": "Hello!"}
_BODY = {"schema": {"type": "object", "additionalProperties": True}, "example": _EXAMPLE}
_JSON: dict[str, Any] = {"content": {"application/json": {"schema": {"type": "object"}}}}
_CREATED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The response, or with `stream: true` server-sent events.", **_JSON},
    400: {"description": "The body is wrong, or holds what cannot be translated; OpenAI's error shape."},
}
_ABSENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The response.", **_JSON},
    404: {"description": "No stored response of that id is yours."},
}


async def get_responses(request: Request) -> ResponseService:
    service: ResponseService = request.app.state.responses
    return service


Responses = Annotated[ResponseService, Depends(get_responses)]
ResponsePath = Annotated[str, Path(description="The response's id.", max_length=100)]


@router.post(
    "",
    summary="Responses",
    description="As OpenAI's, by translation to chat completions: whole, streamed, with tools, JSON schemas, "
    "`previous_response_id` or `conversation`, and `background: true` (poll, stream again from any event, cancel). "
    "Kept for 30 days unless `store` is false. `session_id` makes it a turn of that conversation of the portal's.",
    responses=_CREATED,
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": _BODY}}},
)
async def create_response(
    request: Request,
    principal: GatewayUser,
    responses: Responses,
    headers: LimitHeaders,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = read_body(await request.body(), "input", "prompt")
    if body.get("session_id") is not None:
        turn = await responses.begin_turn(principal, body, idempotency_key)
        if body.get("stream"):
            return ByteStream(responses.turn_events(*turn), headers)
        return as_json(await run_until_disconnect(request.receive, responses.whole_turn(*turn)), headers)
    work = await responses.begin(principal, body)
    if body.get("background"):
        started = await responses.start_in_background(work)
        if not body.get("stream"):
            return as_json(started, headers)
        return ByteStream(await responses.events(principal, work.response["id"], None), headers)
    wish = responses.wish(work, request.scope, body)
    if body.get("stream"):
        begin = responses.begin_stream(work) if wish is None else responses.begin_kept(work, wish)
        return await stream_of(begin, request.receive)
    if wish is None:
        return as_json(await run_until_disconnect(request.receive, responses.whole(work)), headers)
    kept = await run_until_disconnect(request.receive, responses.whole_kept(work, wish))
    return Response(kept, media_type="application/json", headers=headers)


@router.post(
    "/input_tokens",
    summary="Count the tokens of a response's input",
    description="By a server that has responses itself; else by the model server's own tokenizer where it has one.",
    responses={200: _ABSENT[200], 400: _CREATED[400]},
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": _BODY}}},
)
async def count_input_tokens(
    request: Request,
    principal: GatewayUser,
    responses: Responses,
    counter: Annotated[PromptCounter, Depends(get_counter)],
    headers: LimitHeaders,
) -> Response:
    body = read_body(await request.body(), "input", "prompt")
    return as_json(await responses.count_tokens(principal, body, counter), headers)


@router.get(
    "/{response_id}",
    summary="A stored response",
    description="With `stream=true` the events of one in the background, those above `starting_after`, live or again.",
    responses=_ABSENT,
)
async def read_response(
    principal: GatewayUser,
    responses: Responses,
    response_id: ResponsePath,
    stream: bool = False,
    starting_after: Annotated[int | None, Query(ge=-1, le=2**31)] = None,
) -> Response:
    if stream:
        return ByteStream(await responses.events(principal, response_id, starting_after))
    return as_json(await responses.read(principal, response_id))


@router.get("/{response_id}/input_items", summary="What was put into a response", responses=_ABSENT)
async def list_input_items(
    principal: GatewayUser,
    responses: Responses,
    response_id: ResponsePath,
    page: AskedPage,
) -> Response:
    return as_json(await responses.input_items(principal, response_id, page))


@router.post("/{response_id}/cancel", summary="Stop a response in the background", responses=_ABSENT)
async def cancel_response(
    principal: GatewayUser, responses: Responses, response_id: ResponsePath
) -> Response:
    return as_json(await responses.cancel(principal, response_id))


@router.delete("/{response_id}", summary="Remove a stored response", responses=_ABSENT)
async def delete_response(
    principal: GatewayUser, responses: Responses, response_id: ResponsePath
) -> Response:
    return as_json(await responses.delete(principal, response_id))
