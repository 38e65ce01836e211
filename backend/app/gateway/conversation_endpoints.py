"""`/v1/conversations`: what OpenAI's SDKs call as `client.conversations`, for responses of every model."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from app.gateway.bodies import read_body
from app.gateway.conversation_service import ConversationService
from app.gateway.endpoints import AskedPage, GatewayUser, as_json, take_request

router = APIRouter(prefix="/v1/conversations", tags=["openai"], dependencies=[Depends(take_request)])

_JSON: dict[str, Any] = {"content": {"application/json": {"schema": {"type": "object"}}}}
_ABSENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "As asked.", **_JSON},
    404: {"description": "No conversation or item of that id is yours."},
}
_MADE: dict[int | str, dict[str, Any]] = {
    200: {"description": "As asked.", **_JSON},
    400: {"description": "The body is wrong; OpenAI's error shape."},
}


def _body(example: dict[str, Any], *, is_required: bool = True) -> dict[str, Any]:
    schema = {"schema": {"type": "object", "additionalProperties": True}, "example": example}
    return {"requestBody": {"required": is_required, "content": {"application/json": schema}}}


async def get_conversations(request: Request) -> ConversationService:
    service: ConversationService = request.app.state.conversations
    return service


Conversations = Annotated[ConversationService, Depends(get_conversations)]
ConversationPath = Annotated[str, Path(description="The conversation's id.", max_length=100)]
ItemPath = Annotated[str, Path(description="The item's id.", max_length=100)]
_ITEMS = {"items": [{"type": "message", "role": "user", "content": "Hello!"}]}


@router.post(
    "",
    summary="Begin a conversation",
    description="Give its id as `conversation` with each response: what was said before is read, what is asked and "
    "answered is put at its end. Kept until it is removed, or for as long as the portal's settings say.",
    responses=_MADE,
    openapi_extra=_body({**_ITEMS, "metadata": {"topic": "greeting"}}, is_required=False),
)
async def create_conversation(
    request: Request, principal: GatewayUser, conversations: Conversations
) -> Response:
    body = read_body(await request.body() or b"{}")
    return as_json(await conversations.create(principal, body))


@router.get("/{conversation_id}", summary="A conversation", responses=_ABSENT)
async def read_conversation(
    principal: GatewayUser, conversations: Conversations, conversation_id: ConversationPath
) -> Response:
    return as_json(await conversations.read(principal, conversation_id))


@router.post(
    "/{conversation_id}",
    summary="Change a conversation's metadata",
    responses={**_MADE, **_ABSENT},
    openapi_extra=_body({"metadata": {"topic": "farewell"}}),
)
async def update_conversation(
    request: Request, principal: GatewayUser, conversations: Conversations, conversation_id: ConversationPath
) -> Response:
    body = read_body(await request.body(), "metadata")
    return as_json(await conversations.update(principal, conversation_id, body))


@router.delete("/{conversation_id}", summary="Remove a conversation with its items", responses=_ABSENT)
async def delete_conversation(
    principal: GatewayUser, conversations: Conversations, conversation_id: ConversationPath
) -> Response:
    return as_json(await conversations.delete(principal, conversation_id))


@router.post(
    "/{conversation_id}/items",
    summary="Put items at a conversation's end",
    responses={**_MADE, **_ABSENT},
    openapi_extra=_body(_ITEMS),
)
async def add_items(
    request: Request, principal: GatewayUser, conversations: Conversations, conversation_id: ConversationPath
) -> Response:
    body = read_body(await request.body(), "items")
    return as_json(await conversations.add_items(principal, conversation_id, body))


@router.get("/{conversation_id}/items", summary="What was said in a conversation", responses=_ABSENT)
async def list_items(
    principal: GatewayUser,
    conversations: Conversations,
    conversation_id: ConversationPath,
    page: AskedPage,
) -> Response:
    return as_json(await conversations.items(principal, conversation_id, page))


@router.get("/{conversation_id}/items/{item_id}", summary="An item of a conversation", responses=_ABSENT)
async def read_item(
    principal: GatewayUser, conversations: Conversations, conversation_id: ConversationPath, item_id: ItemPath
) -> Response:
    return as_json(await conversations.item(principal, conversation_id, item_id))


@router.delete(
    "/{conversation_id}/items/{item_id}", summary="Remove an item of a conversation", responses=_ABSENT
)
async def delete_item(
    principal: GatewayUser, conversations: Conversations, conversation_id: ConversationPath, item_id: ItemPath
) -> Response:
    return as_json(await conversations.delete_item(principal, conversation_id, item_id))
