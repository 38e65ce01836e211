"""The portal's own broker before it runs: its accounts, its configuration, its folder, where its program is."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from app.broker.accounts import (
    Account,
    add_commands,
    hash_secret,
    let_in_commands,
    remove_commands,
    security_file,
    shut_off_commands,
)
from app.broker.directory import Directory
from app.broker.place import BrokerPlace
from app.broker.program import Program, find_fallback, find_program, unpacked_folder
from app.broker.supervisor import OwnBroker
from tests.fixtures.programs import free_port

PROGRAM = Program(Path("/usr/sbin/mosquitto"), Path("/usr/lib/mosquitto_dynamic_security.so"))


def _account(username: str = "robot-abc") -> Account:
    return Account(username, hash_secret("secret"), (f"pp/v1/{username}/req",), (f"pp/v1/{username}/res/#",))


def _place(tmp_path: Path, port: int = 0, websocket_port: int = 0) -> BrokerPlace:
    return BrokerPlace(tmp_path, "127.0.0.1", port, websocket_port)


def test_a_secret_is_kept_as_the_broker_checks_it() -> None:
    hashed, again = hash_secret("a secret"), hash_secret("a secret")
    expected = hashlib.pbkdf2_hmac("sha512", b"a secret", base64.b64decode(hashed.salt), 101)
    assert base64.b64decode(hashed.password) == expected
    assert hashed.salt != again.salt


def test_the_security_file_lets_in_the_portal_and_the_devices_and_nobody_else() -> None:
    document = security_file("portal-user", "portal secret", [_account()])
    assert [client["username"] for client in document["clients"]] == ["portal-user", "robot-abc"]
    assert document["defaultACLAccess"]["publishClientSend"] is False
    assert document["defaultACLAccess"]["subscribe"] is False
    device_role = document["roles"][1]
    assert [(acl["acltype"], acl["topic"]) for acl in device_role["acls"]] == [
        ("publishClientSend", "pp/v1/robot-abc/req"),
        ("subscribePattern", "pp/v1/robot-abc/res/#"),
    ]
    assert "portal secret" not in json.dumps(document)


def test_a_new_secret_throws_the_old_connection_out_first() -> None:
    commands = add_commands(_account(), "new")
    assert commands[:2] == remove_commands("robot-abc")
    assert [command["command"] for command in commands[2:]] == ["createRole", "createClient"]
    assert commands[3]["password"] == "new"


def test_the_folders_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    place = _place(tmp_path)
    place.prepare(PROGRAM, [_account()])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in place.folder.iterdir()}
    assert set(modes) >= {"mosquitto.conf", "security.json", "port", "portal-secret"}
    assert set(modes.values()) == {0o600}
    assert place.portal_secret == _place(tmp_path).portal_secret


def test_a_port_that_is_taken_is_replaced_by_a_free_one_that_is_kept(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = int(other.getsockname()[1])
        place = _place(tmp_path, taken)
        config = Path(place.prepare(PROGRAM, [])[-1])
        chosen = place.port
        assert chosen not in (None, taken)
        place.prepare(PROGRAM, [])
        assert place.port == chosen
    assert f"listener {chosen} 127.0.0.1" in config.read_text()
    assert "allow_anonymous false" in config.read_text()
    assert "websockets" not in config.read_text()


def test_the_kept_port_stays_when_the_wished_one_comes_free_and_goes_with_another_wish(
    tmp_path: Path,
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = int(other.getsockname()[1])
        _place(tmp_path, taken).prepare(PROGRAM, [])
        kept = _place(tmp_path).port
    _place(tmp_path, taken).prepare(PROGRAM, [])
    assert _place(tmp_path).port == kept, "devices know it"
    wished = free_port()
    _place(tmp_path, wished).prepare(PROGRAM, [])
    assert _place(tmp_path).port == wished


def test_a_port_that_the_bridge_knows_is_waited_for(tmp_path: Path) -> None:
    first, second = _place(tmp_path, free_port()), _place(tmp_path, free_port())
    assert first.take()
    first.prepare(PROGRAM, [])
    assert not second.take()
    first.leave()
    assert second.take()
    with socket.socket() as dying:
        dying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        dying.bind(("127.0.0.1", first.port or 0))
        dying.listen()
        for place in (first, second):
            with pytest.raises(OSError, match=f"port {first.port} is still taken"):
                place.prepare(PROGRAM, [])
    second.prepare(PROGRAM, [])
    assert second.port == first.port
    second.leave()


def _has_ipv6() -> bool:
    """Try: a kernel that knows it may have it switched off, as in most containers."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
def test_it_listens_on_ipv6_too(tmp_path: Path) -> None:
    config = Path(BrokerPlace(tmp_path, "::1", free_port(), 0).prepare(PROGRAM, [])[-1])
    assert re.search(r"^listener \d+ ::1$", config.read_text(), re.MULTILINE)


