"""The bridge's connection to a broker that wants TLS and a certificate, by TCP and by WebSocket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from paho.mqtt.client import Client
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.bridge.paho_loop import PahoLoop
from app.bridge.transport import Broker, Incoming, MqttTransport
from app.bridge.websocket import WebSocketDoor
from app.bridge.wire import open_wire
from tests.fixtures.programs import ServerProcess, find_program, free_port

# paho leaves the socket of a handshake that failed to the garbage collector
pytestmark = [pytest.mark.live, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]

# Mosquitto's own WebSocket listener takes 4 kB in a tenth of a second.
_PAYLOAD = b"x" * 10_000


class Authority:
    """A certificate authority that is thrown away after the test; writes PEM files into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "throw-away authority")])
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, None), True)
        made = builder.add_extension(usage, True).sign(self._key, hashes.SHA256())
        (folder / "ca.pem").write_bytes(made.public_bytes(Encoding.PEM))

    def issue(self, name: str) -> None:
        """Write `{name}.pem` and `{name}.key` for 127.0.0.1."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        made = self._builder(subject, key).add_extension(names, False).sign(self._key, hashes.SHA256())
        (self._folder / f"{name}.pem").write_bytes(made.public_bytes(Encoding.PEM))
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self._folder / f"{name}.key").write_bytes(private)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(hours=1))
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    for name in ("broker", "portal"):
        authority.issue(name)
    other = folder / "other"
    other.mkdir()
    Authority(other).issue("portal")
    return folder


@pytest.fixture(scope="module")
def broker(folder: Path) -> Iterator[Broker]:
    """A Mosquitto that lets in who has a certificate of the authority; `websocket_path` and port + 1: by WebSocket."""
    port, websocket_port = free_port(), free_port()
    tls = [
        f"cafile {folder / 'ca.pem'}",
        f"certfile {folder / 'broker.pem'}",
        f"keyfile {folder / 'broker.key'}",
    ]
    tls += ["require_certificate true", "allow_anonymous true"]
    lines = ["per_listener_settings true", "user root", f"listener {port} 127.0.0.1", *tls]
    lines += [f"listener {websocket_port} 127.0.0.1", "protocol websockets", *tls, ""]
    (folder / "mosquitto.conf").write_text("\n".join(lines))
    program = find_program("mosquitto", "mosquitto")
    log = folder / "mosquitto.log"
    server = ServerProcess(
        [str(program), "-c", str(folder / "mosquitto.conf")],
        log_file=log,
        is_ready=lambda: "running" in log.read_text(),
    )
    server.start()
    yield Broker(
        "127.0.0.1",
        port,
        is_tls=True,
        ca_file=str(folder / "ca.pem"),
        cert_file=str(folder / "portal.pem"),
        key_file=str(folder / "portal.key"),
        websocket_path=f"/mqtt?{websocket_port}",
    )
    server.kill()


class _Narrow:
    """A socket whose buffer is nearly full."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def send(self, data: bytes) -> int:
        return self._inner.send(data[:1000])


def _by(broker: Broker, way: str) -> Broker:
    if way == "tcp":
        return replace(broker, websocket_path="")
    path, _, port = broker.websocket_path.partition("?")
    return replace(broker, port=int(port), websocket_path=path)


async def _comes_through(broker: Broker, seconds: float = 0.5) -> bool:
    """Connect, say something to oneself, and hear it."""
    heard: asyncio.Queue[Incoming] = asyncio.Queue()
    connected = asyncio.Event()

    def on_change(is_connected: bool) -> None:
        if is_connected:
            connected.set()

    transport = MqttTransport(broker, "tls-test", on_change, last_will=None)
    transport.open(["a/b"], heard.put_nowait)
    try:
        async with asyncio.timeout(seconds):
            await connected.wait()
            await transport.publish_safely("a/b", _PAYLOAD)
            message = await heard.get()
        transport.acknowledge(message)
        return message.payload == _PAYLOAD
    except TimeoutError:
        return False
    finally:
        await transport.close(ends_session=True)


@pytest.mark.parametrize("way", ["tcp", "websocket"])
async def test_the_bridge_connects_with_its_certificate(broker: Broker, way: str) -> None:
    assert await _comes_through(_by(broker, way), seconds=10)


async def test_a_message_of_which_the_socket_takes_a_part_at_a_time_comes_through_whole(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = PahoLoop._opened

    def narrowed(loop: PahoLoop, client: Client, data: object, sock: Any) -> None:
        sock._socket = _Narrow(sock._socket)
        opened(loop, client, data, sock)

    monkeypatch.setattr(PahoLoop, "_opened", narrowed)
    assert await _comes_through(_by(broker, "websocket"), seconds=10)


@pytest.mark.parametrize("way", ["tcp", "websocket"])
async def test_a_pages_bytes_reach_the_broker_the_way_the_bridges_do(broker: Broker, way: str) -> None:
    door = WebSocketDoor(_by(broker, way), "", [])
    app = Starlette(routes=[WebSocketRoute("/mqtt", door.carry)])
    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        url = f"ws://127.0.0.1:{server.config.port}/mqtt"
        async with connect(url, subprotocols=[Subprotocol("mqtt")]) as browser:
            await browser.send(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01b")  # CONNECT as "b"
            assert await asyncio.wait_for(browser.recv(), 5) == b"\x20\x02\x00\x00"  # CONNACK: accepted
            await browser.send(b"\xc0\x00")
            assert await asyncio.wait_for(browser.recv(), 5) == b"\xd0\x00"  # PINGREQ, PINGRESP
            await browser.send(b"\xe0\x00")  # DISCONNECT
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(browser.recv(), 5)
        async with connect(url, subprotocols=[Subprotocol("mqtt")]) as browser:
            await browser.send(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01b")
            await browser.recv()
        async with asyncio.timeout(5):  # a browser that leaves takes its connection to the broker along
            while door.open_count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        server.should_exit = True
        await serving


async def test_a_broker_that_takes_no_websocket_is_no_way_through(broker: Broker) -> None:
    with pytest.raises(OSError):
        await open_wire(replace(broker, websocket_path="/mqtt"), 5)


async def test_it_is_not_let_in_without_one(broker: Broker) -> None:
    assert not await _comes_through(replace(_by(broker, "tcp"), cert_file="", key_file=""))


async def test_a_certificate_of_another_authority_is_no_use(broker: Broker, folder: Path) -> None:
    other = folder / "other"
    wrong = replace(
        _by(broker, "tcp"), cert_file=str(other / "portal.pem"), key_file=str(other / "portal.key")
    )
    assert not await _comes_through(wrong)


async def test_a_broker_that_nobody_vouches_for_is_not_spoken_to(broker: Broker, folder: Path) -> None:
    stranger = replace(_by(broker, "tcp"), ca_file=str(folder / "other" / "ca.pem"))
    assert not await _comes_through(stranger)
