"""Runs the GGUF in the real llama.cpp, as a child process on a free port, for the evaluation and the tests."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CONTEXT_TOKENS = 2048
START_SECONDS, ANSWER_SECONDS = 30, 60


def serve(path: str) -> None:
    """Serve until standard input closes (this is the child's side)."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = 1
    parameters.use_jinja = True
    parameters.enable_reasoning = 0
    parameters.cache_ram_mib = 16
    parameters.ui = False
    server = xllamacpp.Server(parameters)
    print(f"listening {server.listening_address}", flush=True)
    sys.stdin.read()


class ModelServer:
    """A llama.cpp server for one GGUF; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.address = ""
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, str(Path(__file__).resolve()), str(self.path)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("listening "):
                self.address = line.split()[1]
                return self
        raise RuntimeError(f"llama.cpp did not start with {self.path}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.communicate(timeout=START_SECONDS)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a JSON body and return the JSON answer."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:
            answer: dict[str, Any] = json.loads(response.read())
        return answer

    def chat(self, messages: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        """Return the assistant's message, at temperature 0 unless told otherwise."""
        body = {"messages": messages, "temperature": 0, "max_tokens": 400, **options}
        message: dict[str, Any] = self.post("/v1/chat/completions", body)["choices"][0]["message"]
        return message

    def answer(self, messages: list[dict[str, Any]], **options: Any) -> str:
        """Return the text of the answer."""
        return self.chat(messages, **options)["content"] or ""


if __name__ == "__main__":
    serve(sys.argv[1])
