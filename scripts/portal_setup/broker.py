"""The MQTT broker for games and devices: the system's Mosquitto, else the distribution's package, unpacked without root."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from portal_setup.commands import run
from portal_setup.env_file import read_value
from portal_setup.report import SetupError, Step

_ADVICE = "install it for MQTT (Debian, Ubuntu: sudo apt install mosquitto), or set MQTT_BROKER_HOST"
_MOST_PACKAGES = 20
_SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"


def provide_broker(root: Path, step: Step) -> None:
    """See to it that the portal can start a Mosquitto, if it can be had; the portal works without one."""
    env = root / ".env"
    if read_value(env, "MQTT_BROKER_HOST") or read_value(env, "MQTT_OWN_BROKER").lower() in (
        "false",
        "0",
        "no",
        "off",
    ):
        step.outcome = "as .env says"
        return
    folder = _unpacked_folder(root)
    if shutil.which("mosquitto") or shutil.which("mosquitto", path=_SYSTEM_FOLDERS):
        step.outcome = "Mosquitto of this system"
    elif (folder / "usr" / "sbin" / "mosquitto").is_file():
        step.outcome = "Mosquitto, unpacked before"
    elif sys.platform == "linux" and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        _try_unpack(root, folder, step)
    else:
        step.outcome = "none"
        step.note(f"There is no Mosquitto here; {_ADVICE}. The portal runs without it.")


def _unpacked_folder(root: Path) -> Path:
    data = Path(read_value(root / ".env", "PORTAL_DATA_DIR") or "data").expanduser()
    return (data if data.is_absolute() else root / data) / "tools" / "mosquitto"


def _try_unpack(root: Path, folder: Path, step: Step) -> None:
    step.update("Mosquitto's package …")
    new = folder.with_name("mosquitto.new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        unpack(root, new)
    except SetupError as error:
        shutil.rmtree(new, ignore_errors=True)
        step.outcome = "none"
        step.note(f"Mosquitto could not be fetched ({str(error).splitlines()[0]})")
        step.note(f"{_ADVICE[0].upper()}{_ADVICE[1:]}. The portal runs without it.")
        return
    shutil.rmtree(folder, ignore_errors=True)
    new.replace(folder)
    step.outcome = "Mosquitto, unpacked into the data folder"


def unpack(root: Path, folder: Path) -> None:
    """Fetch Mosquitto and the libraries that are not installed, and unpack them. Raises SetupError."""
    downloads = root / ".cache" / "mosquitto"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    folder.mkdir(parents=True, exist_ok=True)  # dpkg-deb makes no parents
    waiting, done = ["mosquitto"], set[str]()
    while waiting and len(done) < _MOST_PACKAGES:
        name = waiting.pop()
        done.add(name)
        log = root / ".cache" / "setup-mosquitto.log"
        run(["apt-get", "download", "-q", name], what=f"Fetching {name}", log=log, cwd=downloads)
        package = next(downloads.glob(f"{name}_*.deb"))
        run(["dpkg-deb", "-x", package, folder], what=f"Unpacking {name}", log=log, cwd=downloads)
        needed = [other for other in _libraries_of(package) if other not in done and not _is_installed(other)]
        waiting += [other for other in needed if other not in waiting]
    shutil.rmtree(downloads)


def _libraries_of(package: Path) -> list[str]:
    """Return the libraries that a package depends on; programs and scripts for installing it are of no use here."""
    command = ["dpkg-deb", "-f", str(package), "Depends"]
    depends = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    names = [re.split(r"[ (:|]", part.strip())[0] for part in depends.split(",")]
    return [name for name in names if name.startswith("lib")]


def _is_installed(name: str) -> bool:
    command = ["dpkg-query", "-W", "-f", "${db:Status-Status}", name]
    return "installed" in subprocess.run(command, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
