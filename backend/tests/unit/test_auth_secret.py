"""The signing secret that a portal makes for itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.auth.errors import InvalidTokenError
from app.auth.secret import SecretFileError, signing_key, stored_secret
from app.auth.tokens import TokenMint
from app.config import Settings, load_settings
from app.kit.ids import new_id


def _settings(data_dir: Path, secret: str = "") -> Settings:
    return load_settings(portal_data_dir=data_dir, secret_key=SecretStr(secret))


def test_it_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet" / "there"
    secret = stored_secret(folder)
    assert len(secret) >= 48
    assert stored_secret(folder) == secret
    assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret_key"]


def test_workers_that_start_together_agree(tmp_path: Path) -> None:
    for attempt in range(20):
        folder = tmp_path / str(attempt)
        with ThreadPoolExecutor(8) as pool:
            secrets = set(pool.map(stored_secret, [folder] * 8))
        assert len(secrets) == 1


@pytest.mark.parametrize("content", ["", "\n", "short"])
def test_a_file_without_a_secret_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret_key").write_text(content)
    with pytest.raises(SecretFileError, match="secret_key"):
        stored_secret(tmp_path)


def test_each_purpose_has_its_own_key(tmp_path: Path) -> None:
    settings = _settings(tmp_path, "s" * 40)
    keys = {signing_key(settings, purpose) for purpose in ("access-token", "refresh-token")}
    assert len(keys) == 2
    assert {len(key) for key in keys} == {64}  # enough for HS512 (RFC 7518, section 3.2)
    assert signing_key(_settings(tmp_path, "t" * 40), "access-token") not in keys
    assert not (tmp_path / "secret_key").exists()  # SECRET_KEY is given: nothing is kept


def test_the_previous_secret_verifies_and_no_longer_signs(tmp_path: Path) -> None:
    old, new = SecretStr("o" * 40), SecretStr("n" * 40)
    values: dict[str, object] = {"portal_data_dir": tmp_path, "secret_key": old}
    before = load_settings(**values)
    during = load_settings(**{**values, "secret_key": new, "secret_key_previous": old})
    after = load_settings(**{**values, "secret_key": new})
    now, sign_in = datetime.now(UTC), new_id()
    access = TokenMint(before).access_token(1, sign_in, now)
    refresh = TokenMint(before).refresh_token(sign_in)
    assert TokenMint(during).read_access_token(access, now).sign_in_id == sign_in
    assert TokenMint(during).sign_in_of(refresh) == sign_in
    made_anew = TokenMint(during).access_token(1, sign_in, now)
    assert TokenMint(after).read_access_token(made_anew, now).sign_in_id == sign_in
    with pytest.raises(InvalidTokenError):
        TokenMint(before).read_access_token(made_anew, now)
    with pytest.raises(InvalidTokenError):
        TokenMint(after).read_access_token(access, now)
    assert TokenMint(after).sign_in_of(refresh) is None
