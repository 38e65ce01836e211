"""Conversation types and their ChatML rendering, token for token what chat_template.jinja renders."""

import json
from dataclasses import dataclass, field
from typing import Any

START, END, PAD = "<|im_start|>", "<|im_end|>", "<|pad|>"
THINK, END_THINK = "<think>", "</think>"
CALL, END_CALL = "<tool_call>", "</tool_call>"
CONTROL_TOKENS = [PAD, START, END]
MARKUP_TOKENS = [THINK, END_THINK, CALL, END_CALL]
TOOLS_INTRO = "\n\n# Tools\n<tools>"
TOOLS_OUTRO = '\n</tools>\nCall one as <tool_call>\n{"name": ..., "arguments": {...}}\n</tool_call>'


@dataclass
class Message:
    """One message; `thought` is reasoning that is learnt but never shown again in the history."""

    role: str
    content: str
    thought: str | None = None
    call: dict[str, Any] | None = None


@dataclass
class Conversation:
    """Messages in order, with the tools on offer."""

    messages: list[Message]
    tools: list[dict[str, Any]] = field(default_factory=list)


def tools_text(tools: list[dict[str, Any]]) -> str:
    """Return the part of the system message that lists the tools."""
    return TOOLS_INTRO + "".join("\n" + json.dumps(tool) for tool in tools) + TOOLS_OUTRO


def call_text(call: dict[str, Any]) -> str:
    """Return a tool call as the model writes it."""
    body = json.dumps({"name": call["name"], "arguments": call["arguments"]})
    return f"{CALL}\n{body}\n{END_CALL}"


def segments(conversation: Conversation) -> list[tuple[str, bool]]:
    """Split the rendered conversation into (text, is_learnt); only what the assistant writes is learnt.

    A thought stands only in the last assistant message: the template leaves it out of the history.
    """
    parts: list[tuple[str, bool]] = []
    messages = list(conversation.messages)
    if conversation.tools:
        if not messages or messages[0].role != "system":
            messages.insert(0, Message("system", ""))
        messages[0] = Message("system", messages[0].content + tools_text(conversation.tools))
    for index, message in enumerate(messages):
        if message.role != "assistant":
            parts.append((f"{START}{message.role}\n{message.content}{END}\n", False))
            continue
        opening = f"{START}{message.role}\n"
        if message.thought is not None and index == len(messages) - 1:
            parts.append((f"{opening}{THINK}\n", False))
            parts.append((f"{message.thought}\n{END_THINK}\n\n", True))
        else:
            parts.append((opening, False))
        text = message.content if message.call is None else call_text(message.call)
        parts.append((f"{text}{END}", True))
        parts.append(("\n", False))
    return parts
