"""Items of OpenAI's Responses as messages of chat completions. Pure; what has no such form is refused by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.gateway.custom_tools import arguments_of
from app.gateway.errors import InvalidBodyError
from app.kit.ids import new_id

Item = dict[str, Any]
Message = dict[str, Any]

_PREFIXES = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "reasoning": "rs",
}
_ROLES = {"user": "user", "assistant": "assistant", "system": "system", "developer": "system"}


def input_items(value: Any, known: Mapping[str, Item], field: str = "input") -> list[Item]:
    """Return a request's `field` as items, each with an id; references are replaced by what they name in `known`."""
    if isinstance(value, str):
        value = [{"role": "user", "content": [{"type": "input_text", "text": value}]}]
    if not isinstance(value, list) or not value:
        raise wrong(field, "it must be a text, or a list of at least one item")
    return [_item(one, known, field) for one in value]


def has_references(value: Any) -> bool:
    """Whether some of the items in a request are named by their ids alone, which say nothing of whose they are."""
    return isinstance(value, list) and any(
        isinstance(item, dict) and _kind(item) == "item_reference" for item in value
    )


def to_messages(items: Iterable[Item]) -> list[Message]:
    """Return items as messages. Tool calls that follow one another are one message; thinking is not sent again."""
    messages: list[Message] = []
    for item in items:
        kind = item["type"]
        if kind == "message":
            messages.append(_message(item))
        elif kind == "function_call":
            _add_call(messages, item, item.get("arguments") or "{}")
        elif kind == "custom_tool_call":
            _add_call(messages, item, arguments_of(str(item.get("input") or "")))
        elif kind in ("function_call_output", "custom_tool_call_output"):
            messages += _output(item)
        elif kind != "reasoning":
            raise wrong("input", f"items of the type {kind!r} cannot be translated for this model")
    return messages


def system_messages(instructions: Any) -> list[Message]:
    """Return the instructions as what comes first in a prompt."""
    if not instructions:
        return []
    if isinstance(instructions, str):
        return [{"role": "system", "content": instructions}]
    return to_messages(input_items(instructions, {}))


def wrong(field: str, problem: str) -> InvalidBodyError:
    """Make the error for a field."""
    return InvalidBodyError(f"{field}: {problem}.", details={"param": field})


def renamed(item: Item) -> Item:
    """Return the item under an id of its own, for one whose id is another's already."""
    return {**item, "id": _new_id(str(item.get("type")))}


def _new_id(kind: str) -> str:
    return f"{_PREFIXES.get(kind, 'item')}_{new_id()}"


def _kind(value: Mapping[str, Any]) -> Any:
    return value.get("type") or ("message" if "role" in value else "item_reference")


def _item(value: Any, known: Mapping[str, Item], field: str) -> Item:
    if not isinstance(value, dict):
        raise wrong(field, "each item must be an object")
    kind = _kind(value)
    if not isinstance(kind, str):
        raise wrong(field, "the type of an item is a word")
    if kind == "item_reference":
        found = known.get(str(value.get("id")))
        if found is None:
            raise wrong(field, f"there is no item {value.get('id')!r} in what was said before")
        return found
    if kind == "message" and value.get("role") not in [*_ROLES]:
        raise wrong(field, "the role is user, assistant, system or developer")
    if not isinstance(value.get("id"), str | None):
        raise wrong(field, "the id of an item is a text")
    if kind == "message" and isinstance(value.get("content"), str):
        part = "output_text" if value["role"] == "assistant" else "input_text"
        value = {**value, "content": [{"type": part, "text": value["content"]}]}
    return {**value, "id": value.get("id") or _new_id(kind), "type": kind}


def _message(item: Item) -> Message:
    role = _ROLES[item["role"]]
    parts = _parts(item.get("content"))
    if all(part["type"] == "text" for part in parts):
        return {"role": role, "content": "\n".join(part["text"] for part in parts)}
    if role != "user":
        raise wrong("input", "only a user's message can hold more than text")
    return {"role": role, "content": parts}


def _parts(content: Any) -> list[dict[str, Any]]:
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise wrong("input", "the content is a text or a list of parts")
    return [_part(part) for part in content]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part.get("type")
    if kind in ("input_text", "output_text", "text") and isinstance(part.get("text"), str):
        return {"type": "text", "text": part["text"]}
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return {"type": "text", "text": part["refusal"]}
    if kind == "input_image" and isinstance(part.get("image_url"), str):
        detail = {"detail": part["detail"]} if part.get("detail") else {}
        return {"type": "image_url", "image_url": {"url": part["image_url"], **detail}}
    if kind == "input_audio" and isinstance(part.get("input_audio"), dict):
        return {"type": "input_audio", "input_audio": part["input_audio"]}
    raise wrong("input", f"a part of the type {kind!r} cannot be translated for this model")


def _add_call(messages: list[Message], item: Item, arguments: str) -> None:
    call = {
        "id": item.get("call_id"),
        "type": "function",
        "function": {"name": item.get("name"), "arguments": arguments},
    }
    last = messages[-1] if messages else {}
    if last.get("role") == "assistant":
        last.setdefault("tool_calls", []).append(call)
    else:
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})


def _output(item: Item) -> list[Message]:
    """Return a tool's result; images in it come after it, in a message of the user's, for no tool message holds any."""
    output = item.get("output")
    if isinstance(output, list):
        parts = _parts(output)
        text = "\n".join(part["text"] for part in parts if part["type"] == "text")
        rest = [part for part in parts if part["type"] != "text"]
    else:
        text, rest = str(output or ""), []
    result = {"role": "tool", "tool_call_id": item.get("call_id"), "content": text}
    return [result, {"role": "user", "content": rest}] if rest else [result]
