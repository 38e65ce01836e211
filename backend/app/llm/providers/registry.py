"""Kinds of model servers as rows: what differs between them is data, not code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

KindName = Literal[
    "llama.cpp",
    "vllm",
    "ollama",
    "localai",
    "lm-studio",
    "openai",
    "anthropic",
    "openrouter",
    "gemini",
    "generic",
]
TokenizeFormat = Literal["llama.cpp", "vllm"]
OwnRoute = Literal["responses", "background", "messages"]
"""What a server may have besides chat completions, and is then asked as it came: OpenAI's Responses, those in the
background (which need `responses`), and Anthropic's Messages."""


@dataclass(frozen=True, slots=True)
class ServerKind:
    """What one kind of server understands.

    Args:
        host: where it is, if it is one service for all; it is told by that without being asked.
        probe_path: a route that only this kind has, and `probe_field` a key of its JSON answer.
        health_path: answers 200 when the model can be asked.
        tokenize: the format of `/tokenize`, None where there is none.
        has_progress: `return_progress` makes it report the prefill.
        thinking_off: body fields that switch thinking off; empty where it can only be told apart afterwards.
        closes_after_stream: the server closes a connection after a stream, so it must not be reused.
        api_prefix: what stands before `/chat/completions`, after the address without its `/v1`.
        may_refuse: fields that the portal adds and that it takes or refuses, which nobody knows before.
        max_tokens_field: what the server calls `max_tokens`.
        unknown_max_tokens_field: what clients may call it and the server passes over, or refuses; empty: it knows both.
        own_routes: what it has besides chat completions; a provider's definition can say otherwise.
        key_header: carries the key where it is not asked as OpenAI is; empty: everywhere `Authorization: Bearer`.
        headers: sent along with the key in that header.
    """

    name: KindName
    health_path: str
    host: str = ""
    probe_path: str = ""
    probe_field: str = ""
    tokenize: TokenizeFormat | None = None
    has_progress: bool = False
    thinking_off: dict[str, Any] = field(default_factory=dict)
    closes_after_stream: bool = False
    api_prefix: str = "/v1"
    may_refuse: tuple[str, ...] = ()
    max_tokens_field: str = "max_tokens"
    unknown_max_tokens_field: str = ""
    own_routes: frozenset[OwnRoute] = frozenset()
    key_header: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def path(self, path: str) -> str:
        """Return a route of OpenAI's (`/v1/…`) as this kind of server has it."""
        return self.api_prefix + path.removeprefix("/v1")


USAGE_WISH: Final = "stream_options"
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
    may_refuse=tuple(_NO_THINKING),
)
# These pass over `max_completion_tokens`, which newer SDKs send: an answer would be as long as it likes.
OLLAMA: Final = ServerKind(
    name="ollama",
    health_path="/api/version",
    probe_path="/api/version",
    probe_field="version",
    unknown_max_tokens_field="max_completion_tokens",
)
LOCALAI: Final = ServerKind(
    name="localai", health_path="/readyz", unknown_max_tokens_field="max_completion_tokens"
)
LM_STUDIO: Final = ServerKind(
    name="lm-studio", health_path="/v1/models", unknown_max_tokens_field="max_completion_tokens"
)
OPENAI: Final = ServerKind(
    name="openai",
    host="api.openai.com",
    health_path="/v1/models",
    max_tokens_field="max_completion_tokens",
    unknown_max_tokens_field="max_tokens",
    own_routes=frozenset({"responses", "background"}),
)
# Its chat completions take the key as OpenAI's do; all other routes take it in a header of its own.
ANTHROPIC: Final = ServerKind(
    name="anthropic",
    host="api.anthropic.com",
    health_path="/v1/models",
    own_routes=frozenset({"messages"}),
    key_header="x-api-key",
    headers=(("anthropic-version", "2023-06-01"),),
)
# Its list of models is open to everybody; /v1/key answers to a valid key only.
OPENROUTER: Final = ServerKind(name="openrouter", host="openrouter.ai", health_path="/v1/key")
GEMINI: Final = ServerKind(name="gemini", health_path="/models", api_prefix="")
GENERIC: Final = ServerKind(name="generic", health_path="/v1/models", may_refuse=(USAGE_WISH,))

# Probed in this order; the generic kind is what remains.
PROBED: Final = (LLAMA_CPP, VLLM, OLLAMA)
KINDS: Final[dict[str, ServerKind]] = {
    kind.name: kind for kind in (*PROBED, LOCALAI, LM_STUDIO, OPENAI, ANTHROPIC, OPENROUTER, GEMINI, GENERIC)
}
