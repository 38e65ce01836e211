"""The files of certificates that the bridge trusts and shows."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator


class CertificateFileError(OSError):
    """A setting names a file that cannot be used; its text says which, and why."""


def read_certificates(ca_file: str, cert_file: str, key_file: str) -> ssl.SSLContext:
    """Return how to speak TLS to a broker; an empty name leaves it to the system. Raises CertificateFileError."""
    with _naming(f"MQTT_CA_FILE={ca_file}"):
        context = ssl.create_default_context(cafile=ca_file or None)
    if cert_file:
        with _naming(f"MQTT_CERT_FILE={cert_file}, MQTT_KEY_FILE={key_file}"):
            # for a key that is sealed OpenSSL would ask whoever sits at the terminal
            context.load_cert_chain(cert_file, key_file or None, password="")
    return context


@contextlib.contextmanager
def _naming(settings: str) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        why = "no PEM files that belong together, or the key is sealed with a password"
        raise CertificateFileError(f"{settings}: {why} ({error.reason or 'unreadable'}).") from error
    except OSError as error:
        raise CertificateFileError(f"{settings} cannot be read: {error.strerror}.") from error
