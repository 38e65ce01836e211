"""Secrets of providers at rest: AES-256-GCM with ENCRYPTION_KEY, each bound to its row."""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.config import Settings
from app.errors import PortalError

_NONCE_BYTES = 12
_KEY_BYTES = 32


class NoEncryptionKeyError(PortalError):
    """Secrets are stored encrypted or not at all."""

    code, status = "no_encryption_key", 409

    def __init__(self) -> None:
        super().__init__(
            "The portal stores no provider's key without ENCRYPTION_KEY (32 random bytes in URL-safe base64). "
            "Set it in .env and restart the portal."
        )


class SealedSecretError(PortalError):
    """A stored secret cannot be opened: it was sealed with another key, or changed."""

    code, status = "secret_unreadable", 409

    def __init__(self) -> None:
        super().__init__(
            "The stored key cannot be read: ENCRYPTION_KEY has changed. Enter the provider's key again."
        )


class Vault:
    """Seals with the key, opens with it or with the previous one (`ENCRYPTION_KEY_PREVIOUS`) while keys are changed."""

    def __init__(self, encryption_key: str, previous_key: str = "") -> None:
        self._key = _decoded(encryption_key)
        self._previous = _decoded(previous_key)

    @property
    def is_usable(self) -> bool:
        """Whether there is a key of the right length."""
        return self._key is not None

    def seal(self, secret: str, row_id: str) -> str:
        """Encrypt for one row. Raises NoEncryptionKeyError."""
        if self._key is None:
            raise NoEncryptionKeyError
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._key).encrypt(nonce, secret.encode(), row_id.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, row_id: str) -> str:
        """Decrypt what was sealed for this row. Raises SealedSecretError."""
        for key in (self._key, self._previous):
            opened = _opened(key, sealed, row_id)
            if opened is not None:
                return opened
        raise SealedSecretError

    def opens(self, sealed: str, row_id: str) -> bool:
        """Tell whether one of the keys opens it."""
        return any(_opened(key, sealed, row_id) is not None for key in (self._key, self._previous))

    def is_current(self, sealed: str, row_id: str) -> bool:
        """Tell whether the key of today opens it, without the previous one."""
        return _opened(self._key, sealed, row_id) is not None


def _opened(key: bytes | None, sealed: str, row_id: str) -> str | None:
    if key is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(sealed)
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], row_id.encode()).decode()
    except (InvalidTag, ValueError):
        return None


def _decoded(text: str) -> bytes | None:
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == _KEY_BYTES else None


def create_vault(settings: Settings) -> Vault:
    """Make the vault of this portal's keys."""
    previous = settings.encryption_key_previous.get_secret_value()
    return Vault(settings.encryption_key.get_secret_value(), previous)
