"""The one list of routers."""

from __future__ import annotations

from fastapi import APIRouter

from app.account.endpoints import router as account_router
from app.admin.endpoints import metrics_router
from app.admin.endpoints import router as admin_router
from app.admin.usage_endpoints import router as admin_usage_router
from app.announcements.endpoints import router as announcement_router
from app.attachments.endpoints import router as attachment_router
from app.auth.endpoints import router as auth_router
from app.auth.key_endpoints import router as key_router
from app.bridge.auth_endpoints import router as mqtt_auth_router
from app.bridge.endpoints import router as mqtt_router
from app.bridge.endpoints import websocket_router as mqtt_websocket_router
from app.chat.folder_endpoints import router as folder_router
from app.chat.llm_endpoints import router as llm_router
from app.chat.session_endpoints import router as session_router
from app.chat.share_endpoints import public_router as shared_router
from app.chat.share_endpoints import router as share_router
from app.chat.transfer_endpoints import router as transfer_router
from app.chat.turn_endpoints import router as turn_router
from app.devices.endpoints import router as device_router
from app.gateway.conversation_endpoints import router as conversation_router
from app.gateway.endpoints import router as gateway_router
from app.gateway.message_endpoints import router as message_router
from app.gateway.response_endpoints import router as response_router
from app.models.endpoints import health_router
from app.models.endpoints import router as model_router
from app.models.provider_endpoints import router as provider_router
from app.projects.endpoints import router as project_router
from app.templates.endpoints import router as template_router
from app.usage.endpoints import router as usage_router
from app.web.probes import router as probe_router

ROUTERS: tuple[APIRouter, ...] = (
    auth_router,
    account_router,
    key_router,
    llm_router,
    turn_router,
    transfer_router,  # before the sessions: /export is no session's id
    folder_router,  # before the sessions, as well
    share_router,
    shared_router,
    session_router,
    template_router,
    attachment_router,
    model_router,
    provider_router,
    health_router,
    probe_router,
    device_router,
    project_router,
    mqtt_router,
    mqtt_auth_router,
    mqtt_websocket_router,
    announcement_router,
    admin_router,
    admin_usage_router,
    usage_router,
    metrics_router,
    response_router,
    conversation_router,
    message_router,  # before the gateway, which answers for every other path under /v1
    gateway_router,
)

# What is left without the role `http`: whether the process lives, and what it counts.
PROBES: tuple[APIRouter, ...] = (probe_router, metrics_router)
