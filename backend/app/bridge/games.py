"""What games send on the projects' topics: a message or a maze's state, with everything but the text optional."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator

from app.bridge.asks import text_of, written
from app.bridge.topics import GameTopic, is_name, is_own_reply_topic, is_topic_under
from app.errors import UnprocessableError
from app.kit.hashing import digest

_MAX_STATE_CHARS = 20_000
_STATE_FIELDS = (
    "player_pos", "exit_pos", "visible_map", "germs", "oxygenPellets", "oxygenCollected", "tick", "health", "oxygen"
)  # fmt: skip


class _Template(BaseModel):
    model_config = ConfigDict(extra="ignore")

    content: Annotated[str, Field(max_length=100_000)] = ""


_NO_SESSION = "default"
_WHO = ("sessionId", "clientId", "requestId", "replyTopic", "token")


class GameMessage(BaseModel):
    """A payload of the projects' contract; fields that nobody knows are ignored, as games send all sorts.

    Some engines write every field there is, empty ones too, and count their ids: an empty text says nothing, a number is
    a name.
    """

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    sessionId: str = _NO_SESSION
    message: str = ""
    temperature: float | None = None
    topP: float | None = None
    maxTokens: int | None = None
    systemPrompt: str | None = None
    prompt_template: _Template | None = None
    replyTopic: str | None = None
    clientId: str | None = None
    requestId: str | None = None
    token: SecretStr | None = None

    @field_validator("sessionId", "message", mode="before")
    @classmethod
    def _usual(cls, value: object, info: ValidationInfo) -> object:
        """Read nothing as the usual. The field still counts as given: who names no session to clear does not mean all."""
        usual = _NO_SESSION if info.field_name == "sessionId" else ""
        return usual if value is None or value == "" else value

    @field_validator("clientId", "requestId", "replyTopic", mode="before")
    @classmethod
    def _absent(cls, value: object) -> object:
        return None if value == "" else value

    @property
    def template_text(self) -> str:
        return self.prompt_template.content if self.prompt_template else ""

    @property
    def has_plain_names(self) -> bool:
        """Whether the ids can stand in a topic."""
        names = [self.sessionId, self.clientId, self.requestId]
        return all(is_name(name) for name in names if name is not None)


def read_game_message(payload: bytes) -> GameMessage:
    """Read a payload; one that is no JSON object is the message itself. Raises UnprocessableError."""
    text = payload.decode(errors="replace")
    try:
        data = orjson.loads(payload)
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        return GameMessage(message=text)
    try:
        return GameMessage.model_validate(data)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UnprocessableError(f"{where}: this value cannot be used.") from None


def read_sender(payload: bytes) -> GameMessage:
    """Return who sent a payload that cannot be used, as far as it tells: the sender hears what is wrong with it."""
    try:
        data = orjson.loads(payload)
        return GameMessage.model_validate({name: data[name] for name in _WHO if name in data})
    except (orjson.JSONDecodeError, TypeError, ValidationError):
        return GameMessage(token=SecretStr(text_of(payload, "token")))


def request_name(message: GameMessage, ask: dict[str, Any]) -> str | None:
    """Return what names a game's request in the inbox; None for one without an id. Raises UnprocessableError.

    Players of one project share its topics, and a game that is started again counts from one again: an id is one
    client's, and the same request only with the same content.
    """
    if message.requestId is None:
        return None
    return digest(f"{message.clientId or ''}/{message.requestId}/{written(ask)}")[:32]


def ask_of(topic: GameTopic, message: GameMessage) -> dict[str, Any]:
    """Return the request as the inbox stores it; the token stays out. Raises UnprocessableError."""
    if topic.action in ("clear_history", "delete_session"):
        named = message.sessionId if "sessionId" in message.model_fields_set else None
        session = topic.session or named
        if session is None:
            return {"op": "clear_all", "stream": False, "body": {}}
        return {"op": "clear", "stream": False, "body": {"session_id": session}}
    if topic.action == "template":
        prompt = {"session_id": topic.session or message.sessionId, "system_prompt": _prompt_of(message)}
        return {"op": "prompt", "stream": False, "body": prompt}
    body: dict[str, Any] = {
        "session_id": message.sessionId,
        "message": _state_of(message) if topic.action == "state" else message.message,
    }
    given = {
        "system_prompt": message.systemPrompt or message.template_text or None,
        "temperature": message.temperature,
        "top_p": message.topP or None,  # 0 is none that could be meant
        "max_tokens": message.maxTokens or None,
    }
    body.update({name: value for name, value in given.items() if value is not None})
    ask = {"op": "session", "stream": False, "body": body, "project": topic.project}
    if topic.action == "state":  # a conversation of states would be named after the first one's numbers
        name = message.sessionId
        ask["title"] = name if name.startswith(topic.project) else f"{topic.project} {name}"
    return ask


def reply_topic(topic: GameTopic, message: GameMessage, base: str, client: str | None = None) -> str:
    """Return where the answer goes. Raises UnprocessableError for a `replyTopic` elsewhere.

    A caller that is a client of the portal (`client`) may have the answer under its own `pp/v1/{client}/res/`.
    """
    if client is not None and message.replyTopic and is_own_reply_topic(client, message.replyTopic):
        return message.replyTopic
    if topic.action == "state":
        return f"{base}/{message.sessionId}"
    if message.replyTopic is not None:
        if not is_topic_under(f"{base}/", message.replyTopic):
            raise UnprocessableError(f"replyTopic: must lie under {base}/, in at most 256 characters.")
        return message.replyTopic
    parts = [base, message.sessionId]
    if message.clientId and message.requestId:
        parts += [message.clientId, message.requestId]
    return "/".join(parts)


def _prompt_of(message: GameMessage) -> str:
    """Return the prompt that a template message carries. Raises UnprocessableError when there is none."""
    content = (message.model_extra or {}).get("content")
    named = content if isinstance(content, str) else ""
    prompt = message.template_text or named or message.systemPrompt or message.message
    if not prompt.strip():
        raise UnprocessableError("content: write the prompt.")
    return prompt


def _state_of(message: GameMessage) -> str:
    """Return the state as compact JSON. Raises UnprocessableError for one that is too large for a model, or too deep."""
    extra = message.model_extra or {}
    state = written({name: extra[name] for name in _STATE_FIELDS if name in extra}, is_sorted=False)
    if len(state) > _MAX_STATE_CHARS:
        raise UnprocessableError(
            f"The state is longer than {_MAX_STATE_CHARS} characters; send a smaller map."
        )
    return state
