"""The items that a response is made of, as they grow: thinking, text, calls of tools. Plain data and their events."""

from __future__ import annotations

from typing import Any, ClassVar

from app.gateway.custom_tools import arguments_of, input_of

Made = list[tuple[str, dict[str, Any]]]


class OutputItem:
    """One item. Its id follows from the response's, so that the same answer has the same ids whenever it is told.

    Args:
        position: its place in the output.
        number: which of several tool calls it is, as the model server counts them.
    """

    prefix = ""

    def __init__(self, position: int, response_id: str, number: int | None = None, **facts: str) -> None:
        self.position = position
        self.number = number
        self.id = f"{self.prefix}_{response_id.removeprefix('resp_')}_{position}"
        self.facts = facts
        self.status = "in_progress"
        self._texts: list[str] = []

    @property
    def has_ended(self) -> bool:
        return self.status != "in_progress"

    @property
    def text(self) -> str:
        return "".join(self._texts)

    def begin(self) -> Made:
        """Return the events that announce it."""
        return [self._item("added"), *self._opened()]

    def grow(self, text: str) -> Made:
        """Return the event of one piece."""
        self._texts.append(text)
        return [self._delta(text)]

    def end(self, status: str) -> Made:
        """Return the events that conclude it."""
        self.status = status
        return [*self._closed(), self._item("done")]

    def read(self) -> dict[str, Any]:
        """Return it as it is now."""
        raise NotImplementedError

    def _opened(self) -> Made:
        return []

    def _delta(self, text: str) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError

    def _closed(self) -> Made:
        raise NotImplementedError

    def _item(self, what: str) -> tuple[str, dict[str, Any]]:
        return f"response.output_item.{what}", {"output_index": self.position, "item": self.read()}

    def _here(self, **more: Any) -> dict[str, Any]:
        return {"item_id": self.id, "output_index": self.position, **more}


class _OnePart(OutputItem):
    """An item whose content is one part. `events` is how its own events are named, `field` where its text stands."""

    head: ClassVar[dict[str, Any]] = {}
    part_type = events = ""
    field = "text"

    def read(self) -> dict[str, Any]:
        content = [self._part()] if self._texts else []
        return {"id": self.id, **self.head, "status": self.status, "content": content}

    def _part(self) -> dict[str, Any]:
        return {"type": self.part_type, self.field: self.text}

    def _opened(self) -> Made:
        return [("response.content_part.added", self._here(content_index=0, part=self._part()))]

    def _delta(self, text: str) -> tuple[str, dict[str, Any]]:
        return f"response.{self.events}.delta", self._here(content_index=0, delta=text)

    def _closed(self) -> Made:
        whole = {name: value for name, value in self._part().items() if name in (self.field, "logprobs")}
        return [
            (f"response.{self.events}.done", self._here(content_index=0, **whole)),
            ("response.content_part.done", self._here(content_index=0, part=self._part())),
        ]


class OutputMessage(_OnePart):
    """Text of the assistant's. How likely its tokens were is told with the whole text."""

    prefix = "msg"
    head: ClassVar[dict[str, Any]] = {"type": "message", "role": "assistant"}
    part_type = events = "output_text"

    def __init__(self, position: int, response_id: str, number: int | None = None, **facts: str) -> None:
        super().__init__(position, response_id, number, **facts)
        self.logprobs: list[Any] = []

    def _part(self) -> dict[str, Any]:
        return {**super()._part(), "annotations": [], "logprobs": self.logprobs}

    def _delta(self, text: str) -> tuple[str, dict[str, Any]]:
        name, facts = super()._delta(text)
        return name, {**facts, "logprobs": []}


class OutputRefusal(_OnePart):
    """What the assistant says where it will not answer."""

    prefix = "msg"
    head: ClassVar[dict[str, Any]] = OutputMessage.head
    part_type = events = field = "refusal"


class OutputReasoning(_OnePart):
    """What the model thought before it answered."""

    prefix = "rs"
    head: ClassVar[dict[str, Any]] = {"type": "reasoning", "summary": []}
    part_type = events = "reasoning_text"


class OutputToolCall(OutputItem):
    """A call of one of the caller's functions."""

    prefix = "fc"

    def read(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "function_call",
            "status": self.status,
            "arguments": self.text,
            "call_id": self.call_id,
            "name": self.facts.get("name", ""),
        }

    @property
    def call_id(self) -> str:
        """What its result will name."""
        return self.facts.get("call_id") or f"call_{self.id.removeprefix(f'{self.prefix}_')}"

    def _delta(self, text: str) -> tuple[str, dict[str, Any]]:
        return "response.function_call_arguments.delta", self._here(delta=text)

    def _closed(self) -> Made:
        facts = self._here(arguments=self.text, name=self.facts.get("name", ""))
        return [("response.function_call_arguments.done", facts)]


class OutputCustomCall(OutputToolCall):
    """A call of one of the caller's tools that take a text. What comes is JSON: the text is told when it is whole."""

    prefix = "ctc"

    def grow(self, text: str) -> Made:
        """Keep one piece."""
        self._texts.append(text)
        return []

    def read(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "custom_tool_call",
            "status": self.status,
            "input": input_of(self.text),
            "call_id": self.call_id,
            "name": self.facts.get("name", ""),
        }

    def _closed(self) -> Made:
        given = input_of(self.text)
        return [
            ("response.custom_tool_call_input.delta", self._here(delta=given)),
            ("response.custom_tool_call_input.done", self._here(input=given)),
        ]


def whole_item(item: dict[str, Any]) -> tuple[type[OutputItem], str, dict[str, str]]:
    """Return of which kind an item is that was read before, its text, and its facts."""
    if item["type"] == "function_call":
        return OutputToolCall, item["arguments"], {"call_id": item["call_id"], "name": item["name"]}
    if item["type"] == "custom_tool_call":
        facts = {"call_id": item["call_id"], "name": item["name"]}
        return OutputCustomCall, arguments_of(item["input"]), facts
    if any(part["type"] == "refusal" for part in item["content"]):
        return OutputRefusal, "".join(part["refusal"] for part in item["content"]), {}
    kind: type[OutputItem] = OutputReasoning if item["type"] == "reasoning" else OutputMessage
    return kind, "".join(part["text"] for part in item["content"]), {}
