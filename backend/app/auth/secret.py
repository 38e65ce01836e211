"""The secret from which the signing keys come: SECRET_KEY, or a random one kept in the data folder."""

from __future__ import annotations

import hmac
import os
from pathlib import Path

from app.config import Settings
from app.kit.ids import new_id, new_secret

FILE_NAME = "secret_key"


class SecretFileError(RuntimeError):
    """The kept secret is unreadable or too short; the message says which file to look at."""


def signing_key(settings: Settings, purpose: str) -> bytes:
    """Return 64 bytes for one purpose; a key of one purpose tells nothing about another's."""
    secret = settings.secret_key.get_secret_value() or stored_secret(settings.portal_data_dir)
    return _derived(secret, purpose)


def verifying_keys(settings: Settings, purpose: str) -> tuple[bytes, ...]:
    """Return the keys that tokens may be signed with: the present one, then that of SECRET_KEY_PREVIOUS."""
    previous = settings.secret_key_previous.get_secret_value()
    present = signing_key(settings, purpose)
    return (present, _derived(previous, purpose)) if previous else (present,)


def _derived(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"prompt-portal/{purpose}".encode(), "sha512")


def stored_secret(data_dir: Path) -> str:
    """Read the secret of this data folder, making it (mode 0600) the first time.

    Of several processes that start at once all get the same one: the finished file is linked into place, which fails
    when another was faster.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        _create(path)
    secret = path.read_text(encoding="ascii", errors="replace").strip()
    if len(secret) < 32 or not secret.isascii():
        raise SecretFileError(
            f"{path} holds no usable secret. Delete it; everybody will have to sign in again."
        )
    return secret


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{FILE_NAME}.{new_id()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(new_secret(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    except (
        OSError
    ):  # a file system without links: the last one to start wins, which single processes do not notice
        draft.replace(path)
        return
    draft.unlink()
