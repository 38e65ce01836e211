"""Models as `/v1/models` lists them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from app.models.targets import OfferedModel

_SINCE = (
    1_767_225_600  # 2026-01-01: the portal does not know when a model was made, and clients want a number
)
_ENTRY: dict[str, Any] = {
    "id": "prompt-portal-demo",
    "object": "model",
    "created": _SINCE,
    "owned_by": "prompt-portal",
    "context_window": 2048,
    "capabilities": ["chat"],
}


class ModelEntry(BaseModel):
    """A model. `context_window` in tokens, null where unknown; this and `capabilities` are the portal's additions."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENTRY]})

    id: str
    object: Literal["model"] = "model"
    created: int = _SINCE
    owned_by: str = "prompt-portal"
    context_window: int | None
    capabilities: list[str]

    @classmethod
    def of(cls, model: OfferedModel, capabilities: list[str]) -> ModelEntry:
        return cls(id=model.alias, context_window=model.context_window, capabilities=capabilities)


class ModelPage(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelEntry]
