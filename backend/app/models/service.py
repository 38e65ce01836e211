"""Answers for /api/models and /api/llm/health, from what the monitor knows."""

from __future__ import annotations

from app.coord.base import Coord
from app.llm.types import Caller
from app.models.health import HealthMonitor
from app.models.routes import ModelRoutes
from app.models.schemas import HealthRead, ModelList, ModelRead
from app.models.targets import OfferedModel

DEMO_NAME = "Demo model"


class ModelService:
    """Reads the target table and the monitor; changes nothing."""

    def __init__(self, routes: ModelRoutes, monitor: HealthMonitor, coord: Coord) -> None:
        self._routes = routes
        self._monitor = monitor
        self._coord = coord

    def list(self, caller: Caller) -> ModelList:
        """Return the models that the caller may use; empty while the server was not heard of yet."""
        return ModelList(items=[self._read(model) for model in self._routes.visible_to(caller)])

    async def health(self) -> HealthRead:
        """Say whether a model can answer. Degraded: it can, but something behind the portal is away."""
        model_health = await self._monitor.current()
        coord_health = await self._coord.health()
        default = self._routes.default
        status, message = "healthy", model_health.message or "The model answers."
        if not model_health.is_available and self._routes.has_answering_provider:
            status, message = "degraded", "The portal's own model server is away; other providers answer."
        elif not model_health.is_available:
            status = "unavailable"
        elif not coord_health.is_healthy:
            status, message = (
                "degraded",
                "The shared store is away: limits are counted by each process alone.",
            )
        return HealthRead.model_validate(
            {
                "status": status,
                "model": default.alias if default else None,
                "is_demo": self._routes.is_demo and (default is None or self._routes.is_local(default)),
                "source": self._routes.source,
                "latency_ms": model_health.latency_ms and round(model_health.latency_ms, 2),
                "message": message,
            }
        )

    def _read(self, model: OfferedModel) -> ModelRead:
        is_local = self._routes.is_local(model)
        is_demo = is_local and self._routes.is_demo
        return ModelRead(
            id=model.alias,
            name=DEMO_NAME if is_demo else model.alias,
            is_default=model == self._routes.default,
            is_demo=is_demo,
            source=self._routes.source if is_local else "configured",
            context_window=model.context_window,
            capabilities=self._routes.capabilities(model),
        )
