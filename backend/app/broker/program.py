"""Where Mosquitto is: on PATH, where Debian puts it, or where the set-up unpacked it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

_SYSTEM_PROGRAMS = ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto")
_PLUGIN = "mosquitto_dynamic_security.so"
_SYSTEM_LIBRARIES = ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib", "/usr/lib64")


@dataclass(frozen=True, slots=True)
class Program:
    """A Mosquitto with its plugin; `library_path` is set for an unpacked one."""

    path: Path
    plugin: Path
    library_path: str = ""


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
        return Program(path, plugin, str(plugin.parent))
    return None


def _find_plugin(folders: list[Path]) -> Path | None:
    """Return the plugin in a folder, or one level below, where multi-arch systems have it."""
    found = (
        path for folder in folders for pattern in (_PLUGIN, f"*/{_PLUGIN}") for path in folder.glob(pattern)
    )
    return next(found, None)
