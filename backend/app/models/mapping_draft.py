"""A first mapping for an API, guessed from one request and its answer. Pure; a person reads it before it is used."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.llm.errors import LLMError
from app.llm.providers.mapping import Frames, Framing

Path = tuple[str | int, ...]

_TEXT_KEYS = (
    "generated_text", "chunk", "delta", "token", "completion", "answer", "output_text", "output", "response",
    "reply", "text", "content", "result", "message", "data",
)  # fmt: skip
_PROMPT_KEYS = ("prompt", "query", "question", "input", "inputs", "text", "message", "content", "instruction")
_SYSTEM = "=messages[?role=='system'].content | [0]"
_PARAMETERS = (
    (re.compile(r"^(temp|temperature)$"), "=temperature"),
    (re.compile(r"^top_?p$"), "=top_p"),
    (re.compile(r"^top_?k$"), "=top_k"),
    (
        re.compile(r"^(max|num)_?(new_|output_|completion_)?(tokens?|length|predict)$|^n_predict$"),
        "=max_tokens",
    ),
    (re.compile(r"^(stop|stop_sequences|stops)$"), "=stop"),
    (re.compile(r"^seed$"), "=seed"),
    (re.compile(r"^(model|model_id|model_name|engine)$"), "=model"),
    (re.compile(r"^(stream|streaming)$"), "=stream"),
)
_PROMPT_TOKENS = re.compile(
    r"^(prompt|input|in)_?tokens?(_count)?$|^tokens_(prompt|input|in)$|^prompt_eval_count$"
)
_COMPLETION_TOKENS = re.compile(
    r"^(completion|output|generated|out|new)_?tokens?(_count)?$|^tokens_(generated|completion|output|out)$|^eval_count$"
)
_FINISH = re.compile(r"^(finish|stop|done|end)_?reason$")
_FINISHED = re.compile(r"^(finished|done|is_?(last|final|done|finished)|final|end|eos|complete[d]?)$")
_ERROR = re.compile(r"^(error|error_message|err)$")
_NO_TEXT = re.compile(r"(^|_)(id|role|type|object|model)$")
_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


@dataclass
class Draft:
    """A mapping as `models.yaml` takes it, and what a person should look at."""

    mapping: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def draft(
    path: str,
    request: dict[str, Any],
    response: Any,
    stream_path: str | None = None,
    stream: str | None = None,
) -> Draft:
    """Guess the mapping from samples. Raises ValueError when the answer's text cannot be found."""
    made = Draft({"path": path, "request": _template(request)})
    if not any(
        isinstance(leaf, str) and leaf.startswith("=messages") for _, leaf in _leaves(made.mapping["request"])
    ):
        made.notes.append(
            "No field of the request looks like the prompt: write '=messages[-1].content' where it goes."
        )
    made.mapping["response"] = _response(response, made.notes)
    if stream is not None:
        made.mapping["stream"] = _stream(stream_path or path, stream, made.notes)
    if (
        "prompt_tokens" not in made.mapping["response"]
        and "completion_tokens" not in made.mapping["response"]
    ):
        made.notes.append("No count of tokens was found; usage will be estimated.")
    return made


def _template(sample: Any) -> Any:
    """Return a request with expressions where the chat's own values go."""
    if not isinstance(sample, dict):
        return sample
    prompt = _prompt_key(sample)
    return {key: _filled(key, value, is_prompt=key == prompt) for key, value in sample.items()}


def _prompt_key(sample: dict[str, Any]) -> str | None:
    """Return the field of a request that holds the question, at this level."""
    if any(_is_messages(value) for value in sample.values()):
        return None
    texts = {key: value for key, value in sample.items() if isinstance(value, str)}
    named = next((key for key in _PROMPT_KEYS if key in texts), None)
    return named or next((key for key, value in texts.items() if " " in value and not _parameter(key)), None)


def _filled(key: str, value: Any, *, is_prompt: bool) -> Any:
    if _is_messages(value):
        return "=messages"
    if is_prompt:
        return "=messages[-1].content"
    if re.match(r"^(system|system_prompt|preamble)$", key.lower()):
        return _SYSTEM
    if not isinstance(value, dict | list) and (known := _parameter(key)):
        return known
    return _template(value)


def _parameter(key: str) -> str | None:
    snake = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", key).lower()
    return next((expression for pattern, expression in _PARAMETERS if pattern.match(snake)), None)


