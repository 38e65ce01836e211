"""What keeps the portal from starting; each message is for the person at the terminal and says what to do."""

from __future__ import annotations


class LaunchError(Exception):
    """The portal cannot start. Printed without a traceback; exit code 1."""
