"""The folder of the portal's own broker: its configuration, its accounts, the port it has, and who may run it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from app.broker.accounts import Account, security_file
from app.broker.program import Program
from app.kit.ids import new_secret

PORTAL_USER = "prompt-portal"


class BrokerPlace:
    """`{data folder}/broker`; readable by its owner only. Portals that share a data folder share the broker."""

    def __init__(self, data_dir: Path, host: str, wished_port: int, websocket_port: int) -> None:
        self.folder = data_dir / "broker"
        self.host = host
        self._wished_port = wished_port
        self._websocket_port = websocket_port
        self._chosen_port: int | None = None
        self._lock: IO[str] | None = None

    @property
    def port(self) -> int | None:
        """The port it was started on last."""
        text = self._read("port")
        return int(text) if text.isdigit() else None

    @property
    def portal_secret(self) -> str:
        """The password of the portal itself, made once."""
        if not self._read("portal-secret"):
            self._write("portal-secret", new_secret())
        return self._read("portal-secret")

    def take(self) -> bool:
        """Become the one portal that runs the broker; False while another one does. The system ends it with the process."""
        if self._lock is not None:
            return True
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (self.folder / "lock").open("a")
        if not _locked(file):
            file.close()
            self._chosen_port = self.port
            return False
        self._lock = file
        return True

    def leave(self) -> None:
        """Let another portal run it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def prepare(self, program: Program, accounts: Sequence[Account]) -> list[str]:
        """Write what the broker reads at its start; returns its command."""
        port = self._chosen_port = self._free_port()
        document = security_file(PORTAL_USER, self.portal_secret, accounts)
        self._write("security.json", json.dumps(document))
        self._write("port", str(port))
        self._write("wished-port", str(self._wished_port))
        if program.kind == "amqtt":
            return [str(program.path), "-m", "app.broker.amqtt_gate", str(self.folder), self.host, str(port)]
        self._write("mosquitto.conf", "\n".join([*self._lines(program, port), ""]))
        return [str(program.path), "-c", str(self.folder / "mosquitto.conf")]

    def _lines(self, program: Program, port: int) -> list[str]:
        listeners = [f"listener {port} {self.host}"]
        if self._websocket_port:
            listeners += [f"listener {self._websocket_port} {self.host}", "protocol websockets"]
        return [
            "per_listener_settings false",
            "allow_anonymous false",
            f"plugin {program.plugin}",
            f"plugin_opt_config_file {self.folder / 'security.json'}",
            "persistence true",
            f"persistence_location {self.folder}/",
            "autosave_interval 1",
            "autosave_on_changes true",  # a broker that is killed has what it acknowledged
            "set_tcp_nodelay true",  # else a reply waits 44 ms for the acknowledgement before it
            "max_inflight_messages 500",  # how many requests may be on the way into the inbox
            "max_queued_messages 100000",  # beyond it a broker drops what it has acknowledged
            "max_packet_size 1048576",
            "log_dest stdout",
            "log_type error",
            "log_type warning",
            "connection_messages false",
            *(["user root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            *listeners,
        ]

    def _free_port(self) -> int:
        """Return where to listen. Raises OSError while the port is taken that this portal's bridge connects to."""
        if port := self._chosen_port:
            if _is_free(self.host, port):
                return port
            raise OSError(f"port {port} is still taken.")
        # Devices know the port that it had before; it changes with MQTT_LISTEN_PORT, and not by what else listens today.
        is_same_wish = self._read("wished-port") == str(self._wished_port)
        for port in (self.port, self._wished_port) if is_same_wish else (self._wished_port, self.port):
            if port and _is_free(self.host, port):
                return port
        with socket.socket(_family(self.host)) as probe:
            try:
                probe.bind((self.host, 0))
            except OSError as error:
                raise OSError(f"MQTT_LISTEN_HOST={self.host} is no address of this machine.") from error
            return int(probe.getsockname()[1])

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except OSError:
            return ""

    def _write(self, name: str, text: str) -> None:
        """Replace a file as a whole; only its owner may read it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self.folder / f"{name}.new"
        with os.fdopen(
            os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        new.replace(self.folder / name)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_free(host: str, port: int) -> bool:
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _locked(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: one portal a data folder there
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
