"""What /api/llm takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from app.attachments.schemas import MAX_PER_MESSAGE, AttachmentId
from app.chat.schemas import Line, MessageId, SessionId, Text, UsageRead
from app.kit.jsontext import json_bytes
from app.llm.turns import UNSET, Unset
from app.llm.types import ChatMessage, Sampling
from app.templates.schemas import TemplateChoice

_CHAT_EXAMPLE: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello!"}]}
_SESSION_EXAMPLE: dict[str, Any] = {
    "session_id": "maze-7",
    "message": "Which way is out?",
    "system_prompt": "You guide a player through a maze.",
}


def _sendable(value: dict[str, Any]) -> dict[str, Any]:
    json_bytes(value)
    return value


JsonObject = Annotated[dict[str, Any], AfterValidator(_sendable)]


class Generation(BaseModel):
    """How to answer. What is absent takes the portal's default; `temperature: 0` is a value."""

    model_config = ConfigDict(extra="forbid")

    model: Line | None = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    max_tokens: Annotated[int | None, Field(ge=1, le=1_000_000)] = None


class WireMessage(BaseModel):
    """A message in OpenAI's chat format."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["system", "user", "assistant", "tool"]
    content: Text | list[JsonObject] | None = None
    name: Line | None = None
    tool_calls: list[JsonObject] | None = None
    tool_call_id: Line | None = None

    def to_message(self) -> ChatMessage:
        return ChatMessage(self.role, self.content, self.name, self.tool_calls, self.tool_call_id)


class ChatBody(TemplateChoice, Generation):
    """A whole prompt; nothing of it is kept. A template's text becomes the system message in front."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_CHAT_EXAMPLE]})

    messages: Annotated[list[WireMessage], Field(min_length=1, max_length=10_000)]
    response_format: JsonObject | None = None
    tools: list[JsonObject] | None = None
    tool_choice: Literal["auto", "none", "required"] | JsonObject | None = None

    @field_validator("messages")
    @classmethod
    def _has_one_system_prompt(cls, messages: list[WireMessage], info: ValidationInfo) -> list[WireMessage]:
        if info.data.get("template_id") is not None and any(message.role == "system" for message in messages):
            raise ValueError("with template_id they must have no system message")
        return messages

    def sampling(self) -> Sampling:
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            response_format=self.response_format,
            tools=self.tools,
            tool_choice=self.tool_choice,
        )


class SessionChatBody(TemplateChoice, Generation):
    """One message in a session, or (with `regenerate_of`) another answer to an earlier one.

    `parent_id` absent appends to the active branch; the id of an answer, or null, begins a branch there. A template's
    text becomes the session's system prompt from this turn on, as `system_prompt` does.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_SESSION_EXAMPLE]})

    session_id: SessionId
    regenerate_of: MessageId | None = None
    attachments: Annotated[
        list[AttachmentId],
        Field(max_length=MAX_PER_MESSAGE, description="Ids of your files that go with the message."),
        AfterValidator(lambda ids: list(dict.fromkeys(ids))),
    ] = []
    message: Annotated[Text | None, Field(validate_default=True)] = None
    system_prompt: Text | None = None
    parent_id: MessageId | None = None

    @field_validator("message")
    @classmethod
    def _is_there(cls, message: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("regenerate_of") is not None:
            return None
        if info.data.get("attachments"):
            return message if message and message.strip() else ""
        if message is None or not message.strip():
            raise ValueError("write a message (only with regenerate_of or attachments it may be left out)")
        return message

    @field_validator("attachments")
    @classmethod
    def _go_with_a_message(cls, attachments: list[str], info: ValidationInfo) -> list[str]:
        if attachments and info.data.get("regenerate_of") is not None:
            raise ValueError("with regenerate_of the question's own files go along; leave this out")
        return attachments

    def sampling(self) -> Sampling:
        return Sampling(temperature=self.temperature, top_p=self.top_p, max_tokens=self.max_tokens)

    @field_validator("system_prompt")
    @classmethod
    def _is_the_only_one(cls, system_prompt: str | None, info: ValidationInfo) -> str | None:
        if system_prompt is not None and info.data.get("template_id") is not None:
            raise ValueError("give this or template_id, not both")
        return system_prompt

    @property
    def branch_at(self) -> str | Unset | None:
        """`parent_id`, told apart from an absent one."""
        return self.parent_id if "parent_id" in self.model_fields_set else UNSET


class SessionRef(BaseModel):
    model_config = ConfigDict(extra="forbid")

    session_id: SessionId


class ChatRead(BaseModel):
    """The answer to a whole prompt."""

    response: str
    reasoning: str | None
    tool_calls: list[dict[str, Any]] | None
    usage: UsageRead | None
    model: str | None
    finish_reason: str | None
    session_id: None = None


class SessionChatRead(BaseModel):
    """The answer in a session; its turn can be read, explained and followed under /api/llm/turns."""

    response: str
    reasoning: str | None
    usage: UsageRead | None
    model: str | None
    finish_reason: str | None
    session_id: str
    turn_id: str
    user_message_id: str
    assistant_message_id: str


class HistoryItem(BaseModel):
    id: str
    role: str
    content: str
    reasoning: str | None
    model: str | None
    created_at: datetime


class HistoryRead(BaseModel):
    """The active branch's complete turns, oldest first."""

    session_id: str
    messages: list[HistoryItem]


class ClearRead(BaseModel):
    ok: Literal[True] = True
    message: str
