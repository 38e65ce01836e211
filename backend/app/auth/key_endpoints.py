"""/api/keys: a person's API keys. It stands in `auth` because `keys` lies below it; no key is let in here."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.auth.deps import Keys, SignedInUser
from app.auth.schemas import Done
from app.keys.schemas import KeyCreate, KeyCreated, KeyList, KeyRead, KeyUpdate

router = APIRouter(prefix="/api/keys", tags=["keys"])


@router.get("", summary="List the caller's keys")
async def list_keys(principal: SignedInUser, keys: Keys) -> KeyList:
    rows = await keys.list(principal.user.id)
    return KeyList(items=[KeyRead.model_validate(row) for row in rows])


@router.post(
    "",
    status_code=201,
    summary="Make a key; its secret is in this answer only",
    responses={
        403: {"description": "A key was sent, or the role may not give this scope."},
        409: {"description": "The caller has too many keys."},
    },
)
async def create_key(body: KeyCreate, principal: SignedInUser, keys: Keys, response: Response) -> KeyCreated:
    row, secret = await keys.create(principal.user.id, body, is_admin=principal.is_admin)
    response.headers["cache-control"] = "no-store"
    return KeyCreated(**dict(KeyRead.model_validate(row)), key=secret)


@router.patch(
    "/{key_id}",
    summary="Change a key's name, limits, models or expiry",
    responses={404: {"description": "No such key of the caller."}},
)
async def update_key(key_id: str, body: KeyUpdate, principal: SignedInUser, keys: Keys) -> KeyRead:
    return KeyRead.model_validate(await keys.update(principal.user.id, key_id, body))


@router.delete(
    "/{key_id}",
    summary="Revoke a key at once, everywhere",
    description="What runs for it ends, too.",
    responses={404: {"description": "No such key of the caller."}},
)
async def delete_key(key_id: str, principal: SignedInUser, keys: Keys) -> Done:
    await keys.revoke(principal.user.id, key_id)
    return Done()
