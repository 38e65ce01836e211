"""Looks at the files of certificates before a start, so that one that is gone is a line and no traceback."""

from __future__ import annotations

from app.config import Settings
from app.launch.errors import LaunchError


def check_certificates(settings: Settings) -> None:
    """Raises LaunchError when the MQTT broker is spoken to with TLS, and a file for it cannot be used."""
    if not (settings.mqtt_broker_host and settings.mqtt_tls):
        return
    from app.bridge.certificates import CertificateFileError, read_certificates

    try:
        read_certificates(settings.mqtt_ca_file, settings.mqtt_cert_file, settings.mqtt_key_file)
    except CertificateFileError as error:
        raise LaunchError(str(error)) from None