def _is_messages(value: Any) -> bool:
    is_list = isinstance(value, list) and bool(value)
    return is_list and all(isinstance(one, dict) and {"role", "content"} <= set(one) for one in value)


def _response(sample: Any, notes: list[str]) -> dict[str, str]:
    leaves = list(_leaves(sample))
    text = _text_path(leaves)
    if text is None:
        raise ValueError("the response sample holds no text")
    found = {"content": expression(text)}
    for name, pattern, kind in (
        ("finish_reason", _FINISH, str),
        ("prompt_tokens", _PROMPT_TOKENS, int),
        ("completion_tokens", _COMPLETION_TOKENS, int),
    ):
        if (where := _named(leaves, pattern, kind)) is not None:
            found[name] = expression(where)
    error = _named(leaves, _ERROR, object)
    found["error"] = expression(error) if error is not None else "error.message || error"
    if error is None:
        notes.append("How this API tells an error in an answer of status 200 is a guess (`error`).")
    return found


def _stream(path: str, sample: str, notes: list[str]) -> dict[str, str]:
    framing, objects = _cut(sample)
    found: dict[str, str] = {"path": path, "framing": framing}
    if framing == "text":
        return found
    text = _text_path(_frequent([list(_leaves(one)) for one in objects]))
    if text is None:
        raise ValueError("the stream sample holds no text")
    found["content"] = expression(text)
    last = list(_leaves(objects[-1]))
    finished = next((where for where, value in last if value is True and _is_name(where, _FINISHED)), None)
    if finished is None and (reason := _named(last, _FINISH, str)) is not None:
        finished = reason
    if finished is not None:
        found["finished"] = expression(finished)
    else:
        notes.append(
            "Nothing in the stream says that it is over: one that is cut cannot be told from a whole one."
        )
    return found


def _frequent(objects: list[list[tuple[Path, Any]]]) -> list[tuple[Path, Any]]:
    """Return the texts that come most often in a stream: the whole answer, told again at the end, is none of them."""
    texts = [leaf for leaves in objects for leaf in leaves if isinstance(leaf[1], str)]
    counts = Counter(path for path, _ in texts)
    most = max(counts.values(), default=0)
    return [leaf for leaf in texts if counts[leaf[0]] == most]


def _cut(sample: str) -> tuple[Framing, list[Any]]:
    framing: Framing = "sse" if re.search(r"^data:", sample, re.MULTILINE) else "json"
    try:
        objects = [
            one for one in Frames(framing, "").feed(sample.encode(), is_last=True) if isinstance(one, dict)
        ]
    except LLMError:
        objects = []
    return (framing, objects) if objects else ("text", [])


def _text_path(leaves: list[tuple[Path, Any]]) -> Path | None:
    """Return where the answer's text is: by its name, else the longest text."""
    texts = [(path, value) for path, value in leaves if isinstance(value, str) and not _is_name(path, _ERROR)]
    for key in _TEXT_KEYS:
        for path, _ in texts:
            is_meant = key in (one for one in path[-2:] if isinstance(one, str))
            if is_meant and not _is_name(path, _FINISH) and not _NO_TEXT.search(str(path[-1])):
                return path
    free = [(path, value) for path, value in texts if " " in value]
    return max(free, key=lambda one: len(one[1]))[0] if free else None


def _named(leaves: list[tuple[Path, Any]], pattern: re.Pattern[str], kind: type) -> Path | None:
    return next(
        (
            path
            for path, value in leaves
            if isinstance(value, kind) and not isinstance(value, bool) and _is_name(path, pattern)
        ),
        None,
    )


def _is_name(path: Path, pattern: re.Pattern[str]) -> bool:
    last = next((one for one in reversed(path) if isinstance(one, str)), "")
    return bool(pattern.match(re.sub(r"(?<=[a-z])([A-Z])", r"_\1", last).lower()))


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    parts = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if parts is None:
        yield path, value
        return
    for key, part in parts:
        yield from _leaves(part, (*path, key))


def expression(path: Path) -> str:
    """Return a place in JSON as a JMESPath expression."""
    made = ""
    for step in path:
        if isinstance(step, int):
            made += f"[{step}]"
        else:
            made += ("." if made else "") + (step if _PLAIN.match(step) else json.dumps(step))
    return made
