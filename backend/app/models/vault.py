"""Secrets of providers at rest: AES-256-GCM with ENCRYPTION_KEY, each bound to its row."""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

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
    """Seals and opens secrets."""

    def __init__(self, encryption_key: str) -> None:
        self._key = _decoded(encryption_key)

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
        if self._key is None:
            raise SealedSecretError
        try:
            raw = base64.urlsafe_b64decode(sealed)
            opened = AESGCM(self._key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], row_id.encode())
        except (InvalidTag, ValueError) as error:
            raise SealedSecretError from error
        return opened.decode()


def _decoded(text: str) -> bytes | None:
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == _KEY_BYTES else None
