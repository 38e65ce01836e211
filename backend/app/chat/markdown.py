"""A branch of a conversation as Markdown, to read and to keep."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.chat.portable import PortableMessage, PortableSession

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NOTES = {"stopped": "*(stopped)*", "failed": "*(failed)*", "streaming": "*(not finished yet)*"}


def as_markdown(session: PortableSession, branch: Sequence[PortableMessage]) -> str:
    """Render the messages of one branch, oldest first, under the conversation's title."""
    parts = [f"# {session.title or 'Conversation'}", f"*{session.created_at:%Y-%m-%d %H:%M} UTC*"]
    if session.system_prompt:
        parts += ["## System prompt", _closed(session.system_prompt)]
    for message in branch:
        parts += _message(message)
    return "\n\n".join(parts) + "\n"


def _message(message: PortableMessage) -> list[str]:
    if message.role == "user":
        files = [f"*Attached: {', '.join(message.files)}*"] if message.files else []
        return ["## User", *files, _closed(message.content)]
    parts = [f"## Assistant · {message.model}" if message.model else "## Assistant"]
    if message.reasoning:
        parts += ["<details><summary>Reasoning</summary>", _closed(message.reasoning), "</details>"]
    if message.content:
        parts.append(_closed(message.content))
    if note := _NOTES.get(message.status):
        parts.append(note)
    return parts


def _closed(text: str) -> str:
    """Close a code block that was never closed (a stopped answer), so that it does not swallow what follows."""
    fence = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if found is None:
            continue
        mark = found[1]
        if not fence:
            fence = mark
        elif mark[0] == fence[0] and len(mark) >= len(fence) and not line[found.end() :].strip():
            fence = ""
    text = text.strip("\n")
    return f"{text}\n{fence}" if fence else text
