"""What a translated provider is told: how a chat becomes its request, and its answer a chat's. JMESPath, nothing that can act."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import Any, Literal

import jmespath
from jmespath.exceptions import JMESPathError

from app.llm.errors import LLMError, ProviderProtocolError
from app.llm.types import Usage

Framing = Literal["json", "sse", "text"]
_MAX_HELD_CHARS = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mapping:
    """One API's own format.

    Args:
        path: where a request goes; `stream_path` where a streamed one does, None when there are no streams.
        request: the body; texts that begin with `=` are expressions over the chat request, and null leaves a field out.
        content, finish_reason, prompt_tokens, completion_tokens, error: expressions over a whole answer.
        framing: how a stream is cut: JSON objects one after another (NDJSON too), server-sent events, or plain text.
        stream_content, stream_finished, stream_error: expressions over one object of a stream.
    """

    path: str
    request: Any
    content: str
    stream_path: str | None = None
    finish_reason: str = ""
    prompt_tokens: str = ""
    completion_tokens: str = ""
    error: str = ""
    framing: Framing = "json"
    stream_content: str = ""
    stream_finished: str = ""
    stream_error: str = ""
    health_path: str = ""

    def body(self, chat: dict[str, Any]) -> Any:
        """Return the body that a chat request becomes."""
        return _filled(self.request, chat)

    def usage(self, answer: Any) -> Usage | None:
        """Return the tokens that an answer tells; None when it tells none."""
        counts = [find(expression, answer) for expression in (self.prompt_tokens, self.completion_tokens)]
        if all(not isinstance(count, int) for count in counts):
            return None
        return Usage(*(count if isinstance(count, int) else 0 for count in counts))


def check_expression(expression: str) -> None:
    """Raise ValueError with what is wrong with an expression."""
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        problem = str(error).splitlines()[0].rstrip(":")
        raise ValueError(f"{expression!r} is no JMESPath expression: {problem}") from error


def expressions_in(template: Any) -> list[str]:
    """Return the expressions of a request template."""
    if isinstance(template, str):
        return [template[1:]] if template.startswith("=") else []
    parts = (
        template.values() if isinstance(template, dict) else template if isinstance(template, list) else ()
    )
    return [expression for part in parts for expression in expressions_in(part)]


def find(expression: str, data: Any) -> Any:
    """Return what an expression finds; None for an empty one, and where it does not fit the data."""
    if not expression:
        return None
    try:
        return jmespath.search(expression, data)
    except JMESPathError:
        return None


class Frames:
    """Cuts a stream's bytes into objects; of plain text, each piece is one."""

    def __init__(self, framing: Framing, provider: str) -> None:
        self._framing = framing
        self._provider = provider
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._json = json.JSONDecoder()
        self._held = ""

    def feed(self, data: bytes, *, is_last: bool = False) -> list[Any]:
        """Return the objects that are complete with this piece. Raises ProviderProtocolError."""
        self._held += self._decoder.decode(data, is_last)
        if self._framing == "text":
            text, self._held = self._held, ""
            return [text] if text else []
        found = self._events(is_last) if self._framing == "sse" else self._objects()
        if len(self._held) > _MAX_HELD_CHARS or (is_last and self._held.strip()):
            raise self._nonsense()
        return found

    def _objects(self) -> list[Any]:
        found: list[Any] = []
        while text := self._held.lstrip():
            try:
                parsed, end = self._json.raw_decode(text)
            except json.JSONDecodeError as error:
                if text[0] not in "{[":
                    raise self._nonsense() from error
                self._held = text
                return found
            found.append(parsed)
            self._held = text[end:]
        self._held = ""
        return found

    def _events(self, is_last: bool) -> list[Any]:
        text = self._held.replace("\r\n", "\n") + ("\n\n" if is_last else "")
        *frames, self._held = text.split("\n\n")
        found: list[Any] = []
        for frame in frames:
            lines = [line[5:].strip() for line in frame.split("\n") if line.startswith("data:")]
            data = "\n".join(lines)
            if data and data != "[DONE]":
                try:
                    found.append(json.loads(data))
                except json.JSONDecodeError as error:
                    raise self._nonsense() from error
        return found

    def _nonsense(self) -> LLMError:
        return ProviderProtocolError("The model server's stream makes no sense.", provider=self._provider)


def _filled(template: Any, chat: dict[str, Any]) -> Any:
    if isinstance(template, str):
        return find(template[1:], chat) if template.startswith("=") else template
    if isinstance(template, list):
        return [_filled(part, chat) for part in template]
    if not isinstance(template, dict):
        return template
    filled = {key: _filled(part, chat) for key, part in template.items()}
    return {key: value for key, value in filled.items() if value is not None or template[key] is None}
