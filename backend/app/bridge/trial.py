"""One connection to a broker, to see whether it lets the portal in; nothing is said there, and nothing is heard."""

from __future__ import annotations

import asyncio

from app.bridge.transport import Broker, MqttTransport


async def problem_at(broker: Broker, client_id: str, seconds: float) -> str:
    """Return in words why the broker does not let the portal in; empty when it does. Raises CertificateFileError."""
    place = f"{broker.host}:{broker.port}"
    outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def tell(problem: str) -> None:
        if not outcome.done():
            outcome.set_result(problem)

    def on_change(is_connected: bool) -> None:
        tell("" if is_connected else f"{place} ends the connection: does it speak MQTT, and TLS or not?")

    transport = MqttTransport(broker, client_id, on_change, last_will=None, on_problem=tell, reconnects=False)
    transport.open([], lambda message: None)
    try:
        async with asyncio.timeout(seconds):
            return await outcome
    except TimeoutError:
        return f"{place} takes the connection and does not answer."
    finally:
        await transport.close(ends_session=True)
