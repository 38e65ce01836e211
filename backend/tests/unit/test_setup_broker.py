"""The set-up's look for Mosquitto: what it finds, what it leaves alone, what it says when there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.fixtures.setup import portal_setup  # noqa: F401 - puts the set-up's folder on the path

from portal_setup import broker  # isort: skip
from portal_setup.report import SetupError, Step  # isort: skip


def a_step() -> Step:
    return Step("MQTT broker", is_live=False)


def _programs(monkeypatch: pytest.MonkeyPatch, *there: str) -> None:
    """Let only these programs be on the machine."""

    def which(name: str, path: str | None = None) -> str | None:
        return f"/somewhere/{name}" if name in there and path is None else None

    monkeypatch.setattr(shutil, "which", which)


@pytest.mark.parametrize("line", ["MQTT_BROKER_HOST=broker.example.org", "MQTT_OWN_BROKER=false"])
def test_what_the_settings_say_is_kept(tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _programs(monkeypatch, "apt-get", "dpkg-deb")
    (tmp_path / ".env").write_text(line + "\n")
    step = a_step()
    broker.provide_broker(tmp_path, step)
    assert step.outcome == "as .env says"


def test_the_systems_own_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _programs(monkeypatch, "mosquitto", "apt-get", "dpkg-deb")
    step = a_step()
    broker.provide_broker(tmp_path, step)
    assert step.outcome == "Mosquitto of this system"
    assert list(tmp_path.iterdir()) == []


def test_without_one_the_portal_is_installed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _programs(monkeypatch)
    step = a_step()
    broker.provide_broker(tmp_path, step)
    step.close(step.outcome)
    assert "The portal runs without it." in capsys.readouterr().out


def test_a_failed_download_is_no_failed_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unpack(_root: Path, folder: Path) -> None:
        folder.mkdir(parents=True)
        raise SetupError("Fetching mosquitto failed.")

    _programs(monkeypatch, "apt-get", "dpkg-deb")
    monkeypatch.setattr(broker, "unpack", unpack)
    step = a_step()
    broker.provide_broker(tmp_path, step)
    step.close(step.outcome)
    said = capsys.readouterr().out
    assert "MQTT broker: none" in said
    assert "Fetching mosquitto failed." in said
    assert list((tmp_path / "data" / "tools").iterdir()) == []


def test_a_package_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(_root: Path, folder: Path) -> None:
        (folder / "usr" / "sbin").mkdir(parents=True)
        (folder / "usr" / "sbin" / "mosquitto").touch()

    _programs(monkeypatch, "apt-get", "dpkg-deb")
    monkeypatch.setattr(broker, "unpack", unpack)
    outcomes = []
    for _ in range(2):
        step = a_step()
        broker.provide_broker(tmp_path, step)
        outcomes.append(step.outcome)
    assert outcomes == ["Mosquitto, unpacked into the data folder", "Mosquitto, unpacked before"]
