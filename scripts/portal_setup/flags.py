"""The flags of the set-up."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

_EXAMPLES = """\
examples:
  ./setup_llm.sh                                     with the demo model, to look around
  ./setup_llm.sh --server http://localhost:8080      with a model server that already runs (llama.cpp, vLLM, Ollama, …)
  ./setup_llm.sh --model ~/models/some-model.gguf    with a file, served by the embedded llama.cpp
  ./setup_llm.sh --model hf:OWNER/NAME-GGUF          with a model from a hub, downloaded once

Run it again at any time: it does what is left to do, and starts the portal.
A flag is written to .env; everything else that can be set is explained there.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"error: {message}\nSee {self.prog} --help.\n")
        sys.exit(2)


def read_flags(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the flags; an unknown one ends the program with exit code 2."""
    parser = _Parser(
        prog="setup_llm.bat" if sys.platform == "win32" else "./setup_llm.sh",
        description="Install what Prompt Portal needs into this folder, and start it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--install", action="store_true", help="do everything but start the portal")
    parser.add_argument(
        "--service",
        action="store_true",
        help="start it as a systemd service of yours (Linux), now and at every start",
    )
    parser.add_argument("--host", help="the address to listen on (127.0.0.1; 0.0.0.0 for all)")
    parser.add_argument("--port", type=_port, help="the port to listen on (8000)")
    model = parser.add_mutually_exclusive_group()
    model.add_argument("--server", metavar="URL", type=_url, help="use this model server")
    model.add_argument("--model", metavar="MODEL", help="use this model: FILE.gguf, or hf:REPO[:FILE]")
    parser.add_argument("--admin-email", metavar="EMAIL", help="of the first admin (admin@localhost)")
    parser.add_argument("--yes", action="store_true", help="ask nothing and agree to what is proposed")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; use a number from 0 to 65535")
    return int(text)


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} must begin with http:// or https://")
    return text.rstrip("/")
