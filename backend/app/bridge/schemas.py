"""What /api/mqtt answers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class MqttRead(BaseModel):
    """The broker as the portal sees it.

    `is_own`: the portal runs it, and devices sign in there by their secret. `is_fallback`: it is amqtt, which speaks
    MQTT 3.1.1 only and keeps nothing.
    """

    status: Literal["connected", "disconnected", "off"]
    message: str
    is_own: bool = False
    is_fallback: bool = False
    host: str | None = None
    port: int | None = None
    websocket_port: int | None = None
    websocket_path: str | None = None
    projects: list[str] = []


class ProjectTopics(BaseModel):
    """Where a page speaks to a project, with its password as `token` and a `replyTopic` under `response`."""

    user_input: str
    state: str
    status: str


class ConnectionTopics(BaseModel):
    """A page's own topics: `response` is a prefix, `cancel` takes the request's id at its end."""

    request: str
    response: str
    cancel: str
    status: str
    projects: dict[str, ProjectTopics]


class ConnectionRead(BaseModel):
    """How a page connects by MQTT over WebSocket (subprotocol `mqtt`), until `expires_at`; the password is shown this once.

    `url` is a path of the portal's own address; `protocol_version` as MQTT numbers them: 5, or 4 for 3.1.1.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "/mqtt",
                    "protocol_version": 5,
                    "client_id": "page-k3f9x2",
                    "username": "page-k3f9x2",
                    "password": "ppm_abc123" + "…" * 3,
                    "expires_at": "2026-11-21T10:30:00Z",
                    "topics": {
                        "request": "pp/v1/page-k3f9x2/req",
                        "response": "pp/v1/page-k3f9x2/res/",
                        "cancel": "pp/v1/page-k3f9x2/cancel/",
                        "status": "pp/v1/page-k3f9x2/status",
                        "projects": {
                            "maze": {
                                "user_input": "maze/user_input",
                                "state": "maze/state",
                                "status": "maze/status",
                            }
                        },
                    },
                }
            ]
        }
    )

    url: str
    protocol_version: Literal[4, 5] = 5
    client_id: str
    username: str
    password: str
    expires_at: datetime
    topics: ConnectionTopics


def topics_of(client: str, projects: list[str]) -> ConnectionTopics:
    """Return a page's topics."""
    own = f"pp/v1/{client}"
    return ConnectionTopics(
        request=f"{own}/req",
        response=f"{own}/res/",
        cancel=f"{own}/cancel/",
        status=f"{own}/status",
        projects={
            name: ProjectTopics(
                user_input=f"{name}/user_input", state=f"{name}/state", status=f"{name}/status"
            )
            for name in projects
        },
    )
