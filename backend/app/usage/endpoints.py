"""/api/usage: what the caller has used."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from app.auth.deps import CurrentUser
from app.usage.schemas import BudgetStates, OwnGroup, UsageReport
from app.usage.service import UsageService

router = APIRouter(prefix="/api/usage", tags=["usage"])


async def get_usage(request: Request) -> UsageService:
    service: UsageService = request.app.state.runtime.usage
    return service


Usage = Annotated[UsageService, Depends(get_usage)]
Since = Annotated[date | None, Query(description="The first day (UTC); 30 days up to `until` when left out.")]
Until = Annotated[date | None, Query(description="The last day (UTC); today when left out.")]


@router.get("", summary="What you have used; a key sees its own alone")
async def own_usage(
    principal: CurrentUser, usage: Usage, by: OwnGroup = "day", since: Since = None, until: Until = None
) -> UsageReport:
    return await usage.of_caller(principal, by, since, until)


@router.get("/budgets", summary="Your budgets, and what is spent of them")
async def own_budgets(principal: CurrentUser, usage: Usage) -> BudgetStates:
    return await usage.budgets(principal)
