"""Puts the gateway together from the running portal's parts."""

from __future__ import annotations

from app.chat.runtime import Runtime
from app.gateway.cache import AnswerCache
from app.gateway.callers import GatewayCallers
from app.gateway.conversation_service import ConversationService
from app.gateway.own_background import ResponsesElsewhere
from app.gateway.response_background import BackgroundResponses
from app.gateway.response_service import ResponseService
from app.gateway.service import GatewayService


def create_gateway(runtime: Runtime) -> GatewayService:
    """Return the gateway over a runtime; it has nothing of its own to start or close."""
    return GatewayService(
        runtime.sessions,
        runtime.chat,
        runtime.turns,
        runtime.routes,
        runtime.templates,
        runtime.meter,
        runtime.clock,
        runtime.settings.llm_timeout,
        GatewayCallers(runtime.settings),
    )


def create_answer_cache(runtime: Runtime, gateway: GatewayService) -> AnswerCache:
    """Return what keeps answers, in the store that the replicas share."""
    coord, settings = runtime.coord, runtime.settings
    return AnswerCache(gateway, runtime.routes, coord.blobs, coord.locks, settings.gateway_cache_bytes)


def create_responses(
    runtime: Runtime, gateway: GatewayService, cache: AnswerCache, conversations: ConversationService
) -> ResponseService:
    """Return what answers `/v1/responses`; it lives within the runtime."""
    background = BackgroundResponses(
        gateway,
        runtime.database,
        runtime.coord,
        runtime.replica,
        runtime.clock,
        ResponsesElsewhere(runtime.routes),
    )
    return ResponseService(gateway, runtime.database, background, runtime.clock, cache, conversations)
