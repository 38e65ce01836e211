"""What /api/mqtt refuses."""

from __future__ import annotations

from app.errors import ConflictError, TooLargeError, UnavailableError


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


class AnswerTooLargeError(TooLargeError):
    """The broker takes no message of this size: it would end the connection, and again at each try."""

    code = "answer_too_large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"The answer is larger than the {most_bytes} bytes that this MQTT broker takes at once. "
            "Ask for less, or ask over HTTP."
        )
