"""Why a broker is away is told in words, once, whichever way the bridge's connection is driven."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path

import pytest

from app.bridge.transport import Broker, MqttTransport
from app.bridge.trial import problem_at
from app.broker.accounts import Account, hash_secret
from app.broker.place import BrokerPlace
from app.broker.program import find_program
from tests.fixtures.mosquitto import Mosquitto
from tests.fixtures.programs import free_port

pytestmark = pytest.mark.live


class Heard:
    """A transport that connects to a port, and what it tells."""

    def __init__(self, port: int, *account: str, topics: tuple[str, ...] = ("a/b",)) -> None:
        self.problems: asyncio.Queue[str] = asyncio.Queue()
        self.transport = MqttTransport(
            Broker("127.0.0.1", port, *account),
            "problem-test",
            lambda is_there: None,
            last_will=None,
            on_problem=self.problems.put_nowait,
        )
        self.transport.open(list(topics), lambda message: None)

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
    problem = f"127.0.0.1:{broker.port} refuses the portal: Not authorized."
    try:
        assert await heard.next() == problem
        assert await problem_at(Broker("127.0.0.1", broker.port), "trial", 5) == problem
    finally:
        await heard.transport.close(ends_session=True)
        broker.stop()


async def test_a_trial_tells_a_broker_that_lets_the_portal_in_from_another_program(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    try:
        assert await problem_at(Broker("127.0.0.1", broker.port), "trial", 5) == ""
    finally:
        broker.stop()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        found = await problem_at(Broker("127.0.0.1", port), "trial", 0.3)
    assert found == f"127.0.0.1:{port} takes the connection and does not answer."


async def test_a_broker_that_lets_the_portal_hear_nothing_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = find_program(tmp_path)
    assert program is not None
    place, secret = BrokerPlace(tmp_path, "127.0.0.1", free_port(), 0), "a secret"
    account = Account("portal", hash_secret(secret), may_publish=(), may_subscribe=("a/b",))
    broker = Mosquitto(tmp_path)
    broker.command = place.prepare(program, [account])
    broker.port = place.port or 0
    broker.start()
    heard = Heard(broker.port, "portal", secret, topics=("a/b", "$share/portal/pp/v1/+/req"))
    try:
        refused = "does not let the portal hear $share/portal/pp/v1/+/req: Not authorized."
        assert await heard.next() == f"127.0.0.1:{broker.port} {refused}"
        for _ in range(2):
            await heard.transport.publish_safely("c/d", b"an answer that nobody gets")
    finally:
        await heard.transport.close(ends_session=True)
        broker.stop()
    assert caplog.text.count("does not take what the portal says: Not authorized") == 1
