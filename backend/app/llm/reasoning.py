"""Thinking apart from the answer: `<think>…</think>` at the head of the content, split across chunks as it may be.

A tag further inside the answer is text that the user asked for, and stays.
"""

from __future__ import annotations

from typing import Any, Literal

_OPEN = "<think>"
_CLOSE = "</think>"

State = Literal["before", "thinking", "after", "answer"]


class ThinkSplitter:
    """Feeds on content pieces and tells thinking from answer; holds back only what could be part of a tag."""

    def __init__(self) -> None:
        self._state: State = "before"
        self._held = ""

    @property
    def is_answer(self) -> bool:
        """Whether the head is over: from here on content is content."""
        return self._state == "answer"

    def feed(self, text: str) -> tuple[str, str]:
        """Return `(content, reasoning)` that this piece makes certain."""
        if self._state == "answer":
            return text, ""
        text = self._held + text
        self._held = ""
        reasoning = ""
        while text:
            if self._state == "thinking":
                inside, text, is_closed = _until_close(text)
                reasoning += inside
                if not is_closed:
                    self._held = text
                    break
                self._state = "after"
                continue
            head = text.lstrip()
            if head.startswith(_OPEN):
                self._state, text = "thinking", head[len(_OPEN) :]
            elif _OPEN.startswith(head):
                self._held = text
                break
            else:
                # White space that parts thinking from the answer is no part of either.
                content = head if self._state == "after" else text
                self._state = "answer"
                return content, reasoning
        return "", reasoning

    def flush(self) -> tuple[str, str]:
        """Return what is held back when the stream ends."""
        held, self._held = self._held, ""
        if self._state == "thinking":
            return "", held
        if self._state == "after" and not held.strip():
            return "", ""
        return held, ""


def parted(content: Any) -> tuple[str, str]:
    """Return `(content, reasoning)` of a piece of an answer: a text, or a list of parts, as Mistral's models write it.

    Raises TypeError, KeyError for anything else.
    """
    if isinstance(content, str):
        return content, ""
    texts: list[str] = []
    thoughts: list[str] = []
    for part in content:
        if part["type"] == "thinking":
            inner = part["thinking"]
            thoughts.append(inner if isinstance(inner, str) else parted(inner)[0])
        elif part["type"] == "text":
            texts.append(part["text"])
    return "".join(texts), "".join(thoughts)


def _until_close(text: str) -> tuple[str, str, bool]:
    """Split thinking at its closing tag: `(inside, rest, True)`, or `(certain, held, False)` when there is none yet."""
    inside, tag, rest = text.partition(_CLOSE)
    if tag:
        return inside, rest, True
    for length in range(min(len(_CLOSE) - 1, len(text)), 0, -1):
        if _CLOSE.startswith(text[-length:]):
            return text[:-length], text[-length:], False
    return text, "", False
