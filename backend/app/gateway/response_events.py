"""A streamed completion as the events of OpenAI's Responses, numbered from 0. Bytes in, bytes out; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from app.gateway.custom_tools import custom_names
from app.gateway.deltas import NO_SENSE, SENSELESS_ERRORS, known_count, known_text
from app.gateway.response_output import (
    OutputCustomCall,
    OutputItem,
    OutputMessage,
    OutputReasoning,
    OutputRefusal,
    OutputToolCall,
    whole_item,
)
from app.llm.providers.sse import SSEDecoder
from app.llm.reasoning import parted

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_TYPE = b'{"type":"'
CUT = {"code": "stream_interrupted", "message": "The model server ended the answer in the middle."}
SENSELESS = {"code": "upstream_protocol", "message": NO_SENSE}


class ResponseEncoder:
    """Builds one response. `response` is what it is at any time; a terminal event is made once, and nothing after it.

    Args:
        response: how it begins.
    """

    def __init__(self, response: dict[str, Any]) -> None:
        self.response = response
        self.has_ended = False
        self._decoder = SSEDecoder()
        self._number = 0
        self.pieces: list[int] | None = None
        """Of each piece: to which item it belongs, and its length. With the response they make the same events again."""
        self.last = b""
        self._items: list[OutputItem] = []
        self._finish_reason: str | None = None
        self._usage: Any = None
        self._custom = custom_names(response.get("tools") or ())

    @property
    def has_failed(self) -> bool:
        return bool(self.response["status"] == "failed")

    def begin(self) -> list[bytes]:
        """Return the first events."""
        events = [self._whole("created")]
        if self.response["status"] == "queued":
            events.append(self._whole("queued"))
        return events

    def start(self) -> list[bytes]:
        """Return the event that tells that a model works on it."""
        self.response["status"], self.pieces = "in_progress", []
        return [self._whole("in_progress")]

    def feed(self, data: bytes) -> list[bytes]:
        """Return the events that a piece of the completion's stream makes."""
        return [made for event in self._decoder.feed(data) for made in self._event(event)]

    def finish(self, completed_at: int) -> list[bytes]:
        """Return the end: completed, incomplete, or failed when the stream was cut."""
        events = [made for event in self._decoder.flush() for made in self._event(event)]
        if self.has_ended:
            return events
        if self._finish_reason is None:
            return [*events, *self.fail(CUT["code"], CUT["message"])]
        reason = _INCOMPLETE.get(self._finish_reason)
        status = "completed" if reason is None else "incomplete"
        events += self._close("completed" if reason is None else "incomplete")
        if reason is not None:
            self.response["incomplete_details"] = {"reason": reason}
        else:
            self.response["completed_at"] = completed_at
        return [*events, self._end(status)]

    def fail(self, code: str, message: str) -> list[bytes]:
        """Return the end of a response that failed; what came before it is kept."""
        if self.has_ended:
            return []
        events = self._close("incomplete")
        self.response["error"] = {"code": code, "message": message}
        return [*events, self._end("failed")]

    def cancel(self) -> list[bytes]:
        """Return the end of a response that was stopped; what came before it is kept."""
        if self.has_ended:
            return []
        return [*self._close("incomplete"), self._end("cancelled")]

    def again(self) -> bytes:
        """Return the last event as the response is now."""
        self._number -= 1
        return self._whole(self.response["status"])

    def replay(self, output: list[dict[str, Any]], pieces: Sequence[int]) -> list[bytes]:
        """Return the events of an output that is known already, cut into its pieces."""
        events: list[bytes] = []
        taken = [0] * len(output)
        for position, length in zip(pieces[::2], pieces[1::2], strict=True):
            kind, text, facts = whole_item(output[position])
            if kind is OutputCustomCall:
                length = len(text)  # of which no piece was told
            begin = taken[position]
            taken[position] = begin + length
            events += self._grow(kind, position, text[begin : begin + length], **facts)
            if kind is OutputMessage and begin == 0:
                self._likely({"content": output[position]["content"][0].get("logprobs")})
        return events

    def conclude(self, last: dict[str, Any]) -> list[bytes]:
        """Return the end that a response had which is over."""
        status = str(last["status"])
        events = self._close("completed" if status == "completed" else "incomplete")
        self.response = last
        self.has_ended = True
        return [*events, self._whole(status)]

    def _event(self, data: bytes) -> list[bytes]:
        if self.has_ended or data == b"[DONE]":
            return []
        try:
            chunk = orjson.loads(data)
            if isinstance(chunk.get("error"), dict):
                error = chunk["error"]
                return self.fail(str(error.get("code") or "upstream_error"), str(error.get("message") or ""))
            self._usage = chunk.get("usage") or self._usage
            if isinstance(chunk.get("model"), str):
                self.response["model"] = chunk["model"]
            return [made for choice in chunk.get("choices") or () for made in self._choice(choice)]
        except SENSELESS_ERRORS:
            return self.fail(SENSELESS["code"], SENSELESS["message"])

    def _choice(self, choice: dict[str, Any]) -> list[bytes]:
        if choice.get("index"):
            return []  # a response is one answer
        delta = choice.get("delta") or choice.get("message") or {}
        events: list[bytes] = []
        content, thought = parted(delta.get("content") or "")
        if reasoning := delta.get("reasoning_content") or delta.get("reasoning") or thought:
            events += self._grow(OutputReasoning, None, known_text(reasoning))
        if content:
            events += self._grow(OutputMessage, None, known_text(content))
            self._likely(choice.get("logprobs"))
        if refusal := delta.get("refusal"):
            events += self._grow(OutputRefusal, None, known_text(refusal))
        for call in delta.get("tool_calls") or ():
            events += self._tool(call)
        if reason := choice.get("finish_reason"):
            self._finish_reason = known_text(reason)
        return events

    def _tool(self, call: dict[str, Any]) -> list[bytes]:
        function = call.get("function") or {}
        number = call.get("index") or 0
        return self._grow(
            self._kind_of_call(number, function.get("name")),
            number,
            known_text(function.get("arguments") or ""),
            call_id=known_text(call.get("id") or ""),
            name=known_text(function.get("name") or ""),
        )

    def _likely(self, logprobs: Any) -> None:
        """Keep how likely the tokens of the last message were."""
        last, tokens = self._items[-1], logprobs.get("content") if isinstance(logprobs, dict) else None
        if isinstance(last, OutputMessage) and isinstance(tokens, list):
            last.logprobs += tokens

    def _kind_of_call(self, number: int, name: Any) -> type[OutputItem]:
        """Return what a piece of a call belongs to; its name is told with the first one alone."""
        last = self._items[-1] if self._items else None
        if isinstance(last, OutputToolCall) and last.number == number and not last.has_ended:
            return type(last)
        return OutputCustomCall if name in self._custom else OutputToolCall

    def _grow(self, kind: type[OutputItem], number: int | None, text: str, **facts: str) -> list[bytes]:
        """Lengthen the last item, or begin the next one when something else comes."""
        last = self._items[-1] if self._items else None
        events: list[bytes] = []
        if last is None or type(last) is not kind or last.number != number:
            events += self._close("completed")
            last = kind(len(self._items), self.response["id"], number, **facts)
            self._items.append(last)
            events += [self._made(name, data) for name, data in last.begin()]
        if self.pieces is not None:
            self.pieces += (last.position, len(text))
        if text:
            events += [self._made(name, data) for name, data in last.grow(text)]
        return events

    def _close(self, status: str) -> list[bytes]:
        """End the last item, if it has not ended."""
        if not self._items or self._items[-1].has_ended:
            return []
        return [self._made(name, data) for name, data in self._items[-1].end(status)]

    def _end(self, status: str) -> bytes:
        self.has_ended = True
        self.response["status"] = status
        self.response["output"] = [item.read() for item in self._items]
        self.response["usage"] = _usage(self._usage)
        return self._whole(status)

    def _whole(self, name: str) -> bytes:
        return self._made(f"response.{name}", {"response": self.response})

    def _made(self, name: str, data: dict[str, Any]) -> bytes:
        event = orjson.dumps({"type": name, "sequence_number": self._number, **data})
        self._number += 1
        self.last = event
        return event


def framed(event: bytes) -> bytes:
    """Return an event as it goes over the wire."""
    name = event[len(_TYPE) : event.index(b'"', len(_TYPE))]
    return b"event: %b\ndata: %b\n\n" % (name, event)


def _usage(usage: Any) -> dict[str, Any] | None:
    if not isinstance(usage, dict):
        return None
    prompt, completion = known_count(usage, "prompt_tokens"), known_count(usage, "completion_tokens")
    read, wrote = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    return {
        "input_tokens": prompt,
        "input_tokens_details": {
            "cached_tokens": known_count(read, "cached_tokens"),
            "cache_write_tokens": 0,
        },
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": known_count(wrote, "reasoning_tokens")},
        "total_tokens": prompt + completion,
    }
