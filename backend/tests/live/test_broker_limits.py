"""An answer that the broker would end the connection for: who asked hears of it, and nobody else is held up."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from app.bridge.frames import Frame, Frames
from app.bridge.replies import ReplyTo
from app.bridge.status import BridgeStatus
from app.bridge.transport import Broker, MqttTransport
from app.bridge.worker import Worker
from tests.fixtures.mosquitto import Device, Mosquitto

pytestmark = pytest.mark.live

_MOST_BYTES = 2_000


def _final(characters: int) -> Frame:
    return Frames("q1").final(text="x" * characters)


def _worker(transport: MqttTransport) -> Worker:
    runtime: Any = SimpleNamespace(database=None)
    return Worker(runtime, None, None, transport, BridgeStatus())  # type: ignore[arg-type]


async def test_an_answer_that_is_too_large_for_the_broker_is_told_and_holds_nobody_up(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    with (tmp_path / "mosquitto.conf").open("a") as config:
        config.write(f"max_packet_size {_MOST_BYTES}\n")
    broker.start()
    changes: list[bool] = []
    transport = MqttTransport(Broker("127.0.0.1", broker.port), "limit-test", changes.append, last_will=None)
    transport.open([], lambda message: None)
    worker = _worker(transport)
    try:
        with Device(broker.port, "a/#") as device:
            async with asyncio.timeout(10):
                # what an earlier process left is sent before anything is known of the broker
                await worker.send(ReplyTo("a/frames", correlation=b"c"), _final(_MOST_BYTES))
                await worker.send(ReplyTo("a/text", "text"), _final(_MOST_BYTES))
                await worker.send(ReplyTo("a/full", correlation=b"c" * _MOST_BYTES), _final(1))
                transport.publish("a/delta", b"x" * _MOST_BYTES)
                await worker.send(ReplyTo("a/small"), _final(_MOST_BYTES - 200))
            told, as_text, small = (device.next() for _ in range(3))
        assert changes == [True]
    finally:
        await transport.close(ends_session=True)
        broker.stop()
    frame = orjson.loads(told.payload)
    assert (told.topic, frame["id"], frame["type"]) == ("a/frames", "q1", "error")
    assert frame["error"]["code"] == "answer_too_large"
    assert (as_text.topic, as_text.payload[:25]) == ("a/text", b"Error: The answer is larg")
    assert small.topic == "a/small"
