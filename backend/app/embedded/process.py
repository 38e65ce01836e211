"""One child process and the three threads that listen to it; works on every platform and event loop.

Not asyncio's own subprocess support: that needs one kind of loop on Windows and the main thread elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any

from app.embedded.errors import (
    CPUNotSupportedError,
    EmbeddedServerError,
    LibraryMissingError,
    ModelLoadError,
    ServerDiedError,
)
from app.embedded.options import ServerOptions

_BACKEND = Path(__file__).resolve().parents[2]
# The set-up puts libgomp there where the system has none.
_OPENMP = Path(sys.prefix) / "lib" / "openmp"
_ILLEGAL_INSTRUCTION = {-getattr(signal, "SIGILL", 4), 0xC000001D, 0xC000001D - (1 << 32)}
# The child downloads nothing and signs nothing: it has no use for these.
_KEPT_FROM_CHILD = (
    "SECRET_KEY", "ENCRYPTION_KEY", "DATABASE_URL", "REDIS_URL", "MQTT_PASSWORD", "LLM_API_KEY", "HF_TOKEN"
)  # fmt: skip


class ChildProcess:
    """A running `app.embedded.child`. `address` and `ended` are futures of the loop that made it."""

    def __init__(self, options: ServerOptions, api_key: str) -> None:
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._log: deque[str] = deque(maxlen=40)
        self.address: asyncio.Future[str] = self._loop.create_future()
        self.address.add_done_callback(
            lambda done: done.cancelled() or done.exception()
        )  # heard, even if unused
        self.ended: asyncio.Future[int] = self._loop.create_future()
        environment = {
            name: value for name, value in os.environ.items() if name.upper() not in _KEPT_FROM_CHILD
        }
        environment["PYTHONPATH"] = str(_BACKEND)
        if _OPENMP.is_dir():
            path = [str(_OPENMP), environment.get("LD_LIBRARY_PATH", "")]
            environment["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, path))
        self._process = subprocess.Popen(
            [sys.executable, "-X", "utf8", "-m", "app.embedded.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=environment,
            cwd=_BACKEND,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._keep_log = threading.Thread(target=self._read_log, name="embedded-log", daemon=True)
        self._keep_log.start()
        self._hand_over({**options.as_json(), "api_key": api_key})
        threading.Thread(target=self._read_answer, name="embedded-wait", daemon=True).start()

    @property
    def pid(self) -> int:
        """The operating system's number of the child."""
        return self._process.pid

    async def stop(self, grace_seconds: float) -> None:
        """Ask the child to end, and end it when it does not within the grace."""
        if self._process.poll() is None:
            self._process.terminate()
        done, _ = await asyncio.wait([self.ended], timeout=grace_seconds)
        if not done:
            self._process.kill()
            await asyncio.shield(self.ended)

    def kill(self) -> None:
        """End the child at once, without waiting for it."""
        if self._process.poll() is None:
            self._process.kill()

    def why_it_ended(self, exit_code: int) -> EmbeddedServerError:
        """Word the end of a child that had been serving."""
        if exit_code in _ILLEGAL_INSTRUCTION:
            return CPUNotSupportedError([])
        if exit_code == -getattr(signal, "SIGKILL", 9):
            return ServerDiedError("The model server was killed (often: the machine ran out of memory).")
        last = self._log[-1] if self._log else "it said nothing"
        return ServerDiedError(f"The model server ended with code {exit_code}: {last}")

    def _hand_over(self, config: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it died already: the thread that waits for it says how
            self._process.stdin.write(json.dumps(config) + "\n")
            self._process.stdin.flush()

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.strip():
                self._log.append(line.strip())

    def _read_answer(self) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            self._post(self._answered, line)
        exit_code = self._process.wait()
        self._keep_log.join(timeout=1)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._post(self._exited, exit_code)

    def _post(self, callback: Any, value: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(callback, value)

    def _answered(self, line: str) -> None:
        if self.address.done():
            return
        answer = json.loads(line)
        if "address" in answer:
            self.address.set_result(answer["address"])
        else:
            self.address.set_exception(self._refusal(answer))

    def _refusal(self, answer: dict[str, str]) -> EmbeddedServerError:
        if answer["kind"] == "ImportError":
            return LibraryMissingError(answer["error"])
        return ModelLoadError(self._options.model_path, self._reason(answer["error"]))

    def _exited(self, exit_code: int) -> None:
        if not self.address.done():
            self.address.set_exception(self.why_it_ended(exit_code))
        self.ended.set_result(exit_code)

    def _reason(self, fallback: str) -> str:
        """Return llama.cpp's first error line without its time stamp: later ones only say that it gave up."""
        for line in self._log:
            _, marker, text = line.partition(" E ")
            if marker:
                return text.rpartition("error loading model: ")[2].strip()
        return fallback
