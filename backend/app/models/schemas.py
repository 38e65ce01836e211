"""Models and the model's health as the API shows them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

_EXAMPLE: dict[str, Any] = {
    "id": "prompt-portal-demo",
    "name": "Demo model",
    "is_default": True,
    "is_demo": True,
    "source": "embedded",
    "context_window": 2048,
    "capabilities": ["chat"],
}


class ModelRead(BaseModel):
    """A model that the caller may name in `model`."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    is_default: bool
    is_demo: bool
    source: Literal["embedded", "configured"]
    context_window: int | None
    capabilities: list[str]


class ModelList(BaseModel):
    items: list[ModelRead]


class HealthRead(BaseModel):
    """Whether a model can answer; nothing here tells where it runs."""

    status: Literal["healthy", "degraded", "unavailable"]
    model: str | None
    is_demo: bool
    source: Literal["embedded", "configured"]
    latency_ms: float | None
    message: str
