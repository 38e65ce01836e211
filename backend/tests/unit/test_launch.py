"""Starting from a terminal: what is said about settings, the port, the model and the address."""

from __future__ import annotations

import logging
import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import main
from app.config import get_settings, load_settings
from app.launch.errors import LaunchError
from app.launch.greeting import FirstAdmin, greeting, model_line, url_of
from app.launch.port import take_port
from app.launch.serve import _GreetingServer, _server_config
from app.launch.settings import read_settings


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A flag becomes a variable of the process, and the settings are read once: both end with the test."""
    before = dict(os.environ)
    get_settings.cache_clear()
    yield
    os.environ.clear()
    os.environ.update(before)
    get_settings.cache_clear()


def test_a_flag_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_PORT", "8001")
    assert read_settings().portal_port == 8001
    assert read_settings(portal_port=8002).portal_port == 8002
    assert get_settings().portal_port == 8002, "the application would listen elsewhere"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORTAL_PORT", "http", "PORTAL_PORT: Input should be a valid integer"),
        ("LLM_TEMPERATURE", "3", "LLM_TEMPERATURE: Input should be less than or equal to 2 (it is '3')"),
        ("LLM_SERVER_URL", "localhost:8080", "LLM_SERVER_URL must begin with http:// or https://"),
        ("CORS_ORIGINS", "https://*.example.org", "wildcards are refused"),
        ("LOG_LEVEL", "nonsense", "LOG_LEVEL: Input should be 'DEBUG', 'INFO'"),
        ("REDIS_URL", "http://127.0.0.1", "REDIS_URL must begin with redis://"),
        ("REDIS_URL", "redis://127.0.0.1:redis/0", "REDIS_URL has a port that is no number"),
    ],
)
def test_a_wrong_setting_is_said_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["serve"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and said in error
    assert len(error.splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("REDIS_URL", "http://:canary@127.0.0.1"), ("LLM_SERVER_URL", "ada:canary@house:8080")],
)
def test_a_password_in_a_refused_address_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(LaunchError, match=name) as refused:
        read_settings()
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "command", ["serve", "prepare", "backup b.tar.gz", "restore b.tar.gz", "rotate-encryption"]
)
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://ada:canary@house/portal", "use sqlite:///"),
        ("postgresql://ada:can@ary/x@house:5432/portal", "@ is %40"),
        ("postgresql://ada:canary@house:port/portal", "@ is %40"),
        ("postgresql://ada:canary@house/portal?channel_binding=require", "channel_binding"),
    ],
)
def test_a_database_url_that_nobody_can_use_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: str,
    url: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in (
        ("DATABASE_URL", url),
        ("PORTAL_DATA_DIR", str(tmp_path)),
        ("PORTAL_PORT", "0"),
        ("ENCRYPTION_KEY", "A" * 43),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 1
    error = capsys.readouterr().err
    assert said in error and error.startswith("error: ") and len(error.splitlines()) == 1
    assert "canary" not in error and "can@ary" not in error and "ada" not in error


@pytest.mark.parametrize(
    ("mode", "said"), [("verify-full", "root certificate file"), ("bogus", "must be one of")]
)
def test_an_ssl_mode_that_cannot_be_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"postgresql://ada:canary@127.0.0.1:9/portal?sslmode={mode}")
    assert main(["prepare"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: The database ") and said in error and "canary" not in error


def test_a_kept_secret_that_is_unusable_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret_key").write_bytes(b"")
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORTAL_PORT", "0")
    assert main(["serve"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and "holds no usable secret" in error


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_nobody_else_of_the_machine_reads_what_the_portal_writes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def modes() -> dict[str, int]:
        paths = (folder, *folder.iterdir())
        return {path.name: stat.S_IMODE(path.stat().st_mode) for path in paths}

    folder, before = tmp_path / "data", os.umask(0o022)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(folder))
    try:
        assert main(["prepare"]) == 0
        assert modes() == {"data": 0o700, "app.db": 0o600}
        (folder / "app.db").chmod(0o644)  # of a portal before this was so
        assert main(["prepare"]) == 0
        assert modes()["app.db"] == 0o600
        (folder / "app.db").chmod(0o640)  # somebody gave it to a group
        assert main(["prepare"]) == 0
        assert modes()["app.db"] == 0o640
    finally:
        os.umask(before)


def test_a_refused_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary-too-short")
    monkeypatch.setenv("PORTAL_HOST", "0.0.0.0")
    with pytest.raises(LaunchError, match="SECRET_KEY") as refused:
        read_settings()
    assert "canary" not in str(refused.value)


def test_a_taken_port_is_said_with_its_owner_and_a_free_one_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            LaunchError, match=rf"Port {port} is taken by .*process {os.getpid()}.*--port {port + 1}"
        ):
            take_port("127.0.0.1", port)
    taken = take_port("127.0.0.1", port)
    assert taken.getsockname() == ("127.0.0.1", port)
    taken.close()


def test_a_foreign_address_is_said() -> None:
    with pytest.raises(LaunchError, match=r"PORTAL_HOST=192\.0\.2\.1 is no address of this machine"):
        take_port("192.0.2.1", 0)
    with pytest.raises(LaunchError, match="no address of this machine"):
        take_port("no such host", 0)


def test_a_model_flag_that_could_not_win_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLM_SERVER_URL", "http://127.0.0.1:8080")
    assert main(["serve", "--model", "some.gguf"]) == 1
    assert "would answer instead of --model" in capsys.readouterr().err


def test_the_greeting_says_the_address_the_password_and_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORTAL_ENV_FILE")
    shown = greeting(load_settings(), "http://127.0.0.1:8000", FirstAdmin("admin@localhost", "one-time"))
    for words in (
        "http://127.0.0.1:8000",
        "admin@localhost",
        "one-time",
        "the demo model",
        "LLM_SERVER_URL=",
        ".env",
    ):
        assert words in shown
    assert "Password" not in greeting(load_settings(), "http://127.0.0.1:8000", None)


def test_the_greeting_of_a_container_names_no_file_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_ENV_FILE", "")
    shown = greeting(load_settings(), "http://127.0.0.1:8000", None)
    assert ".env" not in shown and "in the environment" in shown
    monkeypatch.setenv("PORTAL_ENV_FILE", "/etc/portal.env")
    assert "in /etc/portal.env" in greeting(load_settings(), "http://127.0.0.1:8000", None)


def test_the_greeting_warns_of_an_open_address_without_tls() -> None:
    settings = load_settings(portal_host="0.0.0.0", secret_key="x" * 40)
    assert "no TLS" in greeting(settings, "http://127.0.0.1:8000", None)
    behind = load_settings(
        portal_host="0.0.0.0", secret_key="x" * 40, portal_public_url="https://portal.example.org"
    )
    shown = greeting(behind, "http://127.0.0.1:8000", None)
    assert "no TLS" not in shown and "https://portal.example.org" in shown


def test_a_model_that_cannot_answer_is_said_in_the_greeting(tmp_path: Path) -> None:
    assert "none answers" in model_line(load_settings(llm_model_path=str(tmp_path / "absent.gguf")))
    assert "http://house:8080" in model_line(load_settings(llm_server_url="http://house:8080/"))


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")],
)
def test_the_address_can_be_opened_here(host: str, url: str) -> None:
    assert url_of(host, 80) == url


def test_who_stops_twice_is_shown_no_list_of_what_was_broken_off() -> None:
    said = logging.getLogger("uvicorn.error")
    before = said.level
    server = _GreetingServer(_server_config(load_settings()), lambda: None)
    try:
        server.handle_exit(signal.SIGINT, None)
        assert server.should_exit and said.isEnabledFor(logging.ERROR)
        server.handle_exit(signal.SIGINT, None)
        assert server.force_exit and not said.isEnabledFor(logging.ERROR)
    finally:
        said.setLevel(before)
