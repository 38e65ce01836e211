"""Kinds of model servers as rows: what differs between them is data, not code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

KindName = Literal["llama.cpp", "vllm", "ollama", "openai"]
TokenizeFormat = Literal["llama.cpp", "vllm"]


@dataclass(frozen=True, slots=True)
class ServerKind:
    """What one kind of server understands.

    Args:
        probe_path: a route that only this kind has, and `probe_field` a key of its JSON answer.
        health_path: answers 200 when the model can be asked.
        tokenize: the format of `/tokenize`, None where there is none.
        has_progress: `return_progress` makes it report the prefill.
        thinking_off: body fields that switch thinking off; empty where it can only be told apart afterwards.
        closes_after_stream: the server closes a connection after a stream, so it must not be reused.
    """

    name: KindName
    health_path: str
    probe_path: str = ""
    probe_field: str = ""
    tokenize: TokenizeFormat | None = None
    has_progress: bool = False
    thinking_off: dict[str, Any] = field(default_factory=dict)
    closes_after_stream: bool = False


_NO_THINKING = {"chat_template_kwargs": {"enable_thinking": False}}

LLAMA_CPP: Final = ServerKind(
    name="llama.cpp",
    health_path="/health",
    probe_path="/props",
    probe_field="default_generation_settings",
    tokenize="llama.cpp",
    has_progress=True,
    thinking_off=_NO_THINKING,
    closes_after_stream=True,
)
VLLM: Final = ServerKind(
    name="vllm",
    health_path="/health",
    probe_path="/version",
    probe_field="version",
    tokenize="vllm",
    thinking_off=_NO_THINKING,
)
OLLAMA: Final = ServerKind(
    name="ollama", health_path="/api/version", probe_path="/api/version", probe_field="version"
)
OPENAI: Final = ServerKind(name="openai", health_path="/v1/models")

# Probed in this order; the generic kind is what remains.
PROBED: Final = (LLAMA_CPP, VLLM, OLLAMA)
KINDS: Final[dict[str, ServerKind]] = {kind.name: kind for kind in (*PROBED, OPENAI)}
