"""/api/mqtt/auth and /api/mqtt/acl: EMQX asks the portal who may sign in, and what they may do.

EMQX takes any answer but 200 as "somebody else may decide", so a refusal is a 200 that says `deny`. A field that is null
is an error to it, and rules that come with the sign-in hold for as long as the client stays: a deleted device's too.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict

from app.auth.errors import NoCredentialError
from app.bridge.deps import BrokerSignInDep
from app.errors import NotFoundError
from app.kit.hashing import is_equal

_SECRET = HTTPBearer(
    auto_error=False, scheme_name="BrokerSecret", description="The secret of MQTT_AUTH_SECRET."
)


async def emqx_only(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_SECRET)]
) -> None:
    """Let in who knows MQTT_AUTH_SECRET; without such a setting there is nothing here."""
    secret = request.app.state.runtime.settings.mqtt_auth_secret.get_secret_value()
    if not secret:
        raise NotFoundError("MQTT_AUTH_SECRET is not set: no broker asks this portal.")
    if given is None or not is_equal(given.credentials, secret):
        raise NoCredentialError


router = APIRouter(prefix="/api/mqtt", tags=["devices"], dependencies=[Depends(emqx_only)])

_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"description": "The secret of MQTT_AUTH_SECRET is missing or wrong."},
    404: {"description": "MQTT_AUTH_SECRET is not set."},
}


class SignInBody(BaseModel):
    """What EMQX's template sends of a client that connects."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"username": "robot-k3f9x2", "password": "pp_…"}]}
    )

    username: str = ""
    password: str = ""


class BrokerSignInRead(BaseModel):
    """EMQX's answer format (5.0; `expire_at` since 5.8: it throws the client out then)."""

    result: Literal["allow", "deny"]
    is_superuser: bool = False
    expire_at: int | None = None


class AclBody(BaseModel):
    """What EMQX's template sends of a publish or a subscription."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"username": "robot-k3f9x2", "action": "publish", "topic": "pp/v1/robot-k3f9x2/req"}]
        }
    )

    username: str = ""
    action: Literal["publish", "subscribe"]
    topic: str


class AclRead(BaseModel):
    result: Literal["allow", "deny"]


@router.post(
    "/auth",
    summary="Whether a client may sign in at the broker (EMQX)",
    response_model_exclude_none=True,
    responses=_REFUSALS,
)
async def check_sign_in(body: SignInBody, sign_in: BrokerSignInDep) -> BrokerSignInRead:
    admission = await sign_in.admit(body.username, body.password)
    if admission is None:
        return BrokerSignInRead(result="deny")
    if admission.account is None:
        return BrokerSignInRead(result="allow", is_superuser=True)
    expires_at = admission.expires_at
    return BrokerSignInRead(
        result="allow", expire_at=None if expires_at is None else int(expires_at.timestamp())
    )


@router.post("/acl", summary="Whether a client may publish or subscribe (EMQX)", responses=_REFUSALS)
async def check_access(body: AclBody, sign_in: BrokerSignInDep) -> AclRead:
    is_allowed = await sign_in.may(body.username, body.action, body.topic)
    return AclRead(result="allow" if is_allowed else "deny")
