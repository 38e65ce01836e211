"""What the broker's endpoints ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.auth.deps import Services
from app.devices.connections import ConnectionService
from app.devices.service import DeviceService
from app.devices.sign_in import BrokerSignIn


async def get_broker_sign_in(request: Request, services: Services) -> BrokerSignIn:
    runtime = request.app.state.runtime
    settings, clock = runtime.settings, runtime.clock
    return BrokerSignIn(
        DeviceService(services.database, services.keys, [], clock=clock),
        ConnectionService(services.database, clock=clock),
        portal_user=settings.mqtt_username,
        portal_password=settings.mqtt_password.get_secret_value(),
    )


BrokerSignInDep = Annotated[BrokerSignIn, Depends(get_broker_sign_in)]
