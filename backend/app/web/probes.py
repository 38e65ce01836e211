"""Probes for load balancers: `/healthz` says the process lives, `/readyz` that it can take requests."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse

from app.errors import PortalError

router = APIRouter(tags=["probes"])


@router.head("/healthz", include_in_schema=False)  # many monitors ask so
@router.get("/healthz", response_class=PlainTextResponse, summary="The process lives")
async def healthz() -> str:
    return "ok"


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    response_class=PlainTextResponse,
    summary="The portal can take requests",
    responses={503: {"description": "The database does not answer."}},
)
async def readyz(request: Request) -> PlainTextResponse:
    try:
        await request.app.state.runtime.database.ping()
    except PortalError:
        return PlainTextResponse("not ready", status_code=503)
    return PlainTextResponse("ready")
