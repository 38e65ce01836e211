"""Lengths in tokens: exact from usage, the new text by the server's tokenizer, else an estimate that learns per model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.llm.routing import Target
from app.llm.turns import HistoryTurn, StoredMessage
from app.llm.types import ChatMessage, Usage

_FIRST_TOKENS_PER_CHAR = 1 / 3.5
_FIRST_OVERHEAD = 8
_WEIGHT_OF_NEW = 0.3
# What an image is taken for until usage tells: models that see spend between 64 and some 5,000 tokens on one.
_IMAGE_TOKENS = 800
_MOST_IMAGE_TOKENS = 5_000
_MOST_OVERHEAD = 64
_SAFETY = 0.9
_MIN_CHARS_TO_LEARN = 200


@dataclass(slots=True)
class _Learned:
    """What replies of one model taught: tokens per character, the template's tokens around a message, its window."""

    tokens_per_char: float = _FIRST_TOKENS_PER_CHAR
    overhead: float = _FIRST_OVERHEAD
    context_window: int | None = None
    configured_window: int | None = None


class TokenCounter:
    """Counts texts for a target, and is calibrated by what servers report."""

    def __init__(self) -> None:
        self._learned: dict[str, _Learned] = {}

    async def count_message(self, message: ChatMessage, target: Target) -> int:
        """Return a message's length in the prompt, the template's overhead included."""
        text, images = text_of(message)
        return await self.count_text(text, target) + round(self._of(target).overhead) + images * _IMAGE_TOKENS

    async def count_text(self, text: str, target: Target) -> int:
        """Return a text's length by the server's tokenizer, else by estimate."""
        if not text:
            return 0
        counted = await target.provider.count_tokens(text, target.model)
        return counted if counted is not None else self.estimate(text, target)

    def bound(self, text: str, images: int = 0) -> int:
        """Return what a text is certainly not longer than in any tokenizer: a token is at least one byte."""
        return len(text.encode()) + images * _MOST_IMAGE_TOKENS + _MOST_OVERHEAD

    def estimate_message(self, message: ChatMessage, target: Target) -> int:
        """Return a message's length in the prompt without asking the server."""
        text, images = text_of(message)
        return self.estimate(text, target) + round(self._of(target).overhead) + images * _IMAGE_TOKENS

    def estimate(self, text: str, target: Target) -> int:
        """Return a text's length by what earlier replies of this model taught."""
        return math.ceil(len(text) * self._of(target).tokens_per_char)

    def context_window(self, target: Target) -> int | None:
        """Return the target's context window as configured, or smaller where a refusal taught so."""
        learned = self._of(target)
        if learned.context_window is None or learned.configured_window != target.context_window:
            return target.context_window
        return learned.context_window

    def learn_overflow(self, target: Target, sent_tokens: int, window: int | None) -> None:
        """Note that a prompt of about so many tokens did not fit; `window` is the server's own figure, if it said one."""
        smaller = window if window is not None else int(sent_tokens * _SAFETY)
        current = self.context_window(target)
        if current is None or smaller < current:
            learned = self._of(target)
            learned.context_window, learned.configured_window = smaller, target.context_window

    def size_turn(self, turn: HistoryTurn, before: HistoryTurn | None, target: Target) -> int:
        """Return a stored turn's length: the difference of two reported prefixes, else the sum of its messages."""
        if before is not None and turn.prefix_key is not None and turn.prefix_key == before.prefix_key:
            difference = (turn.prefix_tokens or 0) - (before.prefix_tokens or 0)
            if difference > 0:
                return difference
        return sum(self._size(stored, target) for stored in turn.messages)

    def learn_prompt(self, target: Target, messages: Sequence[ChatMessage], usage: Usage) -> None:
        """Correct the estimate by a whole prompt's reported length."""
        parts = [text_of(message) for message in messages]
        chars = sum(len(text) for text, _ in parts)
        if chars < _MIN_CHARS_TO_LEARN or usage.prompt_tokens <= 0 or any(images for _, images in parts):
            return
        tokens = usage.prompt_tokens - len(messages) * self._of(target).overhead
        observed = min(2.0, max(0.05, tokens / chars))
        learned = self._of(target)
        learned.tokens_per_char += _WEIGHT_OF_NEW * (observed - learned.tokens_per_char)

    def learn_overhead(self, target: Target, difference: int) -> None:
        """Correct the overhead by how much longer a counted message was in the reported prompt."""
        learned = self._of(target)
        observed = min(float(_MOST_OVERHEAD), max(0.0, learned.overhead + difference))
        learned.overhead += _WEIGHT_OF_NEW * (observed - learned.overhead)

    def _size(self, stored: StoredMessage, target: Target) -> int:
        if stored.tokens is not None:
            return stored.tokens
        return self.estimate_message(stored.message, target)

    def _of(self, target: Target) -> _Learned:
        return self._learned.setdefault(target.model, _Learned())


def text_of(message: ChatMessage) -> tuple[str, int]:
    """Return a message's text, tool calls included, and its number of images."""
    texts: list[str] = []
    images = 0
    if isinstance(message.content, str):
        texts.append(message.content)
    for part in message.content if isinstance(message.content, list) else ():
        text = part.get("text")
        if isinstance(text, str):
            texts.append(text)
        else:
            images += 1
    if message.tool_calls:
        texts.append(text_of_json(message.tool_calls))
    return "\n".join(texts), images


def has_images(message: ChatMessage) -> bool:
    """Whether a message's length can only be guessed."""
    return text_of(message)[1] > 0


def text_of_json(value: Any) -> str:
    """Return JSON as a template would write it, for counting."""
    return orjson.dumps(value).decode()
