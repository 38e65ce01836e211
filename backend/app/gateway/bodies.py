"""Request bodies of `/v1`: JSON objects whose unknown fields are the provider's. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from app.gateway.errors import InvalidBodyError, NotInSessionsError
from app.llm.prompt_size import bytes_to_read
from app.models.definitions import AUTO

_SESSION_FIELDS = (
    "parent_id",
    "template_id",
    "template_version",
    "variables",
    "model",
    "temperature",
    "top_p",
)
_SESSION_IGNORED = {"messages", "stream", "stream_options", "user", "max_tokens", "max_completion_tokens"}
_TEMPLATE_FIELDS = ("template_id", "template_version", "variables")

_MOST_LEVELS = 200

# by which servers go is theirs to say: the largest counts
_BOUNDS = ("max_completion_tokens", "max_tokens", "n_predict")


def read_body(data: bytes, required: str | None = None, *instead: str) -> dict[str, Any]:
    """Parse a body, whatever its content type says (`curl -d` sends a form's). Raises InvalidBodyError.

    Without what is `required`, if anything, there must be one of the fields that can stand `instead` of it.
    """
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidBodyError("The body is not valid JSON.", code="invalid_json") from error
    if not isinstance(body, dict):
        raise InvalidBodyError("The body must be a JSON object.")
    if data.count(b"[") + data.count(b"{") > _MOST_LEVELS and _is_too_deep(body):
        raise InvalidBodyError(f"The body is nested more than {_MOST_LEVELS} levels deep.")
    if required not in body and required is not None and not any(name in body for name in instead):
        raise InvalidBodyError(f"{required}: this field is required.", details={"param": required})
    model = body.get("model")
    if model is not None and not isinstance(model, str):
        raise InvalidBodyError("model: name it by a string.", details={"param": "model"})
    if model in ("", AUTO):
        del body["model"]
    if "stream" in body and not isinstance(body["stream"], bool):
        if body["stream"] is not None:
            raise InvalidBodyError("stream: it is true or false.", details={"param": "stream"})
        del body["stream"]  # as clients write that have a field for everything
    return body


def _is_too_deep(body: dict[str, Any]) -> bool:
    """Whether a body has more levels than can be written again."""
    level: list[Any] = [body]
    for _ in range(_MOST_LEVELS):
        inner = (node.values() if isinstance(node, dict) else node for node in level)
        level = [value for values in inner for value in values if isinstance(value, dict | list)]
        if not level:
            return False
    return True


def check_messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a chat's messages. Raises InvalidBodyError unless they are a list of objects with roles."""
    messages = body["messages"]
    is_fit = isinstance(messages, list) and all(
        isinstance(message, dict) and isinstance(message.get("role"), str) for message in messages
    )
    if not is_fit or not messages:
        raise InvalidBodyError(
            "messages: it must be a list of at least one object with `role` and `content`.",
            details={"param": "messages"},
        )
    return list(messages)


def max_tokens_of(body: Mapping[str, Any]) -> int | None:
    """Return the longest answer that was asked for, under either name."""
    wanted = body.get("max_completion_tokens") or body.get("max_tokens")
    return wanted if _is_count(wanted) else None


def longest_answer(body: Mapping[str, Any], operation: str) -> int | None:
    """Return how many tokens may be answered, all choices together; None where only the server bounds it."""
    if operation == "embeddings":
        return 0
    bounds = [int(body[name]) for name in _BOUNDS if _is_count(body.get(name))]
    return max(bounds) * _answers(body, operation) if bounds else None


def _answers(body: Mapping[str, Any], operation: str) -> int:
    """Return how many answers are wanted: so many of each prompt."""
    answers = max([1, *(int(body[name]) for name in ("n", "best_of") if _is_count(body.get(name)))])
    prompt = body.get("prompt") if operation == "completions" else None
    is_many = isinstance(prompt, list) and bool(prompt) and not isinstance(prompt[0], int)
    return answers * len(prompt) if isinstance(prompt, list) and is_many else answers


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def prompt_bytes(body: Mapping[str, Any]) -> int:
    """Return about how many bytes of text a model has to read of a body."""
    return sum(bytes_to_read(body[name]) for name in ("messages", "prompt", "input", "tools") if name in body)


def has_template(body: Mapping[str, Any]) -> bool:
    """Whether a body chooses a template: then it is translated, for templates are the portal's own."""
    return any(name in body for name in _TEMPLATE_FIELDS)


def take_template(body: dict[str, Any]) -> dict[str, Any]:
    """Take the fields that choose a template out of a body; a server would not know them."""
    return {name: body.pop(name) for name in _TEMPLATE_FIELDS if name in body}


def session_fields(body: dict[str, Any]) -> dict[str, Any]:
    """Turn a body with `session_id` into one message of that session, in the fields of `/api/llm/chat/session`.

    Raises NotInSessionsError for what a stored conversation cannot honour, and InvalidBodyError.
    """
    messages = check_messages(body)
    system = [message for message in messages if message["role"] in ("system", "developer")]
    spoken = [message for message in messages if message not in system]
    if len(spoken) != 1 or spoken[0]["role"] != "user" or len(system) > 1:
        raise NotInSessionsError(
            "With session_id the portal has the history: send one user message (and at most one system message).",
            details={"param": "messages"},
        )
    known = {"session_id", *_SESSION_FIELDS, *_SESSION_IGNORED}
    if unknown := sorted(set(body) - known):
        raise NotInSessionsError(
            f"{', '.join(unknown)}: not possible together with session_id.", details={"param": unknown[0]}
        )
    fields = {name: body[name] for name in ("session_id", *_SESSION_FIELDS) if body.get(name) is not None}
    fields["message"] = _text_of(spoken[0])
    if system:
        fields["system_prompt"] = _text_of(system[0])
    if (max_tokens := max_tokens_of(body)) is not None:
        fields["max_tokens"] = max_tokens
    return fields


def _text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    texts = [part.get("text") if isinstance(part, dict) else None for part in parts]
    if not all(isinstance(text, str) for text in texts):
        raise NotInSessionsError(
            "With session_id messages are text; send images as attachments over /api/llm/chat/session.",
            details={"param": "messages"},
        )
    return "\n".join(text for text in texts if text)
