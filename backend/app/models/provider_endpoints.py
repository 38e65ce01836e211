"""/api/admin/providers: model servers that administrators enter."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from app.auth.deps import current_admin
from app.auth.schemas import Done
from app.models.provider_schemas import (
    DraftRead,
    DraftWish,
    ProviderCreate,
    ProviderList,
    ProviderRead,
    ProviderTest,
    ProviderTestWish,
    ProviderUpdate,
)
from app.models.provider_service import ProviderService

_ABSENT: dict[int | str, dict[str, Any]] = {404: {"description": "No stored provider of that id."}}
_REFUSED: dict[int | str, dict[str, Any]] = {
    409: {"description": "The name is taken, or there is no ENCRYPTION_KEY to store a key with."}
}

router = APIRouter(
    prefix="/api/admin/providers",
    tags=["providers"],
    dependencies=[Depends(current_admin)],
    responses={403: {"description": "For administrators only."}},
)


async def get_providers(request: Request) -> ProviderService:
    service: ProviderService = request.app.state.runtime.providers
    return service


Providers = Annotated[ProviderService, Depends(get_providers)]
ProviderPath = Annotated[str, Path(description="The provider's id.")]


@router.get("", summary="List the providers, those of models.yaml too")
async def list_providers(providers: Providers) -> ProviderList:
    return await providers.page()


@router.post("", status_code=201, summary="Enter a provider", responses=_REFUSED)
async def create_provider(providers: Providers, wish: ProviderCreate) -> ProviderRead:
    return await providers.create(wish)


@router.get("/{provider_id}", summary="Read a stored provider", responses=_ABSENT)
async def read_provider(providers: Providers, provider_id: ProviderPath) -> ProviderRead:
    return await providers.read(provider_id)


@router.patch("/{provider_id}", summary="Change a stored provider", responses={**_ABSENT, **_REFUSED})
async def update_provider(
    providers: Providers, provider_id: ProviderPath, wish: ProviderUpdate
) -> ProviderRead:
    return await providers.update(provider_id, wish)


@router.delete("/{provider_id}", summary="Remove a stored provider", responses=_ABSENT)
async def delete_provider(providers: Providers, provider_id: ProviderPath) -> Done:
    await providers.delete(provider_id)
    return Done()


@router.post(
    "/{provider_id}/test",
    summary="Ask a provider whether it answers, and for its models",
    description="With `samples` (recorded answers) nothing is asked: they are run through its mapping.",
    responses=_ABSENT,
)
async def test_provider(
    providers: Providers, provider_id: ProviderPath, wish: ProviderTestWish | None = None
) -> ProviderTest:
    if wish is not None and wish.samples:
        return await providers.replay(provider_id, wish.samples)
    return await providers.test(provider_id)


@router.post("/draft", summary="Draft a mapping from a request and its answer")
async def draft_mapping(providers: Providers, wish: DraftWish) -> DraftRead:
    return providers.draft(wish)
