"""The ancestor started with the JWT secret of its source code; a portal that others can reach must not."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.config import load_settings

_WEAK = ["change-me", "your-secret-key-here", "dev-secret", "x" * 31]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "portal.example.org"])
@pytest.mark.parametrize("secret", _WEAK)
def test_default_jwt_secret_refuses_to_start(host: str, secret: str) -> None:
    with pytest.raises(ValidationError, match="SECRET_KEY"):
        load_settings(portal_host=host, secret_key=secret)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
@pytest.mark.parametrize("secret", _WEAK)
def test_on_loopback_a_short_secret_is_the_developers_own_affair(host: str, secret: str) -> None:
    assert load_settings(portal_host=host, secret_key=secret).is_loopback


def test_no_secret_or_a_long_one_starts_anywhere() -> None:
    for secret in ("", "s" * 32):
        assert not load_settings(portal_host="0.0.0.0", secret_key=secret).is_loopback


def test_a_secret_is_not_shown() -> None:
    settings = load_settings(secret_key="canary-secret-0123456789-0123456789")
    assert "canary" not in repr(settings)
    assert "canary" not in str(settings.model_dump())
