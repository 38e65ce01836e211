"""Why a broker is away is told in words, once, whichever way the bridge's connection is driven."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from app.bridge.transport import Broker, MqttTransport
from tests.fixtures.mosquitto import Mosquitto

pytestmark = pytest.mark.live


class Heard:
    """A transport that connects to a port, and what it tells."""

    def __init__(self, port: int) -> None:
        self.problems: asyncio.Queue[str] = asyncio.Queue()
        self.transport = MqttTransport(
            Broker("127.0.0.1", port),
            "problem-test",
            lambda is_there: None,
            last_will=None,
            on_problem=self.problems.put_nowait,
        )
        self.transport.open(["a/b"], lambda message: None)

    async def next(self) -> str:
        async with asyncio.timeout(10):
            return await self.problems.get()


@pytest.mark.parametrize("is_watched", [True, False], ids=["on the loop", "in a thread"])
async def test_a_broker_that_is_not_there_is_told_until_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, is_watched: bool
) -> None:
    monkeypatch.setattr("app.bridge.paho_loop._can_watch_sockets", lambda loop: is_watched)
    caplog.set_level(logging.WARNING)
    broker = Mosquitto(tmp_path)
    heard = Heard(broker.port)
    try:
        assert await heard.next() == f"127.0.0.1:{broker.port} is not reached: Connection refused."
        await asyncio.sleep(0.5)  # it is tried again a few times
        assert heard.problems.empty()
        broker.start()
        assert await heard.next() == ""
    finally:
        await heard.transport.close(ends_session=True)
        broker.stop()
    assert caplog.text.count("is not reached") == 1


async def test_a_broker_that_lets_nobody_in_is_told(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    config = tmp_path / "mosquitto.conf"
    config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    broker.start()
    heard = Heard(broker.port)
    try:
        assert await heard.next() == f"127.0.0.1:{broker.port} refuses the portal: Not authorized."
    finally:
        await heard.transport.close(ends_session=True)
        broker.stop()
