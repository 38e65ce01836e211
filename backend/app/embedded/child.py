"""The child process: llama.cpp's own HTTP server on a free port of loopback, for as long as the parent lives.

Started as `python -m app.embedded.child`; reads one JSON line from standard input (the API key is in it, never in argv) and
prints one JSON line: `{"address": …}` or `{"error": …, "kind": …}`. End of standard input means that the parent is gone.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any, TextIO


def main() -> int:
    """Serve until standard input ends. Returns the exit code."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is the parent's affair; it stops this process in order
    config = json.loads(sys.stdin.readline())
    answers = _claim_stdout()
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    try:
        server = _start_server(config)
    except Exception as error:  # whatever llama.cpp raised: the parent words it
        _say(answers, {"error": str(error), "kind": type(error).__name__})
        return 1
    _say(answers, {"address": server.listening_address})
    threading.Event().wait()
    return 0


def _claim_stdout() -> TextIO:
    """Keep standard output for the one answer; whatever else is printed goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _exit_with_parent() -> None:
    while sys.stdin.readline():
        pass
    os._exit(0)  # an orderly end would wait for running answers, up to half a minute


def _say(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _start_server(config: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = config["model_path"]
    params.model_alias = {config["model_alias"]}
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.api_keys = [config["api_key"]]
    params.n_parallel = config["slots"]
    params.n_ctx = config["slots"] * config["context_tokens"]
    params.kv_unified = False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = config["threads"]
    params.n_threads_http = config["http_threads"]
    params.cache_ram_mib = config["prompt_cache_mib"]
    params.ui = False
    params.cors_origins, params.cors_credentials = "", False
    params.endpoint_metrics = True
    params.verbosity = 1
    params.ctx_shift = False
    if config["is_tiny"]:
        params.fit_params = False
        params.n_batch = 1024
    return xllamacpp.Server(params)


if __name__ == "__main__":
    sys.exit(main())
