"""What a request asks, read from its payload: the portal's own contract, strict about what it takes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from app.bridge.completions import CompletionBody
from app.chat.llm_schemas import ChatBody, SessionChatBody
from app.errors import UnprocessableError
from app.kit.jsontext import json_bytes

Operation = Literal["chat", "session", "completion", "history", "clear", "models"]
MAX_PAYLOAD_BYTES = 256 * 1024
_MAX_READABLE_BYTES = 1024 * 1024  # of a larger one nobody looks for who sent it
_ENVELOPE = ("id", "op", "stream", "token")


class Ask(BaseModel):
    """The envelope; what is left of the payload is the operation's own body."""

    model_config = ConfigDict(extra="allow")

    id: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    op: Operation | None = None
    stream: bool = False
    token: SecretStr | None = None

    @property
    def operation(self) -> Operation:
        """`op`, or what the payload's shape says."""
        if self.op is not None:
            return self.op
        if "messages" in self.rest:
            return "chat"
        return "completion" if "prompt" in self.rest else "session"

    @property
    def rest(self) -> dict[str, Any]:
        """The operation's own body; `template` is this contract's word for HTTP's `template_id`."""
        rest = self.model_extra or {}
        if "template" in rest and "template_id" not in rest:
            rest["template_id"] = rest.pop("template")
        return rest

    def without_secrets(self) -> dict[str, Any]:
        """Return what may be stored."""
        return {"op": self.operation, "stream": self.stream, "body": self.rest}


def read_ask(payload: bytes) -> Ask:
    """Read a payload. Raises UnprocessableError, which never repeats the payload."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise UnprocessableError(f"The payload is larger than {MAX_PAYLOAD_BYTES} bytes.")
    try:
        return Ask.model_validate_json(payload)
    except ValidationError as error:
        raise _refusal(error) from None


def text_of(payload: bytes, name: Literal["id", "token"]) -> str:
    """Return a field of a payload that may be wrong in all else: who sent it is told what is wrong."""
    if len(payload) > _MAX_READABLE_BYTES:
        return ""
    try:
        data = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return ""
    text = data.get(name) if isinstance(data, dict) else None
    return text if isinstance(text, str) else ""


def written(ask: dict[str, Any], *, is_sorted: bool = True) -> str:
    """Return what may be stored as JSON, the same for the same content. Raises UnprocessableError for what JSON cannot hold."""
    try:
        return json_bytes(ask, is_sorted=is_sorted).decode()
    except ValueError as error:
        raise UnprocessableError(f"The payload cannot be used: {error}.") from error


def chat_body(rest: dict[str, Any]) -> ChatBody:
    """Read the body of `op: chat`. Raises UnprocessableError."""
    try:
        return ChatBody.model_validate(rest)
    except ValidationError as error:
        raise _refusal(error) from None


def session_body(rest: dict[str, Any]) -> SessionChatBody:
    """Read the body of `op: session`. Raises UnprocessableError."""
    try:
        return SessionChatBody.model_validate(rest)
    except ValidationError as error:
        raise _refusal(error) from None


def completion_body(rest: dict[str, Any]) -> CompletionBody:
    """Read the body of `op: completion`. Raises UnprocessableError."""
    try:
        return CompletionBody.model_validate(rest)
    except ValidationError as error:
        raise _refusal(error) from None


def session_name(rest: dict[str, Any]) -> str:
    """Return the session that `history` and `clear` speak of. Raises UnprocessableError."""
    name = rest.get("session_id")
    if not isinstance(name, str) or not name:
        raise UnprocessableError("session_id: name the session.")
    return name


def _refusal(error: ValidationError) -> UnprocessableError:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "payload"
    return UnprocessableError(f"{where}: {first['msg'].removeprefix('Value error, ')}")