def test_an_address_that_is_not_the_machines_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"MQTT_LISTEN_HOST=192\.0\.2\.1 is no address of this machine"):
        BrokerPlace(tmp_path, "192.0.2.1", 0, 0).prepare(PROGRAM, [])


def test_browsers_get_a_listener_if_wished(tmp_path: Path) -> None:
    text = Path(_place(tmp_path, websocket_port=9001).prepare(PROGRAM, [])[-1]).read_text()
    assert "listener 9001 127.0.0.1\nprotocol websockets" in text


def test_one_portal_at_a_time_runs_the_broker(tmp_path: Path) -> None:
    first, second = _place(tmp_path), _place(tmp_path)
    assert first.take()
    assert first.take()
    assert not second.take()
    first.leave()
    assert second.take()
    second.leave()


def test_an_unpacked_mosquitto_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.broker.program.shutil.which", lambda _name: None)
    monkeypatch.setattr("app.broker.program._SYSTEM_PROGRAMS", ())
    assert find_program(tmp_path) is None
    usr = unpacked_folder(tmp_path) / "usr"
    (usr / "sbin").mkdir(parents=True)
    (usr / "sbin" / "mosquitto").touch()
    assert find_program(tmp_path) is None  # without its plugin there are no accounts
    libraries = usr / "lib" / "x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    (libraries / "mosquitto_dynamic_security.so").touch()
    found = find_program(tmp_path)
    assert found is not None
    assert found.path == usr / "sbin" / "mosquitto"
    assert found.environment == {"LD_LIBRARY_PATH": str(libraries)}


def test_a_directory_follows_the_same_document_and_commands_as_mosquitto() -> None:
    directory = Directory(security_file("portal", "portal secret", [_account()]))
    assert directory.knows("portal", "portal secret")
    assert directory.knows("robot-abc", "secret")
    assert not directory.knows("robot-abc", "portal secret")
    assert not any(directory.knows(name, "") for name in ("", None, "robot-abc", "portal"))
    assert directory.may("portal", "publishClientSend", "maze/hint/1")
    assert directory.may("robot-abc", "publishClientSend", "pp/v1/robot-abc/req")
    assert directory.may("robot-abc", "subscribePattern", "pp/v1/robot-abc/res/#")
    assert not directory.may("robot-abc", "publishClientSend", "pp/v1/robot-abc/res/1")
    assert not directory.may("robot-abc", "subscribePattern", "#")
    assert not directory.may(None, "subscribePattern", "pp/v1/robot-abc/res/1")

    other = _account("cam-xyz")
    assert directory.apply(add_commands(other, "new")) == set()
    assert directory.knows("cam-xyz", "new")
    assert directory.apply(add_commands(other, "newer")) == {"cam-xyz"}
    assert not directory.knows("cam-xyz", "new")
    assert directory.apply(shut_off_commands("cam-xyz")) == {"cam-xyz"}
    assert not directory.knows("cam-xyz", "newer")
    assert not directory.has("cam-xyz")
    assert directory.apply(let_in_commands("cam-xyz")) == set()
    assert directory.knows("cam-xyz", "newer")
    off = Directory(security_file("portal", "portal secret", [replace(_account(), is_shut_off=True)]))
    assert not off.knows("robot-abc", "secret")
    assert directory.apply(remove_commands("cam-xyz")) == {"cam-xyz"}
    assert not directory.has("cam-xyz")
    assert not directory.may("cam-xyz", "publishClientSend", "pp/v1/cam-xyz/req")
    assert directory.apply(remove_commands("cam-xyz")) == set()


def test_amqtt_is_run_by_this_python_and_sees_nothing_of_the_portals_environment(tmp_path: Path) -> None:
    program = find_fallback()
    assert program is not None
    command = _place(tmp_path).prepare(program, [_account()])
    assert command[1:3] == ["-m", "app.broker.amqtt_gate"]
    assert command[4] == "127.0.0.1"
    assert set(program.environment) == {"PYTHONPATH", "PYTHONWARNINGS"}
    assert not (tmp_path / "broker" / "mosquitto.conf").exists()


async def test_a_portal_that_shares_the_broker_waits_until_it_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started at the same moment as the one that runs it, it would else know no port, or the one of last time."""
    monkeypatch.setattr("app.broker.supervisor._START_SECONDS", 30)
    running, sharing = _place(tmp_path, free_port()), _place(tmp_path, free_port())
    assert running.take()

    async def accounts() -> list[Account]:
        return []

    own = OwnBroker(sharing, PROGRAM, accounts)
    starting = asyncio.create_task(own.start())
    async with asyncio.timeout(30):
        while own.state != "shared":  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not starting.done()
        running.prepare(PROGRAM, [])
        with socket.create_server(("127.0.0.1", running.port or 0)):
            assert await starting
    assert sharing.port == running.port
    await own.stop()
    running.leave()
