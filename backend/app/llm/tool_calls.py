"""Streamed tool calls as they should be: some servers give all of them the same index, or arguments that are no text. Pure."""

from __future__ import annotations

from typing import Any

import orjson


class CallNumbers:
    """Gives each call of one stream an index of its own.

    Ollama's and Gemini's compatible streams send each call whole and number them all 0: whoever puts the pieces together by
    their index would take them for one. A piece is another call when it has a name, another id, and arguments that are
    complete by themselves; older vLLM servers repeat names and change ids within one call, but never its arguments.
    """

    def __init__(self) -> None:
        self._current: dict[tuple[int, int], tuple[int, Any]] = {}
        self._last: dict[int, int] = {}
        self.has_moved = False
        """Whether an index was wrong so far: then every piece has to be looked at."""

    def put_right(self, calls: list[Any], choice: int = 0) -> bool:
        """Correct one delta's calls in place: their indexes, and arguments that are no text. Returns whether one was wrong."""
        is_wrong = False
        for position, call in enumerate(calls):
            if not isinstance(call, dict):
                continue
            is_wrong = _write_arguments(call) or is_wrong
            given = call.get("index", position)
            if isinstance(given, int) and (index := self._index(call, choice, given)) != given:
                call["index"] = index
                is_wrong = self.has_moved = True
        return is_wrong

    def _index(self, call: dict[str, Any], choice: int, given: int) -> int:
        key, call_id = (choice, given), call.get("id")
        known = self._current.get(key)
        if known is not None and not (call_id and call_id != known[1] and _is_whole(call)):
            return known[0]
        last = self._last.get(choice, -1)
        index = given if given > last else last + 1
        self._current[key] = index, call_id
        self._last[choice] = index
        return index


def _write_arguments(call: dict[str, Any]) -> bool:
    """Write arguments as the text that they should be; returns whether they were none."""
    function = call.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("arguments"), dict):
        return False
    function["arguments"] = orjson.dumps(function["arguments"]).decode()
    return True


def _is_whole(call: dict[str, Any]) -> bool:
    """Whether a piece is a call by itself."""
    function = call.get("function")
    if not isinstance(function, dict) or not function.get("name"):
        return False
    try:
        return isinstance(orjson.loads(function.get("arguments") or ""), dict)
    except orjson.JSONDecodeError:
        return False
