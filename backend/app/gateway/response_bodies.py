"""Requests of OpenAI's Responses as chat completions, and the response as it begins. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.gateway.custom_tools import custom_function
from app.gateway.response_items import Item, system_messages, to_messages, wrong

# what has a meaning here and not for a model server, or none at all
_OWN = {
    "background", "store", "metadata", "previous_response_id", "instructions", "input", "include", "truncation",
    "stream_options", "max_tool_calls", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
    "safety_identifier", "service_tier", "context_management", "moderation", "access_programs", "top_logprobs", "image",
    "conversation",
}  # fmt: skip
_TRANSLATED = {"max_output_tokens", "tools", "tool_choice", "text", "reasoning", "stream"}
_MOST_ENTRIES, _LONGEST_KEY, _LONGEST_VALUE = 16, 64, 512
CONVERSATION = "conv_"
"""What a conversation's id begins with."""
_LOGPROBS = "message.output_text.logprobs"
_NO_PROMPTS = "stored prompts are OpenAI's; use template_id and variables, or instructions"


def check_fields(body: Mapping[str, Any]) -> None:
    """Refuse what cannot be honoured by any model. Raises InvalidBodyError."""
    for name in ("background", "store"):
        if not isinstance(body.get(name), bool | None):
            raise wrong(name, "it is true or false")
    if body.get("background") and body.get("store") is False:
        raise wrong("background", "a response in the background is stored; leave store out")
    previous = body.get("previous_response_id")
    if not isinstance(previous, str | None):
        raise wrong("previous_response_id", "it is the id of a response")
    if conversation_of(body) is not None and previous is not None:
        raise wrong("conversation", "it holds what was said before; leave previous_response_id out")
    metadata_of(body)


def conversation_of(body: Mapping[str, Any]) -> str | None:
    """Return the id of the conversation that a request belongs to. Raises InvalidBodyError."""
    named = body.get("conversation")
    if isinstance(named, dict):
        named = named.get("id", False)
    if not isinstance(named, str | None):
        raise wrong("conversation", "it is the id of a conversation, or an object with its id")
    return named


def metadata_of(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the entries that a caller keeps with an object. Raises InvalidBodyError."""
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict) or len(metadata) > _MOST_ENTRIES:
        raise wrong("metadata", f"it is an object of at most {_MOST_ENTRIES} entries")
    for key, value in metadata.items():
        if len(key) > _LONGEST_KEY or not isinstance(value, str) or len(value) > _LONGEST_VALUE:
            limits = f"{_LONGEST_KEY} characters, values are texts of at most {_LONGEST_VALUE}"
            raise wrong("metadata", f"keys have at most {limits}")
    return metadata


def to_chat(body: Mapping[str, Any], items: Sequence[Item]) -> dict[str, Any]:
    """Return the body of a streamed chat completion over all the items; fields that neither side names pass."""
    if body.get("prompt") is not None:
        raise wrong("prompt", _NO_PROMPTS)
    chat = {
        name: value for name, value in body.items() if name not in _OWN | _TRANSLATED and value is not None
    }
    chat["messages"] = [*system_messages(body.get("instructions")), *to_messages(items)]
    chat["stream"] = True
    chat["stream_options"] = {"include_usage": True}
    if body.get("max_output_tokens") is not None:
        chat["max_tokens"] = body["max_output_tokens"]
    chat.update(_tools(body.get("tools"), body.get("tool_choice")))
    chat.update(_text(body.get("text")))
    chat.update(_logprobs(body))
    effort = (body.get("reasoning") or {}).get("effort") if isinstance(body.get("reasoning"), dict) else None
    return {**chat, "reasoning_effort": effort} if effort else chat


def beginning(body: Mapping[str, Any], response_id: str, created: int, model: str) -> dict[str, Any]:
    """Return the response before anything has come of it."""
    reasoning = body.get("reasoning") if isinstance(body.get("reasoning"), dict) else {}
    text = body.get("text") if isinstance(body.get("text"), dict) else {}
    conversation = conversation_of(body)
    return {
        "id": response_id,
        "object": "response",
        "created_at": created,
        "status": "queued" if body.get("background") else "in_progress",
        "background": bool(body.get("background")),
        "conversation": {"id": conversation} if conversation is not None else None,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "metadata": body.get("metadata") or {},
        "model": model,
        "output": [],
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": None, "summary": None, **(reasoning or {})},
        "store": body.get("store") is not False,
        "temperature": body.get("temperature"),
        "text": {"format": {"type": "text"}, **(text or {})},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_p": body.get("top_p"),
        "truncation": "disabled",
        "usage": None,
    }


def _tools(tools: Any, choice: Any) -> dict[str, Any]:
    if not tools:
        return {}
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise wrong("tools", "it must be a list of objects")
    translated = [_tool(tool) for tool in tools]
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        named = [tool.get("name") for tool in choice.get("tools") or () if isinstance(tool, dict)]
        kept = [tool for tool in translated if tool["function"]["name"] in named]
        return {"tools": kept, "tool_choice": choice.get("mode") or "auto"} if kept else {}
    return {"tools": translated, **_tool_choice(choice)}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    if tool.get("type") == "custom":
        return {"type": "function", "function": custom_function(tool)}
    if tool.get("type") != "function":
        known = "give tools of the type function or custom"
        raise wrong("tools", f"{tool.get('type')!r} is known at OpenAI's only; {known}")
    wanted = ("name", "description", "parameters", "strict")
    return {
        "type": "function",
        "function": {key: tool[key] for key in wanted if tool.get(key) is not None},
    }


def _tool_choice(choice: Any) -> dict[str, Any]:
    if choice is None:
        return {}
    if isinstance(choice, dict) and choice.get("type") in ("function", "custom"):
        return {"tool_choice": {"type": "function", "function": {"name": choice.get("name")}}}
    if choice not in ("auto", "none", "required"):
        raise wrong("tool_choice", "it is auto, none, required, or names a function")
    return {"tool_choice": choice}


def _logprobs(body: Mapping[str, Any]) -> dict[str, Any]:
    include, most = body.get("include"), body.get("top_logprobs")
    if not most and not (isinstance(include, list) and _LOGPROBS in include):
        return {}
    return {"logprobs": True, **({"top_logprobs": most} if most else {})}


def _text(text: Any) -> dict[str, Any]:
    if text is None:
        return {}
    if not isinstance(text, dict):
        raise wrong("text", "it is an object with `format`")
    verbosity = {"verbosity": text["verbosity"]} if text.get("verbosity") else {}
    wanted = text.get("format") or {}
    kind = wanted.get("type", "text") if isinstance(wanted, dict) else None
    if kind == "json_schema":
        named = {key: wanted[key] for key in ("name", "description", "schema", "strict") if key in wanted}
        return {"response_format": {"type": "json_schema", "json_schema": named}, **verbosity}
    if kind == "json_object":
        return {"response_format": {"type": "json_object"}, **verbosity}
    if kind != "text":
        raise wrong("text", "its format is text, json_object or json_schema")
    return verbosity
