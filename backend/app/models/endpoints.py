"""/api/models, and the open /api/llm/health."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.auth.deps import require_scope
from app.auth.principal import Principal
from app.models.schemas import HealthRead, ModelList
from app.models.service import ModelService

router = APIRouter(prefix="/api/models", tags=["models"])
health_router = APIRouter(prefix="/api/llm", tags=["llm"])


async def get_model_service(request: Request) -> ModelService:
    """Return the service over the running portal's targets."""
    runtime = request.app.state.runtime
    return ModelService(runtime.routes, runtime.health, runtime.coord)


Models = Annotated[ModelService, Depends(get_model_service)]


@router.get("", summary="List the models you may use")
async def list_models(
    caller: Annotated[Principal, Depends(require_scope("chat"))], models: Models
) -> ModelList:
    return models.list(caller.caller)


@health_router.get(
    "/health",
    summary="Whether a model can answer",
    responses={503: {"model": HealthRead, "description": "No model can answer now."}},
)
async def model_health(models: Models, response: Response) -> HealthRead:
    health = await models.health()
    if health.status == "unavailable":
        response.status_code = 503
        response.headers["retry-after"] = "2"
    return health
