"""Where Mosquitto is: on PATH, where Debian puts it, or where the set-up unpacked it; else amqtt, if it is asked for."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from app.broker.accounts import CONTROL_TOPIC, FALLBACK_CONTROL_TOPIC

_SYSTEM_PROGRAMS = ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto")
_PACKAGES = Path(__file__).resolve().parents[2]
_PLUGIN = "mosquitto_dynamic_security.so"
_SYSTEM_LIBRARIES = ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib", "/usr/lib64")


@dataclass(frozen=True, slots=True)
class Program:
    """A broker that can be started.

    Args:
        plugin: Mosquitto's for accounts.
        environment: all that it sees; it has no use for the portal's secrets.
        control_topic: where it takes changes of its accounts from the portal.
    """

    path: Path
    plugin: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)
    kind: Literal["mosquitto", "amqtt"] = "mosquitto"
    control_topic: str = CONTROL_TOPIC


def unpacked_folder(data_dir: Path) -> Path:
    """Return the folder into which the set-up unpacks the distribution's package."""
    return data_dir / "tools" / "mosquitto"


def find_program(data_dir: Path) -> Program | None:
    """Return a Mosquitto that can run here; None when there is none, or it lacks its plugin for accounts."""
    found = shutil.which("mosquitto") or next(
        (path for path in _SYSTEM_PROGRAMS if Path(path).is_file()), None
    )
    if found and (plugin := _find_plugin([Path(folder) for folder in _SYSTEM_LIBRARIES])):
        return Program(Path(found), plugin)
    folder = unpacked_folder(data_dir) / "usr"
    path = folder / "sbin" / "mosquitto"
    plugin = _find_plugin([folder / "lib"])
    if path.is_file() and plugin:
        return Program(path, plugin, {"LD_LIBRARY_PATH": str(plugin.parent)})
    return None


def find_fallback() -> Program | None:
    """Return amqtt under this Python; None when it is not installed."""
    if importlib.util.find_spec("amqtt") is None:
        return None
    path = os.pathsep.join([str(_PACKAGES), *(folder for folder in sys.path if "site-packages" in folder)])
    environment = {"PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}
    return Program(
        Path(sys.executable), environment=environment, kind="amqtt", control_topic=FALLBACK_CONTROL_TOPIC
    )


def _find_plugin(folders: list[Path]) -> Path | None:
    """Return the plugin in a folder, or one level below, where multi-arch systems have it."""
    found = (
        path for folder in folders for pattern in (_PLUGIN, f"*/{_PLUGIN}") for path in folder.glob(pattern)
    )
    return next(found, None)
