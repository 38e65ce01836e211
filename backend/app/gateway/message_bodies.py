"""Requests of Anthropic's Messages API as chat completions. Pure functions; what a model server has no word for is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from app.gateway.errors import InvalidBodyError

# Anthropic's own, without a meaning for other servers
_IGNORED = {
    "metadata", "service_tier", "thinking", "container", "cache_control", "context_management",
    "betas", "inference_geo", "speed", "diagnostics", "billing_policy", "fallbacks", "fallback_credit_token",
    "user_profile_id", "workspace_id",
}  # fmt: skip
# without them another question would be answered than the one that was asked
_REFUSED = {
    "thread": "conversations are held at Anthropic's only; send all of its messages",
    "compaction": "conversations are summarized at Anthropic's only",
    "mcp_servers": "they are asked at Anthropic's only; give tools with an `input_schema`",
}
_TRANSLATED = {"messages", "system", "tools", "tool_choice", "stop_sequences", "output_config"}
_PASSED_OVER = _IGNORED | _TRANSLATED | _REFUSED.keys()


def to_chat(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a chat completion; fields that neither side names pass. Raises InvalidBodyError."""
    if not isinstance(body.get("max_tokens"), int) or isinstance(body["max_tokens"], bool):
        raise _wrong("max_tokens", "this field is required, a number of tokens")
    return to_prompt(body)


def to_prompt(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same without a word on how long the answer may be. Raises InvalidBodyError."""
    for name, problem in _REFUSED.items():
        if body.get(name):
            raise _wrong(name, problem)
    chat = {key: value for key, value in body.items() if key not in _PASSED_OVER}
    chat["messages"] = [*_system(body.get("system")), *_messages(body["messages"])]
    if body.get("stop_sequences"):
        chat["stop"] = body["stop_sequences"]
    if body.get("tools"):
        chat["tools"] = [_tool(tool) for tool in _objects(body["tools"], "tools")]
    chat.update(_tool_choice(body.get("tool_choice")))
    chat.update(_output(body.get("output_config")))
    if body.get("stream"):
        chat["stream_options"] = {"include_usage": True}
    return chat


def _system(system: Any) -> list[dict[str, Any]]:
    if not system:
        return []
    return [{"role": "system", "content": _text(system, "system")}]


def _messages(messages: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for message in _objects(messages, "messages"):
        role, content = message.get("role"), message.get("content")
        if role == "system":
            found += _system(content)
        elif role not in ("user", "assistant"):
            raise _wrong("messages", "the role is user or assistant")
        elif isinstance(content, str):
            found.append({"role": role, "content": content})
        else:
            blocks = _objects(content, "messages")
            found += _said(blocks) if role == "assistant" else _asked(blocks)
    if not found:
        raise _wrong("messages", "it must be a list of at least one object with `role` and `content`")
    return found


def _asked(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a user's blocks: results of tools as messages of their own, and before what else was said."""
    results: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    for block in blocks:
        if block.get("type") == "tool_result":
            text = _result(block)
            results.append({"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": text})
            parts += [_part(inner) for inner in _images(block)]
        else:
            parts.append(_part(block))
    if all(part["type"] == "text" for part in parts):
        text = "\n".join(part["text"] for part in parts)
        return [*results, {"role": "user", "content": text}] if parts else results
    return [*results, {"role": "user", "content": parts}]


def _said(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return an assistant's blocks as one message; its thinking is not sent again."""
    texts, calls = [], []
    for block in blocks:
        kind = block.get("type")
        if kind == "text":
            texts.append(_part(block)["text"])
        elif kind == "tool_use":
            arguments = orjson.dumps(block.get("input") or {}).decode()
            function = {"name": block.get("name"), "arguments": arguments}
            calls.append({"id": block.get("id"), "type": "function", "function": function})
        elif kind not in ("thinking", "redacted_thinking"):
            raise _wrong("messages", f"blocks of the type {kind!r} cannot be translated for this model")
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) or None}
    return [{**message, "tool_calls": calls} if calls else message]


def _part(block: Mapping[str, Any]) -> dict[str, Any]:
    kind, source = block.get("type"), block.get("source")
    if kind == "text" and isinstance(block.get("text"), str):
        return {"type": "text", "text": block["text"]}
    if kind == "image" and isinstance(source, dict):
        if source.get("type") == "url":
            return {"type": "image_url", "image_url": {"url": source.get("url")}}
        if source.get("type") == "base64":
            url = f"data:{source.get('media_type')};base64,{source.get('data')}"
            return {"type": "image_url", "image_url": {"url": url}}
    if kind == "document" and isinstance(source, dict) and source.get("type") == "text":
        return {"type": "text", "text": str(source.get("data", ""))}
    raise _wrong("messages", f"a block of the type {kind!r} cannot be translated for this model")


def _images(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = result.get("content")
    blocks = content if isinstance(content, list) else []
    return [block for block in blocks if isinstance(block, dict) and block.get("type") == "image"]


def _result(block: Mapping[str, Any]) -> str:
    content = block.get("content")
    if isinstance(content, list):
        content = [
            inner for inner in content if not (isinstance(inner, dict) and inner.get("type") == "image")
        ]
    text = _text(content, "messages") if content else ""
    return f"Error: {text}" if block.get("is_error") else text


def _text(content: Any, field: str) -> str:
    if isinstance(content, str):
        return content
    parts = [_part(block) for block in _objects(content, field)]
    if any(part["type"] != "text" for part in parts):
        raise _wrong(field, "only text is possible here")
    return "\n".join(part["text"] for part in parts)


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    if tool.get("type", "custom") not in ("custom", None):
        raise _wrong("tools", f"{tool['type']} runs at Anthropic's only; give tools with an `input_schema`")
    function = {"name": tool.get("name"), "parameters": tool.get("input_schema") or {"type": "object"}}
    for key in ("description", "strict"):
        if key in tool:
            function[key] = tool[key]
    return {"type": "function", "function": function}


def _tool_choice(choice: Any) -> dict[str, Any]:
    if choice is None:
        return {}
    kind = choice.get("type") if isinstance(choice, dict) else None
    names: dict[Any, Any] = {"auto": "auto", "any": "required", "none": "none"}
    if kind == "tool":
        wanted: Any = {"type": "function", "function": {"name": choice.get("name")}}
    elif kind in [*names]:
        wanted = names[kind]
    else:
        raise _wrong("tool_choice", "its type is auto, any, tool or none")
    parallel = {"parallel_tool_calls": False} if choice.get("disable_parallel_tool_use") else {}
    return {"tool_choice": wanted, **parallel}


def _output(config: Any) -> dict[str, Any]:
    wanted = config.get("format") if isinstance(config, dict) else None
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        return {}
    schema = {"name": "output", "schema": wanted.get("schema"), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _objects(value: Any, field: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise _wrong(field, "it must be a list of objects")
    return value


def _wrong(field: str, problem: str) -> InvalidBodyError:
    return InvalidBodyError(f"{field}: {problem}.", details={"param": field})
