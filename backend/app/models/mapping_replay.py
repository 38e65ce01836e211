"""A mapping tried on recorded answers: what would be sent, and what would be read. No server is asked."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.llm.errors import LLMError
from app.llm.providers.mapping import Frames, Mapping, find

_QUESTION = {"model": "a-model", "messages": [{"role": "user", "content": "Hello!"}], "temperature": 0.7}


class Sample(BaseModel):
    """One recorded answer of an API: a whole one as JSON, or a stream's text as it came."""

    model_config = ConfigDict(extra="forbid")

    chat: dict[str, Any] = Field(default=_QUESTION, description="The chat request that was asked.")
    response: Any = None
    stream: str | None = Field(default=None, max_length=1_000_000)


class Replayed(BaseModel):
    """What a mapping makes of a sample; `problem` says what is wrong."""

    request: Any
    text: str | None = None
    pieces: list[str] = []
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    problem: str | None = None


def replay(mapping: Mapping, sample: Sample) -> Replayed:
    """Run one sample through a mapping, as the adapter would."""
    request = mapping.body(sample.chat)
    if sample.stream is not None:
        return _stream(mapping, request, sample.stream)
    answer = sample.response
    usage = mapping.usage(answer)
    content = find(mapping.content, answer)
    made = Replayed(
        request=request,
        text=None if content is None else str(content),
        finish_reason=find(mapping.finish_reason, answer),
        prompt_tokens=usage.prompt_tokens if usage is not None else None,
        completion_tokens=usage.completion_tokens if usage is not None else None,
    )
    if problem := find(mapping.error, answer):
        made.problem = f"The answer tells an error: {problem}"
    elif content is None:
        made.problem = f"The answer has nothing at {mapping.content!r}."
    return made


def _stream(mapping: Mapping, request: Any, stream: str) -> Replayed:
    made = Replayed(request=request)
    has_finished = False
    try:
        frames = Frames(mapping.framing, "").feed(stream.encode(), is_last=True)
    except LLMError:
        made.problem = f"The stream is not framed as {mapping.framing}."
        return made
    for frame in frames:
        if problem := find(mapping.stream_error, frame):
            made.problem = f"The stream tells an error: {problem}"
        text = frame if mapping.framing == "text" else find(mapping.stream_content, frame)
        if text is not None and text != "":
            made.pieces.append(str(text))
        has_finished = has_finished or bool(find(mapping.stream_finished, frame))
    made.text = "".join(made.pieces)
    if made.problem is None and not made.pieces:
        made.problem = f"No object of the stream has anything at {mapping.stream_content!r}."
    elif made.problem is None and mapping.stream_finished and not has_finished:
        made.problem = f"No object of the stream says at {mapping.stream_finished!r} that it is over."
    return made
