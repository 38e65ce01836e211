"""What the person sees: numbered steps with their time, one live line on a terminal, errors that say what to do."""

from __future__ import annotations

import io
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class SetupError(Exception):
    """The set-up cannot go on. The message says why and what to do."""


class Report:
    """Writes the progress of `total` steps to standard output."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._number = 0
        self._is_live = sys.stdout.isatty()
        if sys.platform == "win32":
            os.system("")  # makes older consoles understand the sequence that clears a line
            if isinstance(sys.stdout, io.TextIOWrapper):
                sys.stdout.reconfigure(errors="replace")

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show a step while its block runs, and its outcome and seconds after it."""
        self._number += 1
        step = Step(f"[{self._number}/{self._total}] {title}", self._is_live)
        step.update("…")
        try:
            yield step
        except BaseException:
            step.close("failed")
            raise
        step.close(step.outcome)

    def say(self, text: str = "") -> None:
        """Write a line of its own."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


class Step:
    """One step. Set `outcome` to a few words on what was done."""

    def __init__(self, title: str, is_live: bool) -> None:
        self.outcome = "done"
        self._title = title
        self._is_live = is_live
        self._began = time.monotonic()
        self._notes: list[str] = []

    def update(self, text: str) -> None:
        """Replace the live line; without a terminal nothing is written."""
        if self._is_live:
            width = shutil.get_terminal_size().columns - 1
            sys.stdout.write("\r\033[K" + f"{self._title}  {text}"[:width])
            sys.stdout.flush()

    def note(self, text: str, *, now: bool = False) -> None:
        """Add a line that stays, below the step's last line; `now` writes it at once, before something long."""
        if not now:
            self._notes.append(text)
            return
        self._clear()
        sys.stdout.write(f"      {text}\n")
        sys.stdout.flush()

    def close(self, outcome: str) -> None:
        """Write the step's last line, and the notes under it."""
        self._clear()
        sys.stdout.write(f"{self._title}: {outcome} ({time.monotonic() - self._began:.1f} s)\n")
        sys.stdout.writelines(f"      {text}\n" for text in self._notes)
        sys.stdout.flush()

    def _clear(self) -> None:
        if self._is_live:
            sys.stdout.write("\r\033[K")
