"""What /api/mqtt refuses."""

from __future__ import annotations

from app.errors import ConflictError, UnavailableError


class MqttOffError(ConflictError):
    code = "mqtt_off"

    def __init__(self) -> None:
        super().__init__("There is no MQTT broker: set MQTT_BROKER_HOST, or install Mosquitto.")


class MqttDisconnectedError(UnavailableError):
    code = "mqtt_disconnected"

    def __init__(self) -> None:
        super().__init__("The MQTT broker does not answer. Try again in a moment.", retry_after_seconds=2)


class MqttNotManagedError(ConflictError):
    code = "mqtt_not_managed"

    def __init__(self) -> None:
        super().__init__(
            "The portal does not keep the accounts of this broker. Sign in there by one of its own."
        )
