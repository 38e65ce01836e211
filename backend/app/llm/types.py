"""The engine's vocabulary: messages, requests, chunks, usage. Plain data, no behaviour that needs I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]
TurnStatus = Literal["queued", "streaming", "done", "cancelled", "failed"]
PriorityClass = Literal["player", "chat", "batch"]
Content = str | list[dict[str, Any]] | None


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message in OpenAI's chat format."""

    role: Role
    content: Content
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object that a chat-completions server takes."""
        wire: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.name is not None:
            wire["name"] = self.name
        if self.tool_calls is not None:
            wire["tool_calls"] = self.tool_calls
        if self.tool_call_id is not None:
            wire["tool_call_id"] = self.tool_call_id
        return wire


@dataclass(frozen=True, slots=True)
class Sampling:
    """Generation parameters; `None` means "not given", and 0 is a value.

    `filled` names those that nobody gave and the portal's defaults filled in.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    filled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """What an adapter sends: a whole prompt for one model, with every default filled in."""

    model: str
    messages: tuple[ChatMessage, ...]
    sampling: Sampling
    skip_thinking: bool = True
    deadline_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server reported them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def as_dict(self) -> dict[str, int]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "cached_tokens": self.cached_tokens,
            "reasoning_tokens": self.reasoning_tokens,
        }


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a streamed answer; fields that a piece does not carry are empty."""

    content: str = ""
    reasoning: str = ""
    tool_calls: list[dict[str, Any]] | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    server_timings: dict[str, Any] | None = None
    progress: float | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the owner of everything made, and what limits the request."""

    user_id: int
    key_id: str | None = None
    allowed_models: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the engine needs of the portal's settings."""

    default_model: str = ""
    temperature: float = 0.6
    top_p: float = 0.9
    max_tokens: int = 512
    skip_thinking: bool = True
    max_history_tokens: int = 10_000
    history_low_water: float = 0.5
    max_concurrency: int = 8
    max_queued: int = 256
    session_max_queued: int = 8
    timeout_seconds: float = 300.0
    connect_timeout_seconds: float = 5.0
    first_token_timeout_seconds: float = 120.0
    chunk_timeout_seconds: float = 60.0
    max_retries: int = 1
