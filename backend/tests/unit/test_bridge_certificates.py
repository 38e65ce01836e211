"""Files of certificates that cannot be used are named before the portal starts, and by the doctor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from app.config import Settings
from app.launch.certificates import check_certificates
from app.launch.errors import LaunchError


def _write(folder: Path, sealing: KeySerializationEncryption) -> dict[str, Any]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portal")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    (folder / "portal.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "portal.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing))
    return {"mqtt_cert_file": str(folder / "portal.pem"), "mqtt_key_file": str(folder / "portal.key")}


def _look(folder: Path, **changes: Any) -> None:
    wish = {"mqtt_broker_host": "broker.example.org", "mqtt_tls": True, **changes}
    check_certificates(Settings(portal_data_dir=folder, **wish))


def test_files_that_can_be_used_are_nothing_to_speak_of(tmp_path: Path) -> None:
    pair = _write(tmp_path, NoEncryption())
    _look(tmp_path, **pair, mqtt_ca_file=pair["mqtt_cert_file"])
    _look(tmp_path, mqtt_tls=False, mqtt_ca_file="/absent.pem")
    _look(tmp_path, mqtt_broker_host="", mqtt_ca_file="/absent.pem")


def test_a_file_that_is_gone_or_no_certificate_is_named(tmp_path: Path) -> None:
    strange = tmp_path / "strange.pem"
    strange.write_text("no certificate")
    with pytest.raises(LaunchError, match=r"MQTT_CA_FILE=/absent.pem cannot be read: No such file"):
        _look(tmp_path, mqtt_ca_file="/absent.pem")
    with pytest.raises(LaunchError, match=r"MQTT_CA_FILE=.*strange.pem: no PEM"):
        _look(tmp_path, mqtt_ca_file=str(strange))
    with pytest.raises(LaunchError, match=r"MQTT_KEY_FILE=/absent.key cannot be read"):
        _look(tmp_path, **{**_write(tmp_path, NoEncryption()), "mqtt_key_file": "/absent.key"})


def test_nobody_is_asked_for_the_password_of_a_key(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="sealed with a password"):
        _look(tmp_path, **_write(tmp_path, BestAvailableEncryption(b"a password")))
