"""`/v1`: what OpenAI's SDKs call. The routes of completions and embeddings describe what `direct` answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.auth.deps import Bearer, Services
from app.auth.principal import Principal
from app.chat.deps import IdempotencyKey
from app.errors import NotFoundError
from app.gateway.callers import GatewayCallers
from app.gateway.direct import respond
from app.gateway.item_pages import ItemPage
from app.gateway.models import ModelEntry, ModelPage
from app.gateway.service import GatewayService
from app.limits.rates import rate_headers

router = APIRouter(prefix="/v1", tags=["openai"])


async def get_gateway(request: Request) -> GatewayService:
    gateway: GatewayService = request.app.state.gateway
    return gateway


async def gateway_user(
    request: Request,
    services: Services,
    _described: Bearer,  # read by the callers; named here for the API's description
) -> Principal:
    """Return who asks, with the scope `gateway`."""
    callers: GatewayCallers = request.app.state.gateway.callers
    return await callers.of(request.scope, services.identity)


GatewayUser = Annotated[Principal, Depends(gateway_user)]


async def take_request(principal: GatewayUser, services: Services) -> dict[str, str]:
    """Count one of the caller's requests; returns the headers that tell what is left."""
    return rate_headers(await services.limits.take_request(principal.subjects))


async def item_page(
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Literal["asc", "desc"] = "desc",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> ItemPage:
    """Return which part of a list of items is asked for."""
    return ItemPage(limit, order == "desc", after)


def as_json(data: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """Answer with an object of OpenAI's API."""
    return Response(orjson.dumps(data), media_type="application/json", headers=headers)


AskedPage = Annotated[ItemPage, Depends(item_page)]
Gateway = Annotated[GatewayService, Depends(get_gateway)]
LimitHeaders = Annotated[dict[str, str], Depends(take_request)]

_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {
        "description": "The body is wrong, or the model server rejected the request; OpenAI's error shape."
    },
    404: {"description": "No such model for you; the message names the nearest."},
    429: {"description": "A limit of the key, a full queue, or the provider's own; see `retry-after`."},
    502: {"description": "The model server failed."},
    503: {"description": "The model server does not answer."},
    504: {"description": "The model server was too slow."},
}


def _documented(example: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    body = {"schema": {"type": "object", "additionalProperties": True}, "example": example}
    return {
        "responses": {
            **_ERRORS,
            200: {
                "description": "The answer, or with `stream: true` server-sent events.",
                "content": {"application/json": {"schema": {"type": "object"}, "example": answer}},
            },
        },
        "openapi_extra": {"requestBody": {"required": True, "content": {"application/json": body}}},
    }


_QUESTION = {"model": "prompt-portal-demo", "messages": [{"role": "user", "content": "Hello!"}]}
_ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_767_225_600,
    "model": "prompt-portal-demo",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}


@router.post(
    "/chat/completions",
    summary="Chat completions",
    description="As OpenAI's, whole or streamed; unknown fields go to the model server. Beyond OpenAI's: `session_id` "
    "makes it a turn of that conversation (send the new message alone), `template_id` and `variables` put a template "
    "before the messages.",
    **_documented(_QUESTION, _ANSWER),
)
async def chat_completions(
    request: Request,
    services: Services,
    _described: Bearer,
    _key: IdempotencyKey = None,
) -> Response:
    return await respond("chat/completions", request.scope, request.receive, services, request.app.state)


@router.post(
    "/completions",
    summary="Completions of a text",
    **_documented(
        {"model": "prompt-portal-demo", "prompt": "The capital of France is", "max_tokens": 8},
        {
            "id": "cmpl-1",
            "object": "text_completion",
            "choices": [{"index": 0, "text": " Paris.", "finish_reason": "stop"}],
        },
    ),
)
async def completions(request: Request, services: Services, gateway: Gateway, _described: Bearer) -> Response:
    return await respond("completions", request.scope, request.receive, services, request.app.state)


@router.post(
    "/embeddings",
    summary="Embeddings",
    **_documented(
        {"model": "an-embedding-model", "input": ["a text"]},
        {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}]},
    ),
)
async def embeddings(request: Request, services: Services, gateway: Gateway, _described: Bearer) -> Response:
    return await respond("embeddings", request.scope, request.receive, services, request.app.state)


@router.get("/models/", include_in_schema=False)
@router.get("/models", summary="List the models you may use")
async def list_models(principal: GatewayUser, gateway: Gateway) -> ModelPage:
    return gateway.models(principal)


@router.get("/models/{model:path}", summary="One model", responses={404: _ERRORS[404]})
async def get_model(principal: GatewayUser, gateway: Gateway, model: str) -> ModelEntry:
    return gateway.model(principal, model)


@router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
async def nothing_here(request: Request, path: str) -> Response:
    advice = "The portal has chat/completions, completions, embeddings, models, responses and messages."
    if path.startswith("v1/"):
        advice = "The base URL has /v1 once too often: Anthropic's SDKs add it themselves."
    raise NotFoundError(f"There is nothing at {request.method} /v1/{path}. {advice}")
