"""Run the portal in this process until it is told to stop."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from importlib.util import find_spec
from socket import socket
from types import FrameType

import uvicorn

from app.auth.secret import SecretFileError, stored_secret
from app.config import Settings
from app.launch.certificates import check_certificates
from app.launch.errors import LaunchError
from app.launch.greeting import greeting, url_of
from app.launch.logs import start_logging
from app.launch.memory import keep_in_huge_pages, settle_objects, share_one_heap
from app.launch.port import take_port
from app.launch.prepare import prepare
from app.web.corked import CorkedProtocol
from app.web.leaving import LEAVING

_WEBSOCKET_BYTES = 1024 * 1024  # what the portal's own broker takes


def serve(settings: Settings, *, say: Callable[[str], None]) -> int:
    """Prepare the database and serve until SIGINT or SIGTERM. Returns the exit code; raises LaunchError."""
    share_one_heap()
    start_logging(settings)
    check_telemetry(settings)
    check_certificates(settings)
    for chatty in (
        "alembic",
        "uvicorn.error",
    ):  # the greeting says what a person wants to know of their steps
        logging.getLogger(chatty).setLevel("WARNING")
    with take_port(settings.portal_host, settings.portal_port) as listener:
        admin = prepare(settings)
        _check_secret(settings)
        address = url_of(settings.portal_host, listener.getsockname()[1])
        server = _GreetingServer(_server_config(settings), lambda: say(greeting(settings, address, admin)))
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:  # uvicorn stopped in order, then raised the signal again
            return 0
        return 0 if server.started else 3


def check_telemetry(settings: Settings) -> None:
    """Raises LaunchError when telemetry is wanted and its packages are not installed."""
    if settings.otel_exporter_otlp_endpoint and find_spec("opentelemetry.exporter") is None:
        raise LaunchError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry's exporter is not installed: "
            ".venv/bin/pip install --require-hashes -r backend/requirements-telemetry.lock, or empty the setting."
        )


def _check_secret(settings: Settings) -> None:
    if settings.secret_key.get_secret_value():
        return
    try:
        stored_secret(settings.portal_data_dir)
    except SecretFileError as error:
        raise LaunchError(str(error)) from None
    except OSError as error:
        raise LaunchError(f"{error.filename} cannot be read: {error.strerror}. Whose is it?") from None


def _server_config(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        "app.main:create_app",
        factory=True,
        lifespan="on",
        http=CorkedProtocol,
        ws="websockets-sansio",  # MQTT for pages
        ws_max_size=_WEBSOCKET_BYTES,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.portal_trusted_proxies),
        forwarded_allow_ips=settings.portal_trusted_proxies,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=settings.portal_drain_seconds,
        reset_contextvars=True,
    )


class _GreetingServer(uvicorn.Server):
    """uvicorn that says when it listens, and tells the application at once when it must stop."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        settle_objects()
        if self.started:
            keep_in_huge_pages()
            self._on_listening()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note that it is to stop; who asks twice wants no list of what was broken off."""
        super().handle_exit(sig, frame)
        if self.force_exit:
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        leave = self.lifespan.state.get(LEAVING)
        if callable(leave):
            leave()
        await super().shutdown(sockets)


def say_to_stdout(text: str) -> None:
    """Print for the person at the terminal; a log collector reads standard error."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
