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
    """One message."""

    role: str
    content: str


@dataclass
class Conversation:
    """Messages in order, with the tools on offer."""

    messages: list[Message]
    tools: list[dict[str, Any]] = field(default_factory=list)


def tools_text(tools: list[dict[str, Any]]) -> str:
    """Return the part of the system message that lists the tools."""
    return TOOLS_INTRO + "".join("\n" + json.dumps(tool) for tool in tools) + TOOLS_OUTRO


def segments(conversation: Conversation) -> list[tuple[str, bool]]:
    """Split the rendered conversation into (text, is_learnt); only what the assistant writes is learnt."""
    parts: list[tuple[str, bool]] = []
    messages = list(conversation.messages)
    if conversation.tools:
        if not messages or messages[0].role != "system":
            messages.insert(0, Message("system", ""))
        messages[0] = Message("system", messages[0].content + tools_text(conversation.tools))
    for message in messages:
        if message.role == "assistant":
            parts += [
                (f"{START}assistant\n", False),
                (f"{message.content}{END}", True),
                ("\n", False),
            ]
        else:
            parts.append((f"{START}{message.role}\n{message.content}{END}\n", False))
    return parts
