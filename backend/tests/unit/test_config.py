"""Settings: what is refused, what is taken as written, what has a default."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.config import DEMO_MODEL, PROJECT_ROOT, Settings, load_settings
from app.db.engine import UnsupportedDatabaseError, async_url

LONG_SECRET = "x" * 32


def test_the_defaults_need_no_environment() -> None:
    settings = load_settings()
    assert settings.portal_host == "127.0.0.1"
    assert settings.portal_port == 8000
    assert settings.access_token_expire_minutes == 60
    assert settings.algorithm == "HS256"
    assert settings.llm_max_concurrency == 8
    assert settings.portal_data_dir == PROJECT_ROOT / "data"
    assert settings.cors_origins == []
    assert settings.is_embedded
    assert settings.is_demo_model
    assert settings.embedded_model == DEMO_MODEL


@pytest.mark.parametrize("secret", ["change-me", "your-secret-key", "short", "x" * 31])
@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "portal.example.org"])
def test_default_or_short_secret_refuses_to_start_outside_loopback(secret: str, host: str) -> None:
    with pytest.raises(ValidationError, match="SECRET_KEY is a default or shorter than 32 characters"):
        load_settings(secret_key=secret, portal_host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_loopback_any_secret_will_do(host: str) -> None:
    assert load_settings(secret_key="short", portal_host=host).is_loopback


def test_a_long_secret_may_be_public() -> None:
    assert not load_settings(secret_key=LONG_SECRET, portal_host="0.0.0.0").is_loopback


@pytest.mark.parametrize("origins", ["*", "https://*.example.org", "https://a.example.org, *"])
def test_wildcard_cors_refused(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    monkeypatch.setenv("CORS_ORIGINS", origins)
    with pytest.raises(ValidationError, match="wildcards are refused"):
        load_settings()


def test_cors_origins_are_a_list_or_words_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = ["http://localhost:5173", "https://game.example.org"]
    for written in (
        "http://localhost:5173,https://game.example.org/",
        ' http://localhost:5173 , "https://game.example.org" ',
        '["http://localhost:5173", "https://game.example.org"]',
    ):
        monkeypatch.setenv("CORS_ORIGINS", written)
        assert load_settings().cors_origins == expected


def test_temperature_zero_is_zero_and_not_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_TEMPERATURE", "0")
    assert load_settings().llm_temperature == 0


def test_an_empty_line_in_the_environment_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_TEMPERATURE", "")
    monkeypatch.setenv("PORTAL_PORT", "")
    assert load_settings().llm_temperature == 0.6
    assert load_settings().portal_port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLM_TEMPERATURE", "3"),
        ("LLM_TOP_P", "0"),
        ("LLM_MAX_TOKENS", "0"),
        ("PORTAL_PORT", "70000"),
        ("LLM_SERVER_URL", "localhost:8080"),
        ("REGISTRATION", "sometimes"),
        ("ALGORITHM", "none"),
        ("PASSWORD_MIN_LENGTH", "4"),
    ],
)
def test_impossible_values_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=rf"(?i){name}"):
        load_settings()


def test_unknown_settings_of_other_programs_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    env_file = tmp_path / "env"
    env_file.write_text("SOME_OTHER_PROGRAM=1\nLLM_MAX_TOKENS=99\n")
    monkeypatch.setenv("PORTAL_ENV_FILE", str(env_file))
    monkeypatch.setenv("PORTAL_UNHEARD_OF", "1")
    assert load_settings().llm_max_tokens == 99


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env_file = tmp_path / "env"
    env_file.write_text("LLM_MAX_TOKENS=99\nLLM_TEMPERATURE=0\n")
    monkeypatch.setenv("PORTAL_ENV_FILE", str(env_file))
    monkeypatch.setenv("LLM_MAX_TOKENS", "100")
    settings = load_settings()
    assert settings.llm_max_tokens == 100
    assert settings.llm_temperature == 0


def test_no_test_reads_the_developers_own_settings() -> None:
    assert load_settings().model_fields_set == set()


def test_secrets_are_not_shown_when_settings_are_printed() -> None:
    settings = load_settings(
        secret_key=LONG_SECRET, llm_api_key="canary-key", mqtt_password="canary-password"
    )
    assert LONG_SECRET not in repr(settings)
    assert "canary" not in repr(settings)
    assert "canary" not in str(settings.model_dump())


def test_settings_cannot_be_changed_under_way() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.portal_port = 1
    assert isinstance(settings, Settings)


def test_a_relative_data_folder_is_taken_from_the_project() -> None:
    assert load_settings(portal_data_dir="elsewhere").portal_data_dir == PROJECT_ROOT / "elsewhere"


@pytest.mark.parametrize(
    ("written", "backend"),
    [
        ("sqlite:///./app.db", "sqlite"),
        ("sqlite+pysqlite:///./app.db", "sqlite"),
        ("postgresql://user:secret@db.example.org/portal", "postgresql"),
        ("postgres://user:secret@db.example.org/portal", "postgresql"),
        ("postgresql+psycopg2://user:secret@db.example.org:5433/portal", "postgresql"),
        ("postgresql+asyncpg://user:secret@db.example.org/portal", "postgresql"),
    ],
)
def test_database_url_without_or_with_any_driver_gets_the_asynchronous_one(
    written: str, backend: str, tmp_path: Path
) -> None:
    url = async_url(written, tmp_path)
    assert url.get_backend_name() == backend
    assert url.get_dialect().is_async
    if url.host:
        assert (url.username, url.password, url.database) == ("user", "secret", "portal")


def test_the_ssl_mode_of_other_clients_is_understood(tmp_path: Path) -> None:
    url = async_url("postgresql://user:secret@db.example.org/portal?sslmode=require", tmp_path)
    assert dict(url.query) == {"ssl": "require"}
    assert url.get_dialect()().create_connect_args(url)[1]["ssl"] == "require"


def test_a_relative_sqlite_file_lies_in_the_data_folder_and_an_absolute_one_where_it_says(
    tmp_path: Path,
) -> None:
    assert async_url("sqlite:///./app.db", tmp_path).database == str(tmp_path / "app.db")
    assert async_url("sqlite:///sub/app.db", tmp_path).database == str(tmp_path / "sub" / "app.db")
    assert async_url("sqlite:////srv/portal/app.db", tmp_path).database == "/srv/portal/app.db"


@pytest.mark.parametrize(
    "written",
    ["mysql://u:p@h/d", "app.db", "", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory"],
)
def test_a_database_that_the_portal_does_not_speak_is_refused_with_an_example(
    written: str, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedDatabaseError, match=r"sqlite:///\./app\.db"):
        async_url(written, tmp_path)
