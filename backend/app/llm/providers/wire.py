"""The chat-completions format both ways, pure: a request's body, and chunks from a stream's JSON."""

from __future__ import annotations

from typing import Any

from app.llm.providers.registry import ServerKind
from app.llm.reasoning import ThinkSplitter, parted
from app.llm.tool_calls import CallNumbers
from app.llm.types import Chunk, CompletionRequest, Usage


def request_body(request: CompletionRequest, kind: ServerKind) -> dict[str, Any]:
    """Build the JSON body of a streamed completion; 0 is a value, None is left out."""
    sampling = request.sampling
    body: dict[str, Any] = dict(sampling.extra)
    body["model"] = request.model
    body["messages"] = [message.to_wire() for message in request.messages]
    body["stream"] = True
    body["stream_options"] = {"include_usage": True}
    for name in ("temperature", "top_p", "max_tokens", "response_format", "tools", "tool_choice"):
        value = getattr(sampling, name)
        if value is not None:
            body[kind.max_tokens_field if name == "max_tokens" else name] = value
    if kind.has_progress:
        body["return_progress"] = True
    return without_thinking(body, kind) if request.skip_thinking else body


def renamed(body: dict[str, Any], name: str, other: str) -> dict[str, Any]:
    """Return a body with a field under its other name; with both it is as it came."""
    if name not in body or body.get(other) is not None:
        return body
    rest = {key: value for key, value in body.items() if key != other}
    return {other if key == name else key: value for key, value in rest.items()}


def without_thinking(body: dict[str, Any], kind: ServerKind) -> dict[str, Any]:
    """Return a body that switches thinking off, but for what it says of thinking itself."""
    if "reasoning_effort" in body:
        return body
    off = {
        name: {**value, **body[name]} if isinstance(body.get(name), dict) else value
        for name, value in kind.thinking_off.items()
    }
    return {**body, **off}


class ChunkParser:
    """Turns the JSON objects of one stream into chunks; keeps what must be known at its end."""

    def __init__(self) -> None:
        self._splitter = ThinkSplitter()
        self._calls = CallNumbers()
        self.has_output = False
        self.has_finished = False

    def parse(self, event: dict[str, Any]) -> Chunk | None:
        """Return the chunk of one event, or None when it carries nothing. Raises (AttributeError, TypeError,
        KeyError, IndexError) when the shape is not chat-completions'."""
        choices = event.get("choices")
        usage = event.get("usage")
        if usage is not None or not choices or "prompt_progress" in event or "timings" in event:
            return self._slow(event, choices, usage)
        choice = choices[0]
        delta = choice.get("delta") or choice.get("message") or {}
        return self._delta(delta, choice.get("finish_reason"), event.get("model"))

    def flush(self) -> Chunk | None:
        """Return what was held back as a possible tag."""
        content, reasoning = self._splitter.flush()
        if not content and not reasoning:
            return None
        self.has_output = True
        return Chunk(content=content, reasoning=reasoning)

    def _delta(self, delta: dict[str, Any], finish_reason: str | None, model: str | None) -> Chunk | None:
        content = delta.get("content") or delta.get("refusal") or ""
        reasoning = delta.get("reasoning_content") or delta.get("reasoning") or ""
        tool_calls = delta.get("tool_calls") or None
        if tool_calls:
            self._calls.put_right(tool_calls)
        if not isinstance(content, str):
            content, thought = parted(content)
            reasoning += thought
        if content and not self._splitter.is_answer:
            content, thought = self._splitter.feed(content)
            reasoning += thought
        if finish_reason is not None:
            self.has_finished = True
            rest = self.flush()
            if rest is not None:
                content, reasoning = content + rest.content, reasoning + rest.reasoning
        if content or reasoning or tool_calls:
            self.has_output = True
        elif finish_reason is None:
            return None
        return Chunk(content, reasoning, tool_calls, finish_reason, model=model)

    def _slow(self, event: dict[str, Any], choices: Any, usage: Any) -> Chunk | None:
        """Parse an event that carries more than a delta: usage, timings, progress."""
        timings = event.get("timings")
        progress = event.get("prompt_progress")
        base = None
        if choices:
            delta = choices[0].get("delta") or choices[0].get("message") or {}
            base = self._delta(delta, choices[0].get("finish_reason"), event.get("model"))
        if base is None and usage is None and timings is None and progress is None:
            return None
        base = base or Chunk(model=event.get("model"))
        return Chunk(
            base.content,
            base.reasoning,
            base.tool_calls,
            base.finish_reason,
            usage=parse_usage(usage, timings) if usage is not None else None,
            server_timings=timings,
            progress=_fraction(progress) if progress is not None else None,
            model=base.model,
        )


def parse_usage(usage: dict[str, Any], timings: dict[str, Any] | None) -> Usage:
    """Read a usage object; cached tokens come from its details, else from llama.cpp's `timings.cache_n`."""
    prompt_details = usage.get("prompt_tokens_details") or {}
    completion_details = usage.get("completion_tokens_details") or {}
    cached = prompt_details.get("cached_tokens")
    if cached is None:
        cached = (timings or {}).get("cache_n") or 0
    return Usage(
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        completion_tokens=int(usage.get("completion_tokens") or 0),
        cached_tokens=int(cached),
        reasoning_tokens=int(completion_details.get("reasoning_tokens") or 0),
    )


def _fraction(progress: dict[str, Any]) -> float:
    """Return how much of what the cache did not hold is computed, 0 to 1."""
    cached = progress.get("cache") or 0
    to_do = (progress.get("total") or 0) - cached
    return min(1.0, max(0.0, (progress["processed"] - cached) / to_do)) if to_do > 0 else 1.0
