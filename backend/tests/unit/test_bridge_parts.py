"""Parts of the bridge without a broker: lanes, who adopts whom, raw completions, client names."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from app.bridge.asks import read_ask, text_of
from app.bridge.choice import Choice, bridge_id, client_id
from app.bridge.completions import CompletionBody, completion_events
from app.bridge.lanes import Lanes
from app.bridge.members import GRACE_SECONDS, Members
from app.bridge.status import BridgeStatus
from app.bridge.taking_in import TakingIn
from app.bridge.telling import topic_of_session
from app.bridge.transport import Broker, Incoming, MqttTransport
from app.config import Settings
from app.errors import UnavailableError, UnprocessableError
from tests.api.auth_portal import ManualClock

PROJECTS = Settings.model_fields["mqtt_projects"].default
A, B, C = (f"portal-{letter * 12}" for letter in "abc")


class FakeTransport:
    def __init__(self) -> None:
        self.acknowledged: list[bytes] = []

    def acknowledge(self, message: Incoming) -> None:
        self.acknowledged.append(message.payload)


def _message(transport: FakeTransport, number: int, topic: str = "t", qos: int = 1) -> Incoming:
    return Incoming(topic, b"%d" % number, qos, False, number, 1, transport)  # type: ignore[arg-type]


async def _settled(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # nothing tells it
            await asyncio.sleep(0)


def test_a_broker_that_listens_everywhere_is_found_where_the_portal_is() -> None:
    broker = Broker("127.0.0.1", 1883)
    everywhere, at_home = Choice(broker, None, "0.0.0.0"), Choice(broker, None, "127.0.0.1")
    assert everywhere.host_for("portal.lan") == "portal.lan"
    assert at_home.host_for("portal.lan") == "127.0.0.1"
    assert Choice(Broker("broker.lan", 1883)).host_for("portal.lan") == "broker.lan"


@pytest.mark.parametrize(
    ("topic", "told_at"),
    [
        ("maze/hint/s1", "maze/hint/s1"),
        ("maze/assistant_response/s1/c/r", "maze/assistant_response/s1"),
        ("our/own/answers/s1/c/r", "our/own/answers/s1"),
        ("hints/s1", "hints/s1"),
        ("pp/v1/page/res/s1/7", "pp/v1/page/res/s1/7"),
    ],
)
def test_a_game_is_told_on_its_sessions_topic(topic: str, told_at: str) -> None:
    assert topic_of_session(topic, ["our/own/answers", "hints"]) == told_at


async def test_a_lane_keeps_the_order_and_acknowledges_what_was_taken_in() -> None:
    taken: list[bytes] = []
    gate = asyncio.Event()

    async def take_in(batch: Sequence[Incoming]) -> None:
        await gate.wait()
        taken.extend(message.payload for message in batch)

    transport, lanes = FakeTransport(), Lanes(take_in, BridgeStatus())
    for number in range(120):
        lanes.put(_message(transport, number))
    await asyncio.sleep(0)
    assert transport.acknowledged == []
    gate.set()
    await _settled(lambda: len(transport.acknowledged) == 120)
    assert taken == transport.acknowledged == [b"%d" % number for number in range(120)]


async def test_a_slow_client_holds_up_no_other() -> None:
    taken: list[str] = []

    async def take_in(batch: Sequence[Incoming]) -> None:
        if batch[0].topic == "slow":
            await asyncio.Event().wait()
        taken.append(batch[0].topic)

    transport, lanes = FakeTransport(), Lanes(take_in, BridgeStatus())
    lanes.put(_message(transport, 1, "slow"))
    lanes.put(_message(transport, 2, "quick"))
    await _settled(lambda: taken == ["quick"])
    await lanes.close()
    assert transport.acknowledged == [b"2"]


async def test_messages_wait_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.bridge.lanes._FIRST_DELAY_SECONDS", 0.001)
    tries = 0

    async def take_in(batch: Sequence[Incoming]) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise UnavailableError("away")

    transport, lanes = FakeTransport(), Lanes(take_in, BridgeStatus())
    lanes.put(_message(transport, 1))
    await _settled(lambda: transport.acknowledged == [b"1"])
    assert tries == 3


async def test_one_message_that_breaks_takes_no_other_with_it() -> None:
    taken: list[bytes] = []

    async def take_in(batch: Sequence[Incoming]) -> None:
        if any(message.payload == b"1" for message in batch):
            raise RuntimeError("broken")
        taken.extend(message.payload for message in batch)

    transport, lanes = FakeTransport(), Lanes(take_in, BridgeStatus())
    for number in range(3):
        lanes.put(_message(transport, number))
    await _settled(lambda: len(transport.acknowledged) == 3)
    assert taken == [b"0", b"2"]


async def test_what_may_be_lost_is_dropped_when_too_much_of_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.bridge.lanes._MAX_UNASSURED", 2)

    async def take_in(batch: Sequence[Incoming]) -> None:
        await asyncio.Event().wait()

    status, transport = BridgeStatus(), FakeTransport()
    lanes = Lanes(take_in, status)
    for number in range(5):
        lanes.put(_message(transport, number, qos=0))
    lanes.put(_message(transport, 9))
    assert (status.received, status.dropped) == (6, 3)
    await lanes.close()


async def test_a_cancel_does_not_overtake_its_request() -> None:
    taken: list[str] = []
    gate = asyncio.Event()

    async def take_in(batch: Sequence[Incoming]) -> None:
        if batch[0].topic.endswith("/req"):
            await gate.wait()  # the database takes its time
        taken.extend(message.topic for message in batch)

    transport, lanes = FakeTransport(), Lanes(take_in, BridgeStatus())
    lanes.put(_message(transport, 1, "pp/v1/robot/req"))
    await asyncio.sleep(0)
    lanes.put(_message(transport, 2, "pp/v1/robot/cancel/1"))
    await asyncio.sleep(0)
    assert taken == []
    gate.set()
    await _settled(lambda: len(taken) == 2)
    assert taken == ["pp/v1/robot/req", "pp/v1/robot/cancel/1"]


class FakeIntake:
    """Counts what is checked; the inbox is away as often as told."""

    def __init__(self, *, failures: int) -> None:
        self.checked: list[bytes] = []
        self.claimed: list[bytes] = []
        self._failures = failures

    async def request(self, _topic: object, message: Incoming) -> Incoming:
        self.checked.append(message.payload)
        return message

    async def claim(self, taken: Incoming) -> None:
        if self._failures:
            self._failures -= 1
            raise UnavailableError("away")
        self.claimed.append(taken.payload)


async def test_while_the_database_is_away_a_request_is_counted_once() -> None:
    intake = FakeIntake(failures=3)
    settings = SimpleNamespace(mqtt_topic_user_input="", mqtt_topic_state="", mqtt_topic_template="")
    desk = SimpleNamespace(redirect=lambda taken: None)
    taking_in = TakingIn(settings, SimpleNamespace(names=[]), intake, desk)  # type: ignore[arg-type]
    batch = [_message(FakeTransport(), number, "pp/v1/robot/req") for number in range(2)]
    for _ in range(2):
        with pytest.raises(UnavailableError):
            await taking_in.take_in(batch)
    await taking_in.take_in(batch)
    assert intake.checked == [b"0", b"1"]
    assert set(intake.claimed) == {b"0", b"1"}
    await taking_in.take_in(batch[:1])  # it came again
    assert intake.checked == [b"0", b"1", b"0"]


async def test_a_confirmation_that_comes_at_once_from_pahos_thread_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.bridge.paho_loop._can_watch_sockets", lambda loop: False)
    transport = MqttTransport(Broker("127.0.0.1", 1), "id", lambda is_there: None, last_will=None)

    def publish(*_: object, **__: object) -> SimpleNamespace:
        thread = threading.Thread(target=transport._was_sent, args=(None, None, 7, None, None))
        thread.start()
        thread.join()
        return SimpleNamespace(mid=7)

    monkeypatch.setattr(transport._client, "publish", publish)
    transport._know(None)
    async with asyncio.timeout(5):
        await transport.publish_safely("t", b"answer")
    await transport.close()


def test_the_first_bridge_by_name_fetches_for_one_that_stays_away() -> None:
    clock = ManualClock()
    members = {own: Members(own, "portal", clock) for own in (A, B)}

    def say(bridge: str, word: bytes) -> None:
        for each in members.values():
            assert each.hear(f"pp/v1/bridge/{bridge}/status", word)

    for bridge in (A, B, C):
        say(bridge, b"online")
    say(C, b"offline")
    clock.advance(seconds=GRACE_SECONDS - 1)
    assert members[A].to_adopt() == []
    clock.advance(seconds=1)
    assert (members[A].to_adopt(), members[B].to_adopt()) == ([C], [])
    say(A, b"offline")
    assert members[B].to_adopt() == [C]
    say(C, b"online")
    assert members[B].to_adopt() == []
    clock.advance(seconds=GRACE_SECONDS)
    assert members[B].to_adopt() == [A]
    say(A, b"")
    assert members[B].to_adopt() == []


def test_nothing_is_believed_of_strangers() -> None:
    clock = ManualClock()
    members = Members(A, "portal", clock)
    for stranger in ("robot", "portal-x", f"other-{'c' * 12}", A):
        members.hear(f"pp/v1/bridge/{stranger}/status", b"offline")
    clock.advance(seconds=GRACE_SECONDS)
    assert members.to_adopt() == []
    assert members.is_alone
    assert not members.hear("pp/v1/robot/status", b"online")


def test_a_bridges_client_id_is_the_same_after_each_start_and_cannot_be_told_without_the_password() -> None:
    broker = Broker("localhost", 1883, "portal", "secret")
    assert client_id(broker, A) == client_id(Broker("elsewhere", 1, "portal", "secret"), A)
    assert client_id(broker, A) != client_id(Broker("localhost", 1883, "portal", "other"), A)
    assert client_id(broker, A).startswith(A)


def test_who_is_set_to_hear_other_things_is_another_bridge(tmp_path: Path) -> None:
    """The broker goes on dealing to a session what it heard before: under the same name that would be lost."""

    def name(program: str = "portal", **changes: Any) -> str:
        return bridge_id(Settings(portal_data_dir=tmp_path, portal_port=8000, **changes), program)

    assert name() == name(mqtt_projects=["maze", *(one for one in PROJECTS if one != "maze")])
    others = [
        name(portal_roles=["http"]),  # listens to nothing, and would throw away what is dealt to it
        name(mqtt_projects=["maze"]),
        name(mqtt_topic_state="our/state"),
        name("llamacpp_mqtt_deploy"),  # beside the portal, in the same folder
        name(mqtt_client_id="ours"),
    ]
    assert len({name(), *others}) == 1 + len(others)


class FakeCompletions:
    def __init__(self, *pieces: bytes) -> None:
        self.body: dict[str, Any] = {}
        self._pieces = pieces

    async def open(self, principal: object, operation: str, body: dict[str, Any]) -> None:
        self.body = body

    async def pieces(self, passed: object) -> AsyncGenerator[bytes]:
        for piece in self._pieces:
            yield piece


async def test_a_completion_becomes_events_like_those_of_a_chat() -> None:
    door = FakeCompletions(
        b'data: {"model":"m","choices":[{"text":"Once"}]}\n\ndata: {"choices":[{"text":" upon"}]}\n\n',
        b'data: {"choices":[{"text":"","finish_reason":"length"}],"usage":{"completion_tokens":2}}\n\ndata: [DONE]\n\n',
    )
    body = CompletionBody(prompt="Tell", max_tokens=2)
    events = [orjson.loads(data) async for _, data in await completion_events(door, None, body)]  # type: ignore[arg-type]
    assert door.body["prompt"] == "Tell"
    assert "temperature" not in door.body
    assert [event.get("content") for event in events] == ["Once", " upon", None]
    assert events[-1] == {
        "done": True,
        "model": "m",
        "finish_reason": "length",
        "usage": {"completion_tokens": 2},
    }


async def test_a_completion_that_breaks_ends_with_its_error() -> None:
    door = FakeCompletions(b'data: {"error":{"code":"x","message":"no"}}\n\n', b'data: {"choices":[]}\n\n')
    events = [data async for _, data in await completion_events(door, None, CompletionBody(prompt="a"))]  # type: ignore[arg-type]
    assert [orjson.loads(data) for data in events] == [{"error": {"code": "x", "message": "no"}}]


def test_the_payloads_shape_says_what_is_asked() -> None:
    assert read_ask(b'{"prompt": "Once"}').operation == "completion"
    assert read_ask(b'{"messages": []}').operation == "chat"
    assert read_ask(b'{"message": "hi"}').operation == "session"
    with pytest.raises(UnprocessableError):
        read_ask(b'{"op": "shout"}')
    assert read_ask(b'{"message": "hi", "template": "t1"}').rest == {"message": "hi", "template_id": "t1"}


def test_a_broken_payload_tells_its_id_where_it_can_be_read() -> None:
    assert text_of(b'{"id": "q1", "op": "shout"}', "id") == "q1"
    assert [text_of(payload, "id") for payload in (b"{", b"[]", b'{"id": 7}', b"x" * 300_000)] == [""] * 4


def test_what_the_bridge_counts_reaches_the_metrics() -> None:
    status = BridgeStatus(is_connected=True, waiting=3, oldest_seconds=1.5, adopted=2)
    gauges = {name: value for name, _, value in status.gauges()}
    assert (gauges["connected"], gauges["requests_waiting"], gauges["oldest_request_seconds"]) == (
        True,
        3,
        1.5,
    )
    counters = {name: value for name, _, value in status.counters()}
    assert counters["adopted"] == 2
    assert not gauges.keys() & counters.keys()
