"""The fixtures themselves: a port that a test was given stays its own."""

from __future__ import annotations

import socket

import pytest

from tests.fixtures.programs import free_port


def test_a_port_that_was_given_is_nobody_elses_and_a_server_may_listen_on_it() -> None:
    port = free_port()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    for _ in range(2):  # and once more after it was stopped
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", port))
            server.listen()
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
