#!/usr/bin/env python3
"""Try the adapter to LiteLLM on the real library: in an environment of its own, installed as docs/providers.md says."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".cache" / "litellm"
QUESTION = [{"role": "user", "content": "Hello!"}]


def main() -> None:
    python = HOME / "bin" / "python"
    if Path(sys.prefix) == HOME:
        asyncio.run(check())
        sys.stdout.write("LiteLLM: whole, streamed, refused, busy, left: all as they should be.\n")
        return
    if not python.exists():
        venv.create(HOME, with_pip=True)
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
    ]
    subprocess.run([*install, "-r", "backend/requirements.lock"], cwd=ROOT, check=True)
    subprocess.run([*install, "--no-deps", "-r", "backend/requirements-litellm.lock"], cwd=ROOT, check=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "backend"), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    raise SystemExit(subprocess.run([str(python), __file__], env=environment, check=False).returncode)


async def check() -> None:
    """Ask a local server through LiteLLM."""
    from app.llm.errors import ProviderRateLimitError, ProviderRejectedError
    from app.llm.providers.base import Timeouts
    from app.llm.providers.litellm_library import LiteLLMProvider
    from tests.fakes.upstream import FakeUpstream, Reply

    async with FakeUpstream(kind="openai", api_key="sk-canary") as upstream:
        provider = LiteLLMProvider("lite", f"{upstream.url}/v1", "sk-canary", timeouts=Timeouts())
        assert (await provider.check_health()).is_healthy
        ask: dict[str, Any] = {"model": "openai/fake-model", "messages": QUESTION}

        async def said(*, is_stream: bool) -> bytes:
            pieces = provider.relay("/v1/chat/completions", ask, is_stream=is_stream)
            return b"".join([piece async for piece in pieces])

        assert b"You said: Hello!" in await said(is_stream=False)
        streamed = await said(is_stream=True)
        assert (
            streamed.count(b'"content"') > 3
            and b'"total_tokens"' in streamed
            and streamed.endswith(b"[DONE]\n\n")
        )
        for reply, expected in (
            (Reply(status=429), ProviderRateLimitError),
            (Reply(status=400), ProviderRejectedError),
        ):
            upstream.queue(reply)
            try:
                await said(is_stream=True)
            except expected as error:
                assert "sk-canary" not in error.message
            else:
                raise AssertionError(f"no {expected.__name__}")
        upstream.queue(Reply(chunks=["a "] * 200, chunk_delay_seconds=0.05))
        left = provider.relay("/v1/chat/completions", ask, is_stream=True)
        await anext(left)
        await left.aclose()
        await upstream.wait_until(lambda: bool(upstream.aborted), 1)


if __name__ == "__main__":
    main()
