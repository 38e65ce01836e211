"""Take the portal's port before anything slow happens, or say who has it."""

from __future__ import annotations

import errno
import http.client
import os
import socket

import psutil

from app.launch.errors import LaunchError

ALREADY_ANSWERS = "A Prompt Portal already answers"
"""Begins what is said when the port is taken by a portal."""
_TAKEN = {errno.EADDRINUSE, 10048}
_FORBIDDEN = {errno.EACCES, 10013}
_NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, 10049}


def take_port(host: str, port: int) -> socket.socket:
    """Return a bound socket; port 0 takes a free one.

    Raises:
        LaunchError: taken (by whom, if that can be told), not allowed, or not an address of this machine.
    """
    family, address = _resolve(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # on Windows this option would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise LaunchError(_why_not(error, host, port)) from None
    return listener


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise LaunchError(
            f"PORTAL_HOST={host} is no address of this machine; use 127.0.0.1 or 0.0.0.0."
        ) from None
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)  # `localhost` is 127.0.0.1 first
    family, _, _, _, address = found[0]
    return family, (str(address[0]), port)


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno in _TAKEN:
        if _is_a_portal(host, port):
            return (
                f"{ALREADY_ANSWERS} at http://{host}:{port}. "
                f"Open it, or start this one on another port: --port {port + 1}"
            )
        return f"Port {port} is taken by {owner_of(port)}. End that program, or use another port: --port {port + 1}"
    if error.errno in _FORBIDDEN:
        return f"Port {port} is not open to ordinary users. Use one above 1023: --port 8000"
    if error.errno in _NO_SUCH_ADDRESS:
        return f"PORTAL_HOST={host} is no address of this machine; use 127.0.0.1 or 0.0.0.0."
    return f"Cannot listen on {host}:{port}: {error.strerror}"


def owner_of(port: int) -> str:
    """Name the program that listens on a port, as far as this user may know."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                process = psutil.Process(connection.pid)
                return f"{process.name()} (process {process.pid}, of {process.username()})"
    except (psutil.Error, OSError):
        pass
    return "another program"


def _is_a_portal(host: str, port: int) -> bool:
    asked = "127.0.0.1" if host in ("0.0.0.0", "", "::") else host
    connection = http.client.HTTPConnection(asked, port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        return bool(response.getheader("x-request-id")) and response.read(64) in (b"ready", b"not ready")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
